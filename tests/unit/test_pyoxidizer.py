"""PyOxidizer's API: what each name of its tables means here."""

import inspect
import re
import sys
import types
from pathlib import Path

import pytest
from configurations import EXE, distribution

from obelisk.collect.read import module_at
from obelisk.collect.select import Filter
from obelisk.config.application import Assembly
from obelisk.config.interpreter import Allocator, HashedBytecode, Interpreter, StartMethod
from obelisk.config.parts import Install, Packages, Remove, Virtualenv, Written
from obelisk.config.pyoxidizer.api import CONSTANTS, FUNCTIONS, TYPES
from obelisk.config.pyoxidizer.contents import patterns
from obelisk.config.pyoxidizer.running import entry_of
from obelisk.config.pyoxidizer.table import Method
from obelisk.config.request import read_requests
from obelisk.config.settings import Settings
from obelisk.errors import ConfigError, ObeliskError
from obelisk.model import DataFile
from obelisk.plan import make_plans
from obelisk.services.pins import shipped_pins

THING = distribution(
    "thing",
    {
        "thing/__init__.py": "",
        "thing/core.py": "CORE = 1\n",
        "thing/data/table.csv": "",
        "thing/_fast.cpython-314-x86_64-linux-musl.so": "",
        "thing/tests/__init__.py": "",
        "thing/tests/test_core.py": "",
        "single.py": "",
    },
)
MORE = distribution("more", {"more/__init__.py": ""})


def every_row():
    yield from (("", name, row) for name, row in {**FUNCTIONS, **CONSTANTS}.items())
    for kind in TYPES:
        yield from ((kind.host_type.name, name, row) for name, row in kind.rows.items())


def test_every_row_names_a_test():
    here = sys.modules[__name__]
    tests = {name for name, _ in inspect.getmembers(here, inspect.isfunction)}
    assert {row.test for _, _, row in every_row()} <= tests


def test_every_name_of_the_api_has_a_row():
    """The names of 0.24, as its documentation has them."""
    text = Path(__file__).with_name("pyoxidizer_0_24.txt").read_text()
    names = set(text.split())
    rows = {f"{kind}.{name}" if kind else name for kind, name, row in every_row() if not row.old}
    assert names - rows == set()


def test_the_template(configurations):
    configurations.installs["thing"] = THING
    request = configurations.executable(
        exe="""
        exe.add_python_resources(exe.pip_install(["thing"]))
        exe.add_python_resources(exe.read_package_root(path = ".", packages = ["app"]))
        """
    )
    assert request.settings.name == "app"
    assert request.settings.module == "app"
    assert isinstance(request.application, Assembly)
    (plan,) = make_plans(request)
    assert plan.name == "app"


def test_locations_have_no_effect(configurations):
    configurations.installs["thing"] = THING
    plain = configurations.executable(exe='exe.add_python_resources(exe.pip_install(["thing"]))')
    request = configurations.executable(
        policy="""
        policy.resources_location = "filesystem-relative:lib"
        policy.resources_location_fallback = "filesystem-relative:lib"
        policy.allow_files = True
        policy.allow_in_memory_shared_library_loading = True
        policy.include_file_resources = True
        policy.include_distribution_resources = True
        policy.include_classified_resources = False
        """,
        exe="""
        for resource in exe.pip_install(["thing"]):
            resource.add_location = "filesystem-relative:lib"
            resource.add_source = False
            resource.add_bytecode_optimization_level_two = True
            exe.add_python_resource(resource)
        """,
    )
    assert request.settings == plain.settings
    assert request.application == plain.application
    (note,) = (note for note in configurations.notes if "everything is included" in note)
    assert "`PythonPackagingPolicy.resources_location` (line 7)" in note
    assert "`PythonModuleSource.add_location`" in note
    assert "`PythonPackagingPolicy.allow_files`" in note


def test_levels_of_bytecode_alone_have_no_effect(configurations):
    request = configurations.executable("policy.bytecode_optimize_level_two = True")
    assert request.settings.optimize == 0
    (note,) = configurations.notes
    assert "`PythonPackagingPolicy.bytecode_optimize_level_two` (line 7): all modules" in note


@pytest.mark.parametrize("name", ["minimal", "no-libraries", "no-copyleft", "no-gpl"])
def test_filters_of_extension_modules_leave_all(configurations, name):
    request = configurations.executable(f'policy.extension_module_filter = "{name}"')
    assert request.settings.exclude == ()
    assert "extension_module_filter" in configurations.notes[0]


def test_no_library_of_the_distribution_is_copyleft():
    licenses = {pin.license for pin in shipped_pins()}
    assert not [text for text in licenses if re.search("GPL|Sleepycat|MPL|EPL|CDDL", text)]


def test_the_filter_is_one_of_those_that_exist(configurations):
    with pytest.raises(ConfigError, match="extension_module_filter") as caught:
        configurations.executable('policy.extension_module_filter = "no-libary"')
    assert "did you mean `no-libraries`" in caught.value.hint


PRINT = """
for resource in exe.pip_install(["thing"]):
    print(type(resource), getattr(resource, "package", ""), getattr(resource, "name", ""))
"""


def test_resources_have_their_real_names(configurations):
    configurations.installs["thing"] = THING
    configurations.executable(exe=PRINT)
    assert configurations.notes == [
        "PythonModuleSource  single",
        "PythonPackageDistributionResource thing METADATA",
        "PythonModuleSource  thing",
        "PythonExtensionModule  thing._fast",
        "PythonModuleSource  thing.core",
        "PythonPackageResource thing data/table.csv",
        "PythonModuleSource  thing.tests",
        "PythonModuleSource  thing.tests.test_core",
    ]


def test_attributes_of_resources_cannot_be_assigned(configurations):
    configurations.installs["thing"] = THING
    with pytest.raises(ConfigError, match="name"):
        configurations.executable(exe='exe.pip_install(["thing"])[0].name = "other"')
    configurations.executable(exe='print(exe.pip_install(["thing"])[4].source)')
    assert "CORE = 1\n" in configurations.notes


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("policy.file_scanner_emit_files = True", {"File", "PythonModuleSource"}),
        ('policy.set_resource_handling_mode("files")', {"File"}),
        ('policy.set_resource_handling_mode("classify")', {"PythonModuleSource"}),
        ("policy.file_scanner_classify_files = False", set()),
    ],
)
def test_files_are_resources_only_if_asked_for(configurations, mode, expected):
    configurations.installs["thing"] = MORE
    configurations.executable(mode, 'print(*[type(r) for r in exe.pip_install(["thing"])])')
    kinds = set(configurations.notes[0].split()) if configurations.notes else set()
    assert kinds - {"PythonPackageDistributionResource"} == expected


def test_a_file_decides_where_there_is_no_other_resource(configurations):
    configurations.installs["thing"] = {**THING, "notes.txt": "", "thing/x.txt": ""}
    drop = """
    for r in exe.pip_install(["thing"]):
        if type(r) == "File" and r.path.endswith(".txt"):
            r.add_include = False
        exe.add_python_resource(r)
    """
    request = configurations.executable("policy.file_scanner_emit_files = True", drop)
    assert request.settings.exclude == ("lib/python*/site-packages/notes.txt",)
    request = configurations.executable('policy.set_resource_handling_mode("files")', drop)
    assert request.settings.exclude == ("lib/python*/site-packages/notes.txt", "thing/x.txt")


def test_files_have_a_path_and_no_name(configurations):
    configurations.installs["thing"] = MORE
    configurations.executable(
        'policy.set_resource_handling_mode("files")',
        """
        for r in exe.pip_install(["thing"]):
            print(r.path, hasattr(r, "name"), hasattr(r, "is_stdlib"), type(r) in ("File"))
        """,
    )
    assert "more/__init__.py False False True" in configurations.notes


def test_without_both_sources_there_is_no_source_text(configurations):
    both = configurations.executable(
        "policy.include_distribution_sources = False\n"
        "policy.include_non_distribution_sources = False"
    )
    assert both.settings.source_text is False
    only = configurations.executable("policy.include_distribution_sources = False")
    assert only.settings.source_text is None


def test_tests_of_the_standard_library_are_included(configurations):
    assert configurations.executable("policy.include_test = True").settings.include == ("test",)
    assert configurations.executable("policy.include_test = False").settings.include == ()


def test_variants_of_extension_modules(configurations):
    configurations.executable(
        """
        policy.set_preferred_extension_module_variant("readline", "libedit")
        print(policy.preferred_extension_module_variants)
        """
    )
    assert configurations.notes[0] == "{}"
    assert "set_preferred_extension_module_variant" in configurations.notes[1]


CALLBACK = """
def decide(policy, resource):
    if resource.is_stdlib and resource.name == "json.decoder":
        resource.add_include = False
    if type(resource) in ("PythonModuleSource", "PythonPackageResource"):
        if getattr(resource, "package", resource.name).startswith("thing.tests"):
            resource.add_include = False
"""


def test_callbacks_decide_what_is_included(configurations):
    configurations.installs["thing"] = THING
    text = CALLBACK + EXE.format(
        policy="policy.register_resource_callback(decide)",
        exe='exe.add_python_resources(exe.pip_install(["thing"]))',
    )
    request = configurations.one(text)
    assert request.settings.exclude == ("thing.tests", "json/decoder.py")


def test_callbacks_are_called_in_order_and_copied(configurations):
    configurations.installs["thing"] = MORE
    configurations.executable(
        """
        def one(policy, resource):
            resource.add_include = False
        def two(policy, resource):
            if not resource.is_stdlib:
                print("two", resource.name, resource.add_include)
        def late(policy, resource):
            fail("registered too late")
        policy.register_resource_callback(one)
        policy.register_resource_callback(two)
        """,
        """
        policy.register_resource_callback(late)
        exe.add_python_resources(exe.pip_install(["thing"]))
        """,
    )
    assert "two more False" in configurations.notes


def test_extension_modules_are_included_by_default(configurations):
    configurations.installs["thing"] = THING
    add = 'exe.add_python_resources(exe.pip_install(["thing"]))'
    show = 'for r in exe.pip_install(["thing"]):\n    if r.name == "thing._fast":\n        '
    request = configurations.executable(exe=f"{add}\n{show}print(r.add_include)")
    assert request.settings.exclude == ()
    assert configurations.notes == ["False"]
    drop = f"{show}r.add_include = False\n    exe.add_python_resource(r)"
    request = configurations.executable(exe=drop)
    assert request.settings.exclude == ("thing/_fast.*.so",)


def test_only_what_was_added_is_included(configurations):
    configurations.installs["thing"] = {**THING, **MORE}
    request = configurations.executable(
        exe="""
        for r in exe.pip_install(["thing"]):
            if "more" in (r.name, getattr(r, "package", "")):
                continue
            if r.name in ("single", "thing.core"):
                continue
            exe.add_python_resource(r)
        """
    )
    assert request.settings.exclude == ("single", "thing/core.py")
    assert request.application.parts[1:] == (Remove(names=("more",)),)


def test_a_package_is_its_own_module(configurations):
    configurations.installs["thing"] = THING
    request = configurations.executable(
        exe="""
        resources = exe.pip_install(["thing"])
        exe.add_python_resources([r for r in resources if r.name != "thing"])
        """
    )
    assert request.settings.exclude == ("thing/__init__.py",)


def test_a_package_of_which_nothing_is_added_is_one_pattern(configurations):
    configurations.stdlib |= {"json/tool.py": "", "json/notes.txt": "", "single.py": ""}
    configurations.executable(
        """
        def decide(policy, resource):
            if resource.is_stdlib and resource.name != "os":
                resource.add_include = False
        policy.register_resource_callback(decide)
        """
    )
    request = configurations.executable(
        """
        def decide(policy, resource):
            if type(resource) == "PythonModuleSource" and resource.name != "os":
                resource.add_include = False
        policy.register_resource_callback(decide)
        """
    )
    assert request.settings.exclude == (
        *("json/__init__.py", "json/decoder.py", "json/tool.py"),
        "single",
    )


def test_a_name_of_the_command_line(configurations):
    request = configurations.one(TARGETS.format("pass"), options={"name": "other"})
    assert (request.settings.name, request.places) == ("other", ("sub/other",))


def test_what_looks_at_resources_says_so_where_nothing_is_installed(configurations):
    configurations.bring = lambda wanted: None
    with pytest.raises(ConfigError, match="index") as caught:
        configurations.executable(exe='exe.pip_install(["thing"])[0]')
    assert "nothing was installed" in caught.value.hint
    request = configurations.executable(exe='exe.add_python_resources(exe.pip_install(["thing"]))')
    assert [part.words for part in request.application.parts] == [("thing",)]


def test_what_nobody_added_is_no_part(configurations):
    configurations.installs["thing"] = THING
    request = configurations.executable(exe='exe.pip_install(["thing"])')
    assert request.application.parts == ()


def test_each_call_is_a_part_of_its_own(configurations):
    configurations.file("app/__init__.py")
    configurations.file("needs.txt", "more\n")
    configurations.file("old/setup.py")
    configurations.installs |= {"needs.txt": MORE, "thing": THING, ".": MORE, "./old": MORE}
    request = configurations.executable(
        exe="""
        exe.add_python_resources(exe.pip_install(["-r", "needs.txt", "--prefer-binary"]))
        exe.add_python_resources(exe.read_package_root(path = CWD, packages = ["app"]))
        exe.add_python_resources(exe.pip_download(["thing"]))
        exe.add_python_resources(exe.setup_py_install("old", extra_global_arguments = ["-x"]))
        exe.add_python_resources(exe.pip_install(["."], extra_envs = {
            "PIP_FIND_LINKS": "wheels", "CFLAGS": "-O3"}))
        """
    )
    first, second, third, fourth, fifth = request.application.parts
    assert first.words == ("-r", "needs.txt", "--prefer-binary")
    assert first.requirements.lines == ("more",)
    assert second == Packages(folder=configurations.project, names=("app",))
    assert third.words == ("thing",)
    assert fourth.requirements.unhashed == ((configurations.project / "old").as_uri(),)
    wheels = configurations.project / "wheels"
    assert fifth.requirements.lines == (f"--find-links {wheels}",)
    (note,) = (note for note in configurations.notes if "installed by uv" in note)
    assert all(name in note for name in ("`--prefer-binary`", "`-x`", "`CFLAGS`"))


def test_the_last_call_that_brings_a_distribution_wins_whole(configurations):
    new = distribution("thing", {"thing/__init__.py": "new"}, version="2.0")
    configurations.installs |= {"thing==1": THING, "thing==2": new}
    request = configurations.executable(
        exe="""
        exe.add_python_resources([r for r in exe.pip_install(["thing==1"]) if r.name != "single"])
        exe.add_python_resources(exe.pip_install(["thing==2"]))
        """
    )
    assert [part.words for part in request.application.parts] == [("thing==1",), ("thing==2",)]
    assert request.settings.exclude == ()


def test_packages_that_are_not_there_are_none(configurations):
    configurations.file("app/__init__.py")
    request = configurations.executable(
        exe='exe.add_python_resources(exe.read_package_root(".", ["app", "gone"]))'
    )
    assert request.application.parts == (Packages(folder=configurations.project, names=("app",)),)
    assert "no package or module `gone`" in configurations.warnings[0]


def test_a_virtual_environment_is_a_part(configurations):
    configurations.file("env/lib/python3.10/site-packages/app/__init__.py")
    request = configurations.executable(exe='exe.add_python_resources(exe.read_virtualenv("env"))')
    assert request.application.parts == (Virtualenv(folder=configurations.project / "env"),)


def test_a_module_is_replaced(configurations):
    configurations.installs["thing"] = THING
    request = configurations.executable(
        exe="""
        for r in exe.pip_install(["thing"]):
            if r.name == "thing.core":
                r = exe.make_python_module_source("thing.core", "CORE = 2\\n", False)
            exe.add_python_resource(r)
        exe.add_python_resource(exe.make_python_module_source("made", "", True))
        """
    )
    assert request.application.parts[-1] == Written(
        files=(("thing/core.py", "CORE = 2\n"), ("made/__init__.py", ""))
    )
    assert request.settings.exclude == ()


def test_resources_are_filtered_by_files(configurations):
    configurations.installs["thing"] = THING
    configurations.file("keep.txt", "thing\nthing.core\nMETADATA\n")
    configurations.file("more-1.txt", "single\n")
    request = configurations.executable(
        exe="""
        exe.add_python_resources(exe.pip_install(["thing"]))
        exe.filter_resources_from_files(files = ["keep.txt"], glob_files = ["more-*.txt"])
        """
    )
    assert request.settings.exclude == (
        "thing.tests",
        "thing/_fast.*.so",
        "thing/data/table.csv",
    )


def test_extension_modules_of_the_standard_library_stay_whatever_is_said(configurations):
    table = '{"_socket", PyInit__socket},\n    {"builtins", NULL},\n'
    configurations.stdlib["config-3.14-x86_64-linux-musl/config.c"] = table
    request = configurations.executable(
        """
        def decide(policy, resource):
            if type(resource) == "PythonExtensionModule":
                print(resource.name, resource.is_stdlib, resource.add_include)
                resource.add_include = False
        policy.register_resource_callback(decide)
        """
    )
    assert configurations.notes == ["_socket True False"]
    assert request.settings.exclude == ()


def test_resources_of_the_standard_library(configurations):
    request = configurations.executable(
        exe="""
        for r in dist.python_resources():
            print(r.name, r.is_stdlib)
            exe.add_python_resource(r)
        """
    )
    assert configurations.notes == ["json True", "json.decoder True", "os True"]
    assert request.application.parts == ()


VALUES = {
    "allocator": ('"py-malloc-debug"', Allocator.PYMALLOC_DEBUG),
    "bytes_warning": ('"raise"', 2),
    "check_hash_pycs": ('"always"', HashedBytecode.ALWAYS),
    "coerce_c_locale": ('"LC_CTYPE"', True),
    "configure_c_stdio": ("True", True),
    "configure_locale": ("False", False),
    "dev_mode": ("True", True),
    "faulthandler": ("True", True),
    "frozen": ("True", True),
    "hash_seed": ("42", 42),
    "import_time": ("True", 1),
    "install_signal_handlers": ("False", False),
    "malloc_stats": ("True", True),
    "meipass": ("True", True),
    "module_search_paths": ('["$ORIGIN/lib"]', ("$ORIGIN/lib",)),
    "pycache_prefix": ('"/tmp"', "/tmp"),
    "site_import": ("True", True),
    "stdio_encoding": ('"utf-8"', "utf-8"),
    "stdio_errors": ('"strict"', "strict"),
    "tracemalloc": ("5", 5),
    "use_environment": ("True", True),
    "utf8_mode": ("False", False),
    "verbose": ("True", 1),
    "warnings": ('["ignore"]', ("ignore",)),
    "write_bytecode": ("True", True),
    "x_options": ('["a=1"]', ("a=1",)),
}
RENAMED = {
    "check_hash_pycs": "check_hash_pycs_mode",
    "dev_mode": "development_mode",
    "faulthandler": "fault_handler",
    "frozen": "sys_frozen",
    "meipass": "sys_meipass",
    "warnings": "warn_options",
}


@pytest.mark.parametrize("name", VALUES)
def test_attributes_become_settings(configurations, name):
    text, value = VALUES[name]
    request = configurations.executable(f"config.{RENAMED.get(name, name)} = {text}")
    assert getattr(request.settings.interpreter, name) == value
    assert getattr(Interpreter(), name) != value
    assert configurations.executable().settings.interpreter == Interpreter()


def test_attributes_that_are_settings_of_the_executable(configurations):
    request = configurations.executable(
        "config.optimization_level = 2\nconfig.buffered_stdio = False"
    )
    assert (request.settings.optimize, request.settings.unbuffered) == (2, True)
    with pytest.raises(ConfigError, match="must be 0, 1 or 2"):
        configurations.executable("config.optimization_level = 3")
    with pytest.raises(ConfigError, match="relative path"):
        configurations.executable('config.module_search_paths = ["lib"]')


def test_the_interpreter_is_taken_when_the_executable_is_made(configurations):
    request = configurations.executable(
        "config.sys_frozen = False", "config.sys_frozen = True\nconfig.run_module = 'other'"
    )
    assert request.settings.interpreter.frozen is False
    assert request.settings.module == "app"


def test_attributes_without_effect_are_noted(configurations):
    configurations.executable(
        """
        config.allocator_backend = "snmalloc"
        config.allocator_debug = True
        config.filesystem_importer = True
        config.oxidized_importer = False
        config.terminfo_resolution = "none"
        config.executable = "x"
        config.quiet = True
        config.legacy_windows_stdio = True
        """,
        """
        exe.licenses_filename = "LICENSES.txt"
        exe.tcl_files_path = "lib"
        exe.packed_resources_load_mode = "none"
        exe.add_cargo_manifest_licensing("Cargo.toml")
        """,
    )
    text = "\n".join(configurations.notes)
    for name in (
        *("allocator_backend", "allocator_debug", "filesystem_importer", "oxidized_importer"),
        *("terminfo_resolution", "executable", "quiet", "licenses_filename", "tcl_files_path"),
        *("packed_resources_load_mode", "add_cargo_manifest_licensing"),
    ):
        assert text.count(f".{name}` (line ") == 1, name
    assert "windows" not in text


def test_attributes_for_windows_are_silent(configurations):
    configurations.executable(exe='exe.windows_runtime_dlls_mode = "always"')
    assert configurations.notes == configurations.warnings == []


def test_the_subsystem_of_windows_is_a_setting(configurations):
    request = configurations.executable(exe='exe.windows_subsystem = "windows"')
    assert request.settings.windows.subsystem == "windows"
    assert configurations.notes == configurations.warnings == []


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ('config.run_module = "app.cli"', {"module": "app.cli"}),
        ('config.run_command = "import app; app.run()"', {"code": "import app; app.run()"}),
        (
            'config.run_command = "import sys; from app import run; sys.exit(run())"',
            {"entry": "app:run"},
        ),
        ('config.run_filename = "main.py"', {"file": "main.py"}),
        ("pass", {"module": "code"}),
    ],
)
def test_what_is_run(configurations, statement, expected):
    configurations.file("main.py")
    request = configurations.executable(f"config.run_module = None\n{statement}")
    keys = ("script", "entry", "module", "file", "code")
    found = {key: getattr(request.settings, key) for key in keys if getattr(request.settings, key)}
    assert found == expected


def test_a_file_elsewhere_cannot_be_run(configurations):
    with pytest.raises(ConfigError, match=r"pyoxidizer.bzl:8:.*`run_filename` is not a file"):
        configurations.executable('config.run_module = None\nconfig.run_filename = "lib/main.py"')


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import sys; from a.b import main; sys.exit(main())", "a.b:main"),
        ("import sys, a.b\nsys.exit(a.b.main())", None),
        ("import sys\nimport a.b\nsys.exit(a.b.main())\n", "a.b:main"),
        ("from a import main as run; import sys; sys.exit(run())", "a:main"),
        ("from a import main; main()", None),
        ("import a; a.main()", None),
        ("import sys; sys.exit(main(1))", None),
        ("from a import main; sys.exit(main())", None),
        ("this is no code", None),
        ("", None),
    ],
)
def test_code_that_is_an_entry_point(code, expected):
    assert entry_of(code) == expected


def test_the_profile_of_python(configurations):
    request = configurations.executable('config.config_profile = "python"')
    interpreter = request.settings.interpreter
    assert (interpreter.use_environment, interpreter.site_import) == (True, True)
    assert not interpreter.safe_path
    request = configurations.executable(
        'config.config_profile = "python"\nconfig.run_module = None'
    )
    assert "--python" in request.settings.code
    assert request.settings.interpreter.python_option


@pytest.mark.parametrize("method", ["none", "auto", "fork", "spawn", "forkserver"])
def test_start_methods(configurations, method):
    request = configurations.executable(f'config.multiprocessing_start_method = "{method}"')
    expected = None if method in ("none", "auto") else StartMethod(method)
    assert request.settings.interpreter.multiprocessing_start_method == expected


MANIFEST = """
def make_files():
    files = FileManifest()
    {}
    return files
register_target("files", make_files)
resolve_targets()
"""


def files_of(configurations, statements):
    text = MANIFEST.format("\n    ".join(statements.strip().splitlines()))
    read = configurations.read(text)
    assert read.requests == ()
    return {file.path: file for file in read.files}


def test_files_beside_the_executable(configurations):
    configurations.file("static/a.txt", "a")
    configurations.file("static/sub/b.txt", "b")
    configurations.file("static/c.tmp", "c")
    configurations.file("run.sh").chmod(0o755)
    found = files_of(
        configurations,
        """
prefix = CWD + "/static/"
files.add_manifest(glob(["static/**/*"], exclude = ["static/*.tmp"], strip_prefix = prefix))
files.add_path("static/c.tmp", strip_prefix = "static")
files.add_file(FileContent(path = "run.sh"), directory = "bin")
files.add_file(FileContent(filename = "made.txt", content = "made", executable = True))
files.add_file(FileContent(filename = "x", content = "other"), path = "other/name.txt")
files.add_file(FileContent(filename = "gone", content = ""))
print(files.paths(), files.get_file("a.txt").filename, files.get_file("none"))
print(files.remove("gone").filename)
files.add_python_resources("lib", default_python_distribution().python_resources()[:1])
""",
    )
    assert sorted(found) == [
        *("a.txt", "bin/run.sh", "c.tmp", "lib/json/__init__.py", "made.txt"),
        *("other/name.txt", "sub/b.txt"),
    ]
    assert found["bin/run.sh"].is_executable
    assert found["made.txt"].is_executable
    assert (found["made.txt"].text, found["a.txt"].source.name) == ("made", "a.txt")
    assert configurations.notes[0].endswith('"sub/b.txt"] a.txt None')
    assert configurations.notes[1] == "gone"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ('files.add_path("none.txt", strip_prefix = "")', "no such file"),
        ('files.add_path("pyoxidizer.bzl", strip_prefix = "sub")', "does not start with"),
        ('files.add_manifest(glob(["none/*"]))', "matches no file"),
        ('FileContent(path = "a", content = "b")', "exactly one of"),
        ('FileContent(content = "b")', "`filename` must be given"),
        ('files.add_file(FileContent(filename="x", content=""), path="../x")', "relative path"),
        ('files.add_pth("x")', "add_pth"),
    ],
)
def test_files_that_are_not_there(configurations, statement, expected):
    with pytest.raises(ConfigError, match=expected):
        files_of(configurations, statement)


TARGETS = (
    EXE.replace("resolve_targets()", "").format(policy="pass", exe="pass")
    + """
def make_install(exe):
    files = FileManifest()
    files.add_python_resource("sub", exe)
    {}
    return files

register_target("install", make_install, depends = ["exe"], default = True)
"""
)


def test_a_manifest_with_an_executable(configurations):
    request = configurations.one(TARGETS.format("pass"))
    assert request.places == ("sub/app",)
    other = TARGETS.format('files.add_manifest(exe.to_file_manifest("."))')
    assert configurations.one(other).places == ("sub/app", "app")
    renamed = 'files.add_file(files.get_file("sub/app"), path = "bin/other")'
    assert configurations.one(TARGETS.format(renamed)).places == ("sub/app", "bin/other")


def test_a_manifest_is_installed_as_well(configurations):
    statements = 'files.install("dist", replace = True)'
    place = configurations.project / "build/dist/sub/app"
    assert configurations.one(TARGETS.format(statements)).places == ("sub/app", str(place))
    text = 'set_build_path("out")\n' + TARGETS.format(statements)
    place = configurations.project / "out/dist/sub/app"
    assert configurations.one(text).places == ("sub/app", str(place))
    text = TARGETS.format('FileContent(filename="x", content="").write_to_directory("there")')
    (file,) = configurations.read(text).files
    assert file.path == str(configurations.project / "there/x")


def test_building_in_a_configuration_has_no_effect(configurations):
    configurations.one(TARGETS.format('files.build("install")\n    exe.build("exe")'))
    (note,) = (note for note in configurations.notes if "--output" in note)
    assert "`FileManifest.build`" in note
    assert "`PythonExecutable.build`" in note


def test_targets_are_resolved_in_order(configurations):
    text = """
    def show(name):
        return lambda *needs: print(name, *needs) or name
    register_target("a", show("a"))
    register_target("b", show("b"), depends = ["a"], default = True)
    register_target("c", show("c"), depends = ["b", "a"], default = True)
    register_target("d", show("d"))
    print(resolve_target("d"))
    """
    session = configurations.session(text + "resolve_targets()\n")
    assert configurations.notes == ["d", "d", "a", "b a", "c b a"]
    assert session.resolved == ["c"]
    assert configurations.session(text, "a", "b").resolved == ["a", "b"]


def test_the_first_target_is_the_default_if_none_says_so(configurations):
    text = 'register_target("a", lambda: None)\nregister_target("b", lambda: None)\n'
    assert configurations.session(text).resolved == ["a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('register_target("a", lambda x: 1, depends = ["a"])', "depends on itself: a -> a"),
        ('register_target("a", lambda x: 1, depends = ["b"])', "no target `b`"),
        ('register_target("a", lambda: 1)', "target `a` results in `int`"),
        ("x = 1", "registers no target"),
    ],
)
def test_targets_that_cannot_be_resolved(configurations, text, expected):
    with pytest.raises(ConfigError, match=expected):
        configurations.read(text)


def test_constants(configurations):
    text = """
    print(BUILD_TARGET_TRIPLE, CONTEXT, CWD == CONFIG_PATH[:-len("/pyoxidizer.bzl")])
    print(VARS.get("name"), VARS["name"], VARS["unset"], VARS.get("none", "default"))
    register_target("a", lambda: None)
    """
    configurations.session(text, variables={"name": "value", "unset": None})
    assert configurations.notes == [
        "x86_64-unknown-linux-musl None True",
        "value value None default",
    ]
    assert str(configurations.project).startswith("/")


def test_paths_of_windows_have_a_hint(configurations):
    with pytest.raises(ConfigError, match="no such directory") as caught:
        configurations.executable(exe=r'exe.read_package_root("src\\lib", ["app"])')
    assert "write `/`" in caught.value.hint


def test_a_variable_that_is_not_given(configurations):
    with pytest.raises(ConfigError, match=r"pyoxidizer.bzl:1") as caught:
        configurations.session('VARS["name"]')
    assert "--var NAME VALUE" in caught.value.hint


def test_prompts_never_block(configurations):
    text = """
    print(can_prompt(), prompt_confirm("sure?", default = True))
    print(prompt_input("name?", default = "n"), prompt_password("word?", default = "w"))
    register_target("a", lambda: None)
    """
    configurations.session(text)
    assert configurations.notes == ["False True", "n w"]
    with pytest.raises(ConfigError, match="nobody is asked"):
        configurations.session('prompt_password("word?")')


@pytest.mark.parametrize(
    ("asked", "version", "warns"),
    [
        ("", "3.14", False),
        ('python_version = "3.13"', "3.13", False),
        ('python_version = "3.10"', "3.14", True),
        ('flavor = "standalone_static"', "3.14", False),
        ('flavor = "standalone_dynamic"', "3.14", False),
    ],
)
def test_versions_of_python(configurations, asked, version, warns):
    text = EXE.format(policy="pass", exe="pass")
    text = text.replace("default_python_distribution()", f"default_python_distribution({asked})")
    assert configurations.one(text).settings.python == version
    assert bool(configurations.warnings) is warns
    assert bool(configurations.notes) is ("dynamic" in asked)
    assert configurations.one(text, options={"python": "3.13"}).settings.python == "3.13"


def test_distributions_of_others(configurations):
    text = EXE.format(policy="pass", exe="pass")
    own = 'PythonDistribution(sha256 = "00", url = "https://example.com/x.tar.zst")'
    text = text.replace("default_python_distribution()", own)
    assert configurations.one(text).settings.python == Settings().python
    assert "distributions of others are not used" in configurations.warnings[0]
    wrong = EXE.replace("default_python_distribution()", 'default_python_distribution("static")')
    with pytest.raises(ConfigError, match="flavor"):
        configurations.one(wrong.format(policy="pass", exe="pass"))


def test_a_triple_for_glibc_is_built_for_musl(configurations):
    text = EXE.format(policy="print(BUILD_TARGET_TRIPLE)", exe="pass")
    request = configurations.one(text, options={"target": "x86_64-unknown-linux-gnu"})
    assert request.settings.target == "x86_64-unknown-linux-musl"
    assert "x86_64-unknown-linux-gnu" in configurations.notes
    request = configurations.one(text, options={"target": "aarch64-unknown-linux-gnu"})
    assert request.settings.target == "aarch64-unknown-linux-musl"


EACH_TARGET = """
def make(triple):
    dist = default_python_distribution(build_target = triple)
    exe = dist.to_python_executable(name = "app")
    exe.add_python_resources(exe.pip_install(["thing"]))
    return exe

register_target("here", lambda: make(None))
register_target("x86", lambda: make("x86_64-unknown-linux-gnu"))
register_target("arm", lambda: make("aarch64-unknown-linux-musl"))
register_target("win", lambda: make("x86_64-pc-windows-msvc"))
register_target("mac", lambda: make("x86_64-apple-darwin"))
resolve_targets()
"""


def test_executables_of_different_targets(configurations):
    configurations.installs["thing"] = THING
    read = configurations.read(EACH_TARGET, "here", "x86", "arm")
    x86, arm = "x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"
    assert [one.settings.target for one in read.requests] == [x86, x86, arm]
    assert [one.places for one in read.requests] == [("here/app",), ("x86/app",), ("arm/app",)]
    # What is installed for one is not what is installed for another; for the same it is.
    assert configurations.targets == [x86, arm]
    options = {"target": "aarch64-unknown-linux-gnu"}
    read = configurations.read(EACH_TARGET, "here", "x86", options=options)
    assert [one.settings.target for one in read.requests] == [arm, x86]
    assert configurations.warnings == []
    request = configurations.one(EACH_TARGET, "win")
    assert request.settings.target == "x86_64-pc-windows-gnu"
    configurations.one(EACH_TARGET, "mac")
    assert "`build_target` has no effect" in configurations.warnings[0]
    assert "building for x86_64-unknown-linux-musl" in configurations.warnings[0]


INSTALLERS = {
    "msi": "WiXMSIBuilder('i', 'n', '1', 'm')",
    "bundle": "WiXBundleBuilder('i', 'n', '1', 'm', arch = 'x64')",
    "wix": "WiXInstaller('i', 'n', arch = 'x64')",
    "app": "MacOsApplicationBundleBuilder('n')",
    "universal": "AppleUniversalBinary('n')",
    "wheel": "PythonWheelBuilder('n', '1')",
    "snap": "Snap('n', '1', summary = 's', description = 'd')",
    "snapcraft": "Snap('n', '1', 's', 'd').to_builder()",
    "exe-msi": "exe.to_wix_msi_builder('i', 'n', '1', 'm')",
    "exe-bundle": "exe.to_wix_bundle_builder('i', 'n', '1', 'm')",
    "content": "content()",
}


def test_installers_fail_only_when_they_are_built(configurations):
    registered = "\n".join(
        f'register_target("{name}", lambda exe: {made}, depends = ["exe"])'
        for name, made in INSTALLERS.items()
    )
    text = f"""{TARGETS.format("pass")}
def content():
    msi = WiXMSIBuilder("i", "n", "1", "m")
    msi.add_program_files_manifest(FileManifest())
    msi.product_icon_path = "icon.ico"
    files = FileManifest()
    files.add_file(msi.to_file_content())
    return files
{registered}
resolve_targets()
"""
    assert configurations.one(text).settings.name == "app"
    for name in INSTALLERS:
        with pytest.raises(ConfigError, match="which Obelisk does not") as caught:
            configurations.read(text, name)
        assert name == "content" or "`obelisk build install`" in caught.value.hint
    with pytest.raises(ConfigError, match=r"pyoxidizer.bzl:1:.*builds a wheel"):
        configurations.read('PythonWheelBuilder("n", "1").write_to_directory("x")')


@pytest.mark.parametrize(
    ("call", "problem", "hint"),
    [
        ("Snap('n', '1', 's', descripton = 'd')", "no parameter `descripton`", "`description`"),
        ("Snap('n')", "missing the arguments `version`, `summary`, `description`", None),
        ("Snap('n', '1', 's', 'd').titel = 't'", "no attribute `titel`", "`title`"),
        ("Snap('n', '1', 's', 'd').apps = ['a']", "must be a dict or None, not a list", None),
        ("SnapApp(command = 'x')", "no parameter `command`", None),
        ("SnapApp().comand = 'x'", "no attribute `comand`", "`command`"),
        ("SnapPart().stage_package = ['x']", "no attribute", "`stage_packages`"),
        ("SnapcraftBuilder('n')", "must be `Snap`, not a string", None),
        ("WiXMSIBuilder('i', 'n', '1', 'm', arc = 'x')", "no parameter `arc`", "`arch`"),
        ("WiXMSIBuilder('i', 'n', '1', 'm').help_ur = 'u'", "no attribute", "`help_url`"),
        ("WiXBundleBuilder('i', product_name = 'n')", "no parameter `product_name`", None),
        ("WiXInstaller('i', 'f').add_wxs_file(pat = 'p')", "no parameter `pat`", "`path`"),
        ("WiXInstaller(id_ = 'i', filename = 'f')", "no parameter `id_`", "`id`"),
        ("MacOsApplicationBundleBuilder(name = 'n')", "no parameter `name`", "`bundle_name`"),
        ("MacOsApplicationBundleBuilder('n').add_ico('i')", "no attribute", "`add_icon`"),
        ("AppleUniversalBinary('n').add_file('f')", "must be `FileContent`, not a string", None),
        ("PythonWheelBuilder('n', 1)", "`version` of `PythonWheelBuilder` must be a string", None),
        ("PythonWheelBuilder('n', '1').plattform_tag = 'x'", "no attribute", "`platform_tag`"),
        ("code_signer_from_pfx_file('a', pasword = 'b')", "no parameter", "`password`"),
        ("code_signer_from_windows_store_auto().activat()", "no attribute", "`activate`"),
    ],
)
def test_installers_take_only_what_they_know(configurations, call, problem, hint):
    with pytest.raises(ConfigError, match=r"pyoxidizer.bzl:1:") as caught:
        configurations.read(call)
    assert problem in caught.value.problem
    assert hint is None or hint in caught.value.hint


def test_signing_has_no_effect(configurations):
    text = """
    signer = code_signer_from_pfx_file("key.pfx", prompt_password("?", default = ""))
    signer.set_time_stamp_server("http://example.com")
    signer.activate()
    register_target("a", lambda: None)
    """
    configurations.read(text)
    (note,) = configurations.notes
    assert "`CodeSigner.activate` (line 4)" in note


def test_embedded_resources_are_skipped(configurations):
    text = TARGETS.format("pass") + (
        'register_target("resources", lambda exe: exe.to_embedded_resources(), depends = ["exe"])\n'
    )
    assert len(configurations.read(text, "resources", "install").requests) == 1
    assert "target `resources` is skipped" in configurations.notes[0]
    with pytest.raises(ConfigError, match="embedding into a Rust project") as caught:
        configurations.read(text, "resources")
    assert "`obelisk build install`" in caught.value.hint


def test_unknown_names_are_errors_at_their_line(configurations):
    with pytest.raises(ConfigError, match=r"pyoxidizer.bzl:7:.*") as caught:
        configurations.executable('policy.resource_location = "in-memory"')
    assert "did you mean `resources_location`" in caught.value.hint
    swapped = EXE.replace("packaging_policy = policy, config = config", "config_ = config")
    with pytest.raises(ConfigError, match="no parameter `config_`"):
        configurations.one(swapped.format(policy="pass", exe="pass"))
    swapped = EXE.replace("policy = policy, config = config", "policy = config, config = policy")
    with pytest.raises(ConfigError, match="packaging_policy") as caught:
        configurations.one(swapped.format(policy="pass", exe="pass"))
    assert "swapped" in caught.value.hint


@pytest.mark.parametrize(
    ("statement", "problem", "hint"),
    [
        ('exe.pip_install("six")', "a list of strings, not a string", '`["six"]`'),
        ('exe.read_package_root(".", "app")', "a list of strings, not a string", '`["app"]`'),
        ("exe.add_python_resource([])", "must be a resource, not a list", None),
        (
            'FileManifest().add_python_resource("lib", [])',
            "must be a resource or an executable, not a list",
            None,
        ),
        (
            'dist.to_python_executable("x", config)',
            "must be `PythonPackagingPolicy` or None",
            "did you mean `config = ...`?",
        ),
    ],
)
def test_what_is_meant_is_said(configurations, statement, problem, hint):
    with pytest.raises(ConfigError, match=r"pyoxidizer.bzl:\d+:") as caught:
        configurations.executable(exe=statement)
    assert problem in caught.value.problem
    assert (hint or "") in (caught.value.hint or "")


def test_targets_are_arguments(configurations):
    with pytest.raises(ConfigError, match="`exe` is not a target triple") as caught:
        configurations.one(EXE.format(policy="pass", exe="pass"), options={"target": "exe"})
    assert "`obelisk run exe`" in caught.value.hint


def test_code_that_is_no_text(configurations):
    text = EXE.format(policy='config.run_command = VARS["x"]', exe="pass")
    with pytest.raises(ConfigError, match=r"pyoxidizer.bzl:7:.*is not valid UTF-8"):
        configurations.one(text, variables={"x": "import caf\udce9"})


def test_what_is_no_result_of_a_target_says_what_is(configurations):
    with pytest.raises(ConfigError, match="results in `tuple`, which cannot be built") as caught:
        configurations.read('register_target("a", lambda: (1, 2))')
    assert "return a `PythonExecutable` or a `FileManifest`" in caught.value.hint


def test_the_api_of_0_8(configurations):
    request = configurations.executable(
        'config.run_module = None\nconfig.run_mode = "eval:import app"\n'
        'config.raw_allocator = "system"'
    )
    assert request.settings.code == "import app"
    assert "0.10 and before" in configurations.warnings[0]
    request = configurations.executable('config.run_mode = "module:other"')
    assert request.settings.module == "other"
    with pytest.raises(ConfigError, match="invalid `run_mode`"):
        configurations.executable('config.run_mode = "modul:other"')


def test_the_api_of_0_7(configurations):
    configurations.file("app/__init__.py")
    configurations.installs["thing"] = THING
    request = configurations.one(
        """
        def make_exe():
            dist = default_python_distribution()
            config = PythonInterpreterConfig(
                run_eval = "from app import run; run()", optimize_level = 1,
                ignore_environment = False, raw_allocator = "system",
                sys_paths = ["$ORIGIN/lib"], run_noop = False)
            exe = dist.to_python_executable(
                name = "app", config = config, extension_module_filter = "all",
                include_sources = False, include_resources = False, include_test = True,
                resources_policy = "in-memory-only")
            exe.add_in_memory_python_resources(dist.pip_install(["thing"]))
            exe.add_filesystem_relative_python_resources(
                "lib", dist.read_package_root(path = ".", packages = ["app"]))
            return exe
        register_target("exe", make_exe)
        resolve_targets()
        """
    )
    settings = request.settings
    assert settings.code == "from app import run; run()"
    assert (settings.optimize, settings.source_text, settings.include) == (1, False, ("test",))
    assert settings.interpreter.use_environment
    assert settings.interpreter.module_search_paths == ("$ORIGIN/lib",)
    install, packages = request.application.parts
    assert isinstance(install, Install)
    assert packages == Packages(folder=configurations.project, names=("app",))
    assert any("`PythonInterpreterConfig`" in text for text in configurations.warnings)
    with pytest.raises(ConfigError, match="no parameter `run_evil`"):
        configurations.read('PythonInterpreterConfig(run_evil = "x")')


def test_what_is_older_is_refused(configurations):
    text = 'config = EmbeddedPythonConfig(optimize_level = 0)\nbuild = BuildConfig(name = "x")\n'
    with pytest.raises(ConfigError, match=r"pyoxidizer.bzl:1:.*0.5 and before") as caught:
        configurations.read(text)
    assert "obelisk init" in caught.value.hint
    (configurations.project / "pyoxidizer.bzl").unlink()
    configurations.file("pyoxidizer.toml", "[[build]]\n")
    with pytest.raises(ConfigError, match=r"pyoxidizer.toml is of PyOxidizer 0.4"):
        read_requests(configurations.command())


def test_every_row_of_a_method_accepts_what_it_says():
    for kind in TYPES:
        for name, row in kind.rows.items():
            if isinstance(row, Method):
                parameters = list(inspect.signature(row.function).parameters)
                assert len(parameters) >= 2, f"{kind.host_type.name}.{name}"


@pytest.mark.parametrize(
    "path",
    ["notes.txt", "single.py", "pkg/__init__.py", "pkg/a[1].txt", "_x.cpython-314.so", "pkg/x.so"],
)
def test_a_pattern_matches_the_file_it_is_of(path):
    base = "lib/python3.14/site-packages"
    (pattern,) = patterns({path: False, "pkg/a": True})
    chosen = Filter(include=(), exclude=(pattern,))
    file = DataFile(path=f"{base}/{path}", source=Path(path), base=base)
    module = module_at(file)
    others = [DataFile(path=f"{base}/pkg/{name}", source=Path(name), base=base) for name in "ab"]
    if module is None:
        assert not chosen.keeps_file(file)
    else:
        assert not chosen.keeps_module(module)
    assert all(chosen.keeps_file(other) for other in others)


STRANGE = ['""', r'"\0"', '".."', '"a/**/[b"', f'"{"a" * 5000}"', '"-x; é"']


def strange_calls():
    """Calls of every function and method, with strange texts wherever a text can be."""
    for name, row in FUNCTIONS.items():
        for text in STRANGE:
            yield f"{name}({arguments_of(row, text)})"
    for kind in TYPES:
        made = MADE.get(kind.host_type.name)
        for name, row in kind.rows.items():
            if isinstance(row, Method) and made:
                for text in STRANGE:
                    yield f"{made}.{name}({arguments_of(row, text)})"
            elif made and row.assignable:
                yield from (f"x = {made}\nx.{name} = {text}" for text in STRANGE)


MADE = {
    "PythonDistribution": "default_python_distribution()",
    "PythonPackagingPolicy": "default_python_distribution().make_python_packaging_policy()",
    "PythonInterpreterConfig": "default_python_distribution().make_python_interpreter_config()",
    "PythonExecutable": 'default_python_distribution().to_python_executable("a")',
    "FileManifest": "FileManifest()",
    "FileContent": 'FileContent(filename = "a", content = "")',
    "CodeSigner": "code_signer_from_windows_store_auto()",
    "WiXMSIBuilder": 'WiXMSIBuilder("a", "b", "c", "d")',
    "WiXBundleBuilder": 'WiXBundleBuilder("a", "b", "c", "d")',
    "WiXInstaller": 'WiXInstaller("a", "b")',
    "MacOsApplicationBundleBuilder": 'MacOsApplicationBundleBuilder("a")',
    "AppleUniversalBinary": 'AppleUniversalBinary("a")',
    "PythonWheelBuilder": 'PythonWheelBuilder("a", "b")',
    "Snap": 'Snap("n", "1", "s", "d")',
    "SnapApp": "SnapApp()",
    "SnapPart": "SnapPart()",
    "SnapcraftBuilder": 'SnapcraftBuilder(Snap("n", "1", "s", "d"))',
}


def arguments_of(row, text):
    values = {
        "str": text,
        "list[str]": f"[{text}]",
        "dict[str, str]": f"{{{text}: {text}}}",
        "bool": "True",
        "Function": "lambda *args: None",
        "list[Resource]": "[]",
        "FileContent": f"FileContent(filename = {text}, content = {text})",
        "FileManifest": "FileManifest()",
        "Resource | Buildable": 'default_python_distribution().to_python_executable("a")',
        "Snap": 'Snap("n", "1", "s", "d")',
        "WiXMSIBuilder": 'WiXMSIBuilder("a", "b", "c", "d")',
    }
    parameters = list(inspect.signature(row.function).parameters.values())[2:]
    given = []
    for parameter in parameters:
        kind = shown(parameter.annotation).removesuffix(" | None")
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            given.append(f"{parameter.name.removesuffix('_')} = {values.get(kind, 'None')}")
    return ", ".join(given)


def shown(annotation):
    """An annotation as it is written; those of installers are types."""
    plain = isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias)
    return annotation.__name__ if plain else str(annotation)


def test_whatever_is_given_there_is_no_other_error(configurations):
    failed, count = [], 0
    for call in strange_calls():
        count += 1
        try:
            configurations.read(f"{call}\nregister_target('a', lambda: None)\n")
        except ObeliskError:
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
            failed.append(f"{call}: {error!r}")
    assert count > 800
    assert "\n".join(failed) == ""

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.collect.collect import _native_libraries, _own_files
from obelisk.collect.editable import linked_trees
from obelisk.collect.entry import defines
from obelisk.collect.fallbacks import fallbacks
from obelisk.collect.native import is_native, native_files
from obelisk.collect.patterns import Filter
from obelisk.collect.read import module_name, read_packages, read_tree, record_text
from obelisk.config.request import read_request
from obelisk.config.schema import Settings
from obelisk.errors import CollectError, ConfigError
from obelisk.model import DataFile, Module, NativeFile, ScriptFile
from obelisk.plan import make_plans


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("app/__init__.py", "app"),
        ("app/cli.py", "app.cli"),
        ("single.py", "single"),
        ("_sysconfigdata__x86-64.py", "_sysconfigdata__x86-64"),
        ("app/data.txt", None),
        ("app-1.0.dist-info/x.py", None),
        ("__init__.py", None),
    ],
)
def test_names_of_modules(path, name):
    assert module_name(PurePosixPath(path)) == name


def test_a_tree_is_sorted_into_modules_and_data(tmp_path):
    for name in ("app/__init__.py", "app/x.txt", "app/__pycache__/x.pyc", "bin/app", "app/b.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    modules, files = read_tree(tmp_path)
    assert [module.name for module in modules] == ["app", "app.b"]
    assert [file.path for file in files] == ["app/x.txt"]


def test_packages_are_described(tmp_path):
    info = tmp_path / "my_app-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: My.App\nVersion: 1.0\nLicense-Expression: MIT\n"
    )
    (info / "entry_points.txt").write_text("[console_scripts]\nmy = my_app.cli:main [extra]\n")
    (package,) = read_packages(tmp_path)
    assert (package.name, package.version, package.license) == ("My.App", "1.0", "MIT")
    assert package.commands == (("my", "my_app.cli:main"),)


def test_record_keeps_only_what_goes_in(tmp_path):
    info = tmp_path / "a-1.dist-info"
    info.mkdir()
    lines = ["a/__init__.py,sha256=x,1", "../../bin/a,sha256=y,2", "bin/a,,"]
    lines += [
        "a-1.dist-info/direct_url.json,,",
        "a-1.dist-info/METADATA,,",
        "a/__pycache__/a.pyc,,",
    ]
    (info / "RECORD").write_text("\n".join(lines))
    assert record_text(tmp_path, info).splitlines() == [
        "a-1.dist-info/METADATA,,",
        "a-1.dist-info/RECORD,,",
        "a/__init__.py,sha256=x,1",
    ]


def module(name, *, from_stdlib=False):
    return Module(name=name, is_package=False, source=Path(), from_stdlib=from_stdlib)


def test_modules_are_left_out_with_all_below_them():
    chosen = Filter(include=("app.tests.keep",), exclude=("app.tests", "other/*.py"))
    assert chosen.keeps_module(module("app"))
    assert chosen.keeps_module(module("app.tests2"))
    assert not chosen.keeps_module(module("app.tests"))
    assert not chosen.keeps_module(module("app.tests.deep.er"))
    assert chosen.keeps_module(module("app.tests.keep"))
    assert not chosen.keeps_module(module("other.x"))


def test_parts_of_the_standard_library_are_left_out_by_default():
    plain = Filter(include=(), exclude=())
    assert not plain.keeps_module(module("idlelib.run", from_stdlib=True))
    assert plain.keeps_module(module("test.mine"))
    assert Filter(include=("idlelib",), exclude=()).keeps_module(
        module("idlelib.run", from_stdlib=True)
    )


def test_files_belong_to_the_modules_of_their_folder():
    chosen = Filter(include=(), exclude=("app.tests", "*.so", "docs/*"))
    keeps = [
        chosen.keeps_file(DataFile(path=path, source=Path()))
        for path in ("app/data.txt", "app/tests/x.txt", "app/fast.so", "docs/a/b.md")
    ]
    assert keeps == [True, False, False, False]


@pytest.mark.parametrize(
    ("path", "content", "native"),
    [
        ("a.so", b"\x7fELF...", True),
        ("lib/libx.so.1.2", b"\x7fELF...", True),
        ("a.so", b"GROUP ( libc.so.6 )", False),
        ("a.so", b"", False),
        ("a.pyd", b"MZ", False),
        ("tool", b"\x7fELF...", False),
    ],
)
def test_what_is_a_shared_object(tmp_path, path, content, native):
    source = tmp_path / "file"
    source.write_bytes(content)
    assert is_native(DataFile(path=path, source=source)) is native


def site_with_native_package(folder):
    info = folder / "Fast_Json-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: Fast_Json\nVersion: 1.0\n")
    (info / "RECORD").write_text("fast.so,,\n")
    for name in ("fast.so", "stray.so"):
        (folder / name).write_bytes(b"\x7fELF")
    return [DataFile(path=name, source=folder / name) for name in ("fast.so", "stray.so")]


def test_shared_objects_know_their_package(tmp_path):
    files = site_with_native_package(tmp_path)
    found = native_files(tmp_path, files, ())
    assert [(one.path, one.package) for one in found] == [
        ("fast.so", "Fast_Json"),
        ("stray.so", None),
    ]
    assert [one.path for one in native_files(tmp_path, files, ("fast-json",))] == ["stray.so"]


def test_a_package_that_cannot_be_made_pure(tmp_path):
    files = site_with_native_package(tmp_path)
    with pytest.raises(ConfigError, match="`fast-jsn`") as caught:
        native_files(tmp_path, files, ("fast-jsn",))
    assert "did you mean `fast-json`?" in caught.value.hint


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("a/b.cpython-314-x86_64-linux-musl.so", "a.b"),
        ("a/b.abi3.so", "a.b"),
        ("b.so", "b"),
        ("a/__init__.abi3.so", "a"),
        ("6ec5__mypyc.cpython-314-x86_64-linux-musl.so", "6ec5__mypyc"),
        ("numpy.libs/libx-1.so", None),
        (".obelisk/lib/libx.so", None),
        ("a/libx.so.1", None),
    ],
)
def test_which_shared_objects_can_be_imported(path, module):
    assert NativeFile(path=path, source=Path(), package=None).module == module


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def main(): pass", True),
        ("from x import main", True),
        ("from x import *", True),
        ("main = 1", True),
        ("import main.sub", True),
        ("def __getattr__(name): ...", True),
        ("syntax error here", True),
        ("def other(): pass", False),
        ("", False),
    ],
)
def test_whether_a_module_defines_a_name(text, found):
    assert defines(text.encode(), "main") is found


@given(st.binary(max_size=200))
def test_any_bytes_can_be_asked_for_a_name(source):
    assert defines(source, "main") in (True, False)


def test_two_native_libraries_of_one_name(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "libx.so").write_bytes(b"\x7fELF")
    (tmp_path / "tool.py").write_text("")
    request = read_request(str(tmp_path / "tool.py"))
    chosen = replace(request.settings, native_libraries=("*/libx.so", "a/*.so"))
    (plan,) = make_plans(replace(request, settings=chosen))
    with pytest.raises(ConfigError, match=r"two files `libx\.so`"):
        _native_libraries(plan)


@pytest.mark.parametrize("pattern", ["/etc/*", "../*", "none/*"])
def test_data_that_is_not_beside_the_script(tmp_path, pattern):
    (tmp_path / "tool.py").write_text("")
    request = read_request(str(tmp_path / "tool.py"))
    (plan,) = make_plans(
        replace(request, settings=replace(request.settings, data=("tool.py", pattern)))
    )
    with pytest.raises(ConfigError, match="`data` names"):
        _own_files(plan)


def test_folders_that_pth_files_name(tmp_path):
    site, linked = tmp_path / "site", tmp_path / "linked"
    site.mkdir()
    linked.mkdir()
    (site / "one.pth").write_text(f"# a comment\nimport os; os.x = 1\n{linked}\n\n/nonexistent\n")
    (site / "two.pth").write_text("../linked\n.\n")
    assert linked_trees(site) == [linked.resolve()]


def test_an_import_hook_of_an_editable_install_is_refused(tmp_path):
    (tmp_path / "__editable__.app-1.0.pth").write_text("import __editable___app_1_0_finder; x\n")
    with pytest.raises(CollectError, match=r"app-1\.0 is installed as editable"):
        linked_trees(tmp_path)


def test_what_goes_in_for_machines_that_lack_it():
    certificates, zones = fallbacks(Settings(), {"ssl", "zoneinfo"})
    assert [file.path for file in certificates.files] == [".obelisk/cacert.pem"]
    assert b"BEGIN CERTIFICATE" in certificates.files[0].source.read_bytes()
    assert (certificates.packages[0].name, certificates.packages[0].license) == (
        "certifi",
        "MPL-2.0",
    )
    assert "tzdata/zoneinfo/Europe/Berlin" in [file.path for file in zones.files]
    assert "tzdata.zoneinfo" in [module.name for module in zones.modules]
    assert fallbacks(Settings(), {"ssl", "zoneinfo", "certifi", "tzdata"}) == []
    assert fallbacks(Settings(), set()) == []
    without = Settings(bundle_certificates=False, bundle_time_zones=False)
    assert fallbacks(without, {"ssl", "zoneinfo"}) == []


def test_scripts_of_a_wheel_that_are_no_entry_points(tmp_path):
    info = tmp_path / "app-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: app\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[console_scripts]\nmade = app:main\n")
    (tmp_path / "bin").mkdir()
    names = {
        "made": "#!python",
        "own": "#!/usr/bin/python3\n",
        "shell": "#!/bin/sh\n",
        "elf": "\x7fELF",
    }
    for name, text in names.items():
        (tmp_path / "bin" / name).write_text(text)
    lines = "".join(f"bin/{name},,\n" for name in (*names, "gone"))
    (info / "RECORD").write_text(lines)
    (package,) = read_packages(tmp_path)
    assert package.scripts == (ScriptFile(name="own", source=tmp_path / "bin/own"),)

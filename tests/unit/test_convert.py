"""`obelisk init --from`: the same settings and parts, written as `[tool.obelisk]`."""

import tomllib

import pytest
from click.testing import CliRunner
from configurations import EXE, distribution

from obelisk.cli import cli
from obelisk.config.parts import Packages, Written
from obelisk.config.pyoxidizer.convert import convert
from obelisk.config.request import CommandLine, read_requests

THING = distribution("thing", {"thing/__init__.py": "", "thing/tests.py": "", "odd[1].py": ""})


@pytest.fixture
def round_trip(configurations):
    """A function that evaluates a configuration, converts it, and reads the result."""

    def converted(text, *targets):
        session = configurations.session(text, *targets)
        first = read_requests(configurations.command(*targets), configurations.outside)
        found = convert(session)
        (configurations.project / "pyproject.toml").write_text(found.table)
        for path, module in found.modules.items():
            configurations.file(path, module)
        second = read_requests(CommandLine(what=(str(configurations.project),)))
        return first.requests, second.requests, found

    return converted


def test_everything_comes_back(configurations, round_trip):
    configurations.installs["thing"] = THING
    configurations.file("app/__init__.py")
    text = EXE.format(
        policy="""config.sys_frozen = True
    config.optimization_level = 2
    config.x_options = ["a=\\"b\\\\c\\""]
    config.module_search_paths = ["$ORIGIN/lib"]
    policy.include_test = True
    policy.include_distribution_sources = False
    policy.include_non_distribution_sources = False""",
        exe="""exe.add_python_resources(exe.read_package_root(CWD, ["app"]))
    for r in exe.pip_install(["thing", "--no-deps"]):
        if r.name in ("thing.tests", "METADATA"):
            continue
        exe.add_python_resource(r)""",
    )
    (first,), (second,), found = round_trip(text)
    assert second.application == first.application
    assert second.folder == first.folder
    ignored = {"parts"}
    for name in first.settings.__dataclass_fields__:
        if name not in ignored:
            assert getattr(second.settings, name) == getattr(first.settings, name), name
    assert second.settings.exclude == ("thing-1.0.dist-info/METADATA", "thing/tests.py")
    assert tomllib.loads(found.table)["tool"]["obelisk"]["parts"] == [
        "packages . app",
        "install thing --no-deps",
    ]


def test_modules_with_a_text_become_files(configurations, round_trip):
    text = EXE.format(
        policy="pass",
        exe='exe.add_python_resource(exe.make_python_module_source("a.b", "B = 1\\n"))\n'
        '    exe.add_python_resource(exe.make_python_module_source("c", "C = 1\\n"))',
    )
    (first,), (second,), found = round_trip(text)
    assert first.application.parts == (Written(files=(("a/b.py", "B = 1\n"), ("c.py", "C = 1\n"))),)
    folder = configurations.project / "obelisk-modules/app"
    assert second.application.parts == (Packages(folder=folder, names=("a", "c")),)
    assert found.modules == {
        "obelisk-modules/app/a/b.py": "B = 1\n",
        "obelisk-modules/app/c.py": "C = 1\n",
    }


def test_several_executables_are_tables_of_their_own(round_trip):
    make = EXE.format(policy="pass", exe="pass").replace("resolve_targets()", "")
    other = make.replace("make_exe", "make_other").replace('"exe"', '"other"')
    text = make + other.replace('name = "app"', 'name = "other"') + "resolve_targets()\n"
    first, second, _ = round_trip(text, "exe", "other")
    assert [one.settings.name for one in first] == ["app", "other"]
    assert [one.application for one in second] == [one.application for one in first]


def test_executables_of_different_targets_and_the_same_name(round_trip):
    text = """
    def make(triple):
        dist = default_python_distribution(build_target = triple)
        return dist.to_python_executable(name = "app")
    register_target("x86", lambda: make("x86_64-unknown-linux-musl"))
    register_target("arm", lambda: make("aarch64-unknown-linux-gnu"))
    resolve_targets()
    """
    first, second, found = round_trip(text, "x86", "arm")
    assert [one.settings.target for one in second] == [one.settings.target for one in first]
    assert [one.settings.name for one in second] == ["x86-app", "arm-app"]
    assert "no counterpart: `app` as x86/app" in found.table


def test_the_target_and_python_of_the_command_line_are_written(configurations):
    options = {"target": "aarch64-unknown-linux-gnu", "python": "3.13"}
    text = EXE.format(policy="pass", exe="pass")
    table = tomllib.loads(convert(configurations.session(text, options=options)).table)
    found = table["tool"]["obelisk"]
    assert (found["target"], found["python"]) == ("aarch64-unknown-linux-musl", "3.13")


def test_what_has_no_counterpart_is_a_comment(round_trip):
    text = """
    def make():
        files = FileManifest()
        files.add_file(FileContent(filename = "readme.txt", content = ""))
        dist = default_python_distribution(flavor = "standalone_dynamic")
        files.add_python_resource("bin", dist.to_python_executable(name = "app"))
        return files
    register_target("files", make, default = True)
    register_target("other", make)
    resolve_targets()
    """
    _, (second,), found = round_trip(text)
    assert second.settings.module == "code"
    comments = "\n".join(line for line in found.table.splitlines() if line.startswith("#"))
    for part in (
        "From the targets files of pyoxidizer.bzl.",
        "no counterpart: files beside the executable: readme.txt",
        "no counterpart: `app` as bin/app",
        "no counterpart: the targets other",
        "standalone_dynamic",
        "the executable is a prompt",
    ):
        assert part in comments


@pytest.fixture
def invoke(configurations, monkeypatch):
    monkeypatch.chdir(configurations.project)
    configurations.file("pyoxidizer.bzl", EXE.format(policy="pass", exe="pass"))

    def init(*arguments):
        return CliRunner().invoke(cli, ["init", "-q", *arguments])

    return init


def test_a_table_is_added_to_a_pyproject(configurations, invoke):
    path = configurations.file("pyproject.toml", '[project]\nname = "x"\n')
    assert invoke("--from", "pyoxidizer.bzl").exception is None
    assert path.read_text().startswith('[project]\nname = "x"\n\n# From the targets exe')
    said = invoke("--from", "pyoxidizer.bzl")
    assert "already has a `[tool.obelisk]` table" in str(said.exception)


def test_a_whole_pyproject_is_written_where_there_is_none(configurations, invoke):
    assert invoke("--from", "pyoxidizer.bzl", "exe").exception is None
    table = tomllib.loads((configurations.project / "pyproject.toml").read_text())
    assert table == {"tool": {"obelisk": {"name": "app", "module": "app", "parts": []}}}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["exe"], "one argument too many"),
        (["--from", "none.bzl"], "none.bzl"),
        (["--from", "pyoxidizer.bzl", "ex"], "no target `ex`"),
    ],
)
def test_what_cannot_be_converted(invoke, arguments, expected):
    assert expected in str(invoke(*arguments).exception)

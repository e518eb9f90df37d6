"""Configurations of each kind that there is, without building them; and when one is read at all."""

import dataclasses
import json
import os
import shutil
import stat

import pytest
from click.testing import CliRunner
from configurations import CONFIGURATIONS, EXE, distribution

from obelisk.cli import cli
from obelisk.config.application import Assembly, Project, Requirement, Script
from obelisk.config.parts import Written
from obelisk.config.pyoxidizer.convert import convert
from obelisk.config.pyoxidizer.requests import LooseFile
from obelisk.config.request import CommandLine, Outside, read_requests, read_session
from obelisk.errors import ConfigError
from obelisk.output import check_beside, write_beside
from obelisk.plan import make_plans

SIX = distribution("six", {"six.py": ""})
INSTALLS = {
    "requirements.txt": SIX,
    "six==1.17.0": SIX,
    "certifi==2025.1.31": distribution("certifi", {"certifi/__init__.py": ""}),
    "markupsafe==3.0.2": distribution(
        "markupsafe", {"markupsafe/__init__.py": "", "markupsafe/_speedups.cpython-314.so": ""}
    ),
    "jinja2==3.1.6": distribution(
        "jinja2", {f"jinja2/{name}.py": "" for name in ("__init__", "sandbox", *"abcdefghij")}
    ),
}
EXPECTED = {
    "template": ({"module": "app"}, ["install -r requirements.txt", "packages . app"], ()),
    "distribution-target": (
        {"code": "from depending import main; main()"},
        ["install ."],
        (),
    ),
    "locations": ({"module": "app"}, ["install certifi==2025.1.31", "packages . app"], ()),
    "dropped": (
        {"module": "app.main"},
        [
            "install --no-deps --platform manylinux2014_x86_64 --prefer-binary markupsafe==3.0.2",
            "packages . app",
        ],
        ("markupsafe/_speedups.*.so",),
    ),
    "stamped": (
        {"code": 'from stamped.cli import run; run("0.0.0")'},
        ["packages . stamped"],
        (),
    ),
    "files-mode": ({"module": "app"}, ["packages . app"], ()),
    "policy": (
        {"module": "app"},
        ["install jinja2==3.1.6 markupsafe==3.0.2", "packages . app"],
        ("app/extra.py", "jinja2/sandbox.py", "pydoc_data"),
    ),
    "layout": ({"module": "server"}, ["packages . server"], ()),
    "suite": ({"module": "two"}, ["packages . two shared"], ()),
    "old-api": (
        {"code": "from old import run; run()"},
        ["install six==1.17.0", "packages . old"],
        (),
    ),
}
"""Of each kind: what is run, the parts, and what is excluded."""


@pytest.fixture
def kinds(configurations):
    """A function that reads a configuration of a kind."""
    modules = [f"module{number}.py" for number in range(100)]
    paths = [*modules, "os.py", "pydoc_data/__init__.py", "pydoc_data/topics.py"]
    configurations.stdlib = dict.fromkeys(paths, "")
    configurations.installs = dict(INSTALLS)

    def read(name, *targets):
        folder = CONFIGURATIONS / name
        configurations.installs["."] = distribution("depending", {"depending.py": ""})
        command = CommandLine(what=targets, path=str(folder))
        return read_requests(command, configurations.outside)

    return read


@pytest.mark.parametrize("name", EXPECTED)
def test_a_configuration_of_each_kind(kinds, configurations, name):
    (request,) = kinds(name).requests
    entry, parts, exclude = EXPECTED[name]
    settings = request.settings
    assert {key: getattr(settings, key) for key in entry} == entry
    assert list(settings.parts) == parts
    assert settings.exclude == exclude
    assert isinstance(request.application, Assembly)
    (plan,) = make_plans(request)
    assert plan.name in ("two", "server", "depending", name)


def test_a_large_policy_saw_real_names(kinds, configurations):
    kinds("policy")
    assert "seen True" in configurations.notes


def test_bytecode_only(kinds):
    (request,) = kinds("no-sources", "install").requests
    assert (request.settings.source_text, request.settings.optimize) == (False, 1)
    with pytest.raises(ConfigError, match="builds a Windows installer") as caught:
        kinds("no-sources")
    assert "obelisk build install" in caught.value.hint


def test_installers_only(kinds):
    for targets in ((), ("msi",)):
        with pytest.raises(ConfigError, match="which Obelisk does not"):
            kinds("installers", *targets)


def test_a_name_that_no_file_can_have(kinds, configurations):
    (request,) = kinds("nameless").requests
    with pytest.raises(ConfigError, match=r"'\.' is not a valid file name"):
        make_plans(request)
    assert "the executable is a prompt" in configurations.notes[0]


def test_files_of_a_layout(kinds):
    read = kinds("layout")
    assert read.requests[0].places == ("server",)
    assert sorted(file.path for file in read.files) == [
        *("css/site.css", "etc/server.conf", "share/COPYING.txt", "start.sh"),
        *("static/css/site.css", "static/index.html"),
    ]


def test_a_plan_of_the_old_api_has_its_parts(configurations):
    configurations.bring = lambda wanted: None
    folder = CONFIGURATIONS / "old-api"
    read = read_requests(CommandLine(path=str(folder)), configurations.outside)
    (request,) = read.requests
    assert request.settings.parts == ("install six==1.17.0", "packages . old")


def test_two_executables_named_together(kinds):
    read = kinds("suite", "install-one", "install-two")
    assert [one.places for one in read.requests] == [("install-one/one",), ("install-two/two",)]
    read = kinds("suite", "exe-one", "install-one")
    assert [one.places for one in read.requests] == [("exe-one/one", "install-one/one")]


def test_a_configuration_is_read_where_nothing_else_says_how(configurations, monkeypatch):
    text = EXE.format(policy="pass", exe="pass")
    configurations.file("pyoxidizer.bzl", text)
    configurations.file("script.py")
    configurations.file("sub/pyproject.toml", '[project]\nname = "sub"\n[project.scripts]\ns="a:b"')
    monkeypatch.chdir(configurations.project)

    def application(*what, path=None):
        return read_requests(CommandLine(what=what, path=path)).requests[0].application

    for what in ((), (".",), ("exe",), ("pyoxidizer.bzl",), ("./", "exe")):
        assert isinstance(application(*what), Assembly), what
    assert isinstance(application(path="."), Assembly)
    assert isinstance(application("exe", path="pyoxidizer.bzl"), Assembly)
    assert isinstance(application("script.py"), Script)
    assert isinstance(application("./sub"), Project)
    assert isinstance(application(path="sub"), Project)
    with pytest.raises(ConfigError, match="no target `httpie`"):
        application("httpie")
    configurations.file("pyproject.toml", '[project]\nname = "x"\n')
    assert isinstance(application(), Assembly)
    read_requests(CommandLine(), configurations.outside)
    assert configurations.notes == [
        "building from pyoxidizer.bzl; `[tool.obelisk]` in pyproject.toml would come first"
    ]
    configurations.file("pyproject.toml", '[project]\nname = "x"\n[tool.obelisk]\nmodule = "a"')
    assert isinstance(application(), Project)
    assert isinstance(application("httpie"), Requirement)
    assert isinstance(application("pyoxidizer.bzl", "exe"), Assembly)
    with pytest.raises(ConfigError, match="`two` is one argument too many"):
        application("one", "two")
    with pytest.raises(ConfigError, match="`--var` and `--var-env` have no effect"):
        read_requests(CommandLine(variables={"a": "b"}))


@pytest.fixture
def invoke(configurations, monkeypatch):
    monkeypatch.chdir(configurations.project)
    configurations.file("pyoxidizer.bzl", EXE.format(policy="print(VARS)", exe="pass"))
    return lambda *words: CliRunner().invoke(cli, list(words), catch_exceptions=False)


def test_the_plan_shows_how_statements_were_understood(invoke, monkeypatch):
    monkeypatch.setenv("VALUE", "v")
    done = invoke("plan", "--release", "--var", "a", "b", "--var-env", "c", "VALUE", "exe")
    assert "pyoxidizer.bzl:6: `PythonInterpreterConfig.run_module`: `module`" in done.stdout
    assert '{"a": "b", "c": "v"}' in done.stderr
    assert "module app  (`module`)" in done.stdout
    shown = json.loads(invoke("plan", "--json", "-q").stdout)
    assert {"line": 6, "name": "PythonInterpreterConfig.run_module", "does": "`module`"} in (
        shown["statements"]
    )


def test_a_statement_is_shown_once_however_often_it_runs(configurations):
    text = EXE.format(
        policy="for n in range(9):\n        policy.allow_files = True\n        config.quiet = True",
        exe="pass",
    )
    shown = [(one.line, one.name) for one in configurations.read(text).statements]
    assert len(shown) == len(set(shown))


def test_targets_are_listed_without_resolving_them(invoke, configurations):
    assert invoke("list-targets").stdout == "exe  (default)\n"
    configurations.file(
        "pyoxidizer.bzl",
        'register_target("a", lambda: fail("no"), default = True)\n'
        'register_target("b", lambda a: a, depends = ["a"])\nresolve_targets()\n',
    )
    assert invoke("list-targets", str(configurations.project)).stdout == (
        "a  (default)\nb  (depends on a)\n"
    )
    (configurations.project / "pyoxidizer.bzl").unlink()
    with pytest.raises(ConfigError, match=r"no pyoxidizer.bzl found in"):
        invoke("list-targets")


def test_loose_files_are_written_whole(tmp_path):
    source = tmp_path / "source.txt"
    source.write_text("source")
    files = [
        LooseFile(path="a/b.txt", source=source, text=None, is_executable=False),
        LooseFile(path="run.sh", source=None, text="#!/bin/sh\n", is_executable=True),
    ]
    executable = tmp_path / "built"
    executable.write_bytes(b"\x7fELF")
    copies = {tmp_path / "copy/app": executable}
    os.umask(0o022)
    for _ in range(2):
        write_beside(files, copies, tmp_path / "out")
    assert (tmp_path / "out/a/b.txt").read_text() == "source"
    assert stat.S_IMODE((tmp_path / "out/a/b.txt").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "out/run.sh").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "copy/app").stat().st_mode) == 0o755
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a", "run.sh"]
    own = [LooseFile(path="source.txt", source=source, text=None, is_executable=False)]
    check_beside(files, tmp_path / "out", tmp_path)
    with pytest.raises(ConfigError, match="is in the directory of the configuration"):
        check_beside(files[1:], tmp_path, tmp_path)
    with pytest.raises(ConfigError, match="is a directory"):
        check_beside([dataclasses.replace(own[0], path="out")], tmp_path, tmp_path / "project")
    with pytest.raises(ConfigError, match="refusing to overwrite"):
        write_beside(own, {}, tmp_path)


def test_loose_files_may_be_large_and_are_read_before_anything_is_built(tmp_path):
    large = tmp_path / "large.bin"
    with large.open("wb") as stream:
        stream.truncate(17 << 20)
    file = LooseFile(path="large.bin", source=large, text=None, is_executable=False)
    check_beside([file], tmp_path / "out", tmp_path / "project")
    write_beside([file], {}, tmp_path / "out")
    assert (tmp_path / "out/large.bin").stat().st_size == 17 << 20
    os.mkfifo(tmp_path / "pipe")
    for name, said in (("pipe", "a named pipe"), ("missing", "No such file")):
        one = dataclasses.replace(file, source=tmp_path / name)
        with pytest.raises(ConfigError, match=rf"cannot read .*{name}: .*{said}"):
            check_beside([one], tmp_path / "out", tmp_path / "project")


def test_what_a_configuration_prints_and_warns_is_said(configurations):
    said = []
    configurations.file("pyoxidizer.bzl", EXE.format(policy='print("x", 1)', exe="pass"))
    read_requests(configurations.command(), Outside(note=said.append))
    assert said == ["x 1"]


@pytest.mark.parametrize("name", [*EXPECTED, "nameless", "tool", "server", "numeric", "no-sources"])
def test_each_kind_comes_back_from_what_it_is_converted_to(name, configurations, kinds, tmp_path):
    del kinds  # but for what it installs
    folder = shutil.copytree(CONFIGURATIONS / name, tmp_path / name)
    if name == "distribution-target":
        (folder / "pyproject.toml").unlink()
    targets = ("install",) if name == "no-sources" else ()
    command = CommandLine(what=targets, path=str(folder))
    first = read_requests(command, configurations.outside).requests
    session = read_session(command, configurations.outside)
    found = convert(session)
    (folder / "pyproject.toml").write_text(found.table)
    for path, text in found.modules.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    second = read_requests(CommandLine(what=(str(folder),))).requests
    assert len(first) == len(second)
    for one, two in zip(first, second, strict=True):
        assert dataclasses.replace(two.settings, parts=None) == (
            dataclasses.replace(one.settings, parts=None)
        )
        assert two.application.name == one.application.name
        written = [part for part in one.application.parts if isinstance(part, Written)]
        others = [part for part in one.application.parts if not isinstance(part, Written)]
        assert list(two.application.parts[: len(others)]) == others
        assert len(two.application.parts) == len(others) + len(written)
        texts = {path: text for part in written for path, text in part.files}
        assert {path.split("/", 2)[2]: text for path, text in found.modules.items()} == texts

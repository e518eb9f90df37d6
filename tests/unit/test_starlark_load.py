"""Files that load others."""

from pathlib import Path

import pytest
from starlark_files import error_of, evaluate

from obelisk.config.starlark.interpreter import Interpreter
from obelisk.config.starlark.limits import Limits
from obelisk.errors import ConfigError


@pytest.fixture
def project(tmp_path):
    """Return what writes the files of a configuration and evaluates its first."""

    def run(source, **files):
        folder = tmp_path / "app"
        for name, text in files.items():
            path = folder / (name.replace("__", "/") + ".bzl")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        folder.mkdir(exist_ok=True)
        (tmp_path / "outside.bzl").write_text("x = 1")
        return evaluate(source, path=folder / "main.bzl")

    return run


def test_names_of_other_files(project):
    found = project(
        """
load("//tools/names.bzl", "VERSION", add = "add_version", f = "function")
load(":beside.bzl", "beside")
load("tools/names.bzl", "counter")
load("//tools:names.bzl", again = "counter")
counter.append(1)
name = add("app")
x = f()
""",
        tools__names="""
load("../beside.bzl", "beside")
load("./more.bzl", "suffix")
VERSION = "1"
counter = [beside]
def add_version(name):
    return name + "-" + VERSION + suffix
def function():
    return counter
""",
        tools__more="suffix = '.0'",
        beside="beside = 0\nprint('once')",
    )
    assert found["name"] == "app-1.0"
    assert found["x"] is found["counter"] is found["again"]
    assert found["beside"] == 0
    assert "suffix" not in found


def test_a_file_is_evaluated_once(tmp_path):
    (tmp_path / "a.bzl").write_text("print('once')\na = 1")
    (tmp_path / "b.bzl").write_text("load('a.bzl', 'a')\nb = a")
    printed = []
    evaluate("load('a.bzl', 'a')\nload('b.bzl', 'b')", path=tmp_path / "m.bzl", printed=printed)
    assert printed == ["once"]


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        ("../outside.bzl", 'cannot load "../outside.bzl", which is elsewhere'),
        ("//../outside.bzl", 'cannot load "//../outside.bzl", which is elsewhere'),
        ("/etc/passwd", 'cannot load "/etc/passwd", which is elsewhere'),
        ("///etc/passwd", 'cannot load "///etc/passwd", which is elsewhere'),
        ("@bazel//x.bzl", 'cannot load "@bazel//x.bzl"'),
        ("a:b:c", 'cannot load "a:b:c"'),
        ("a\\0b", 'cannot load "a\\x00b", which is elsewhere'),
        (".", "cannot read"),
        ("none.bzl", "cannot read"),
    ],
)
def test_files_that_cannot_be_loaded(project, label, problem):
    with pytest.raises(ConfigError) as caught:
        project(f"\nload('{label}', 'x')")
    assert problem in caught.value.problem
    assert (caught.value.place.line, caught.value.place.column) == (2, 1)


def test_a_link_to_elsewhere_is_refused(project, tmp_path):
    project("x = 1")
    (tmp_path / "app/link.bzl").symlink_to(tmp_path / "outside.bzl")
    with pytest.raises(ConfigError, match="elsewhere"):
        project("load('link.bzl', 'x')")
    (tmp_path / "app/loop.bzl").symlink_to(tmp_path / "app/loop.bzl")
    with pytest.raises(ConfigError, match="cannot read"):
        project("load('loop.bzl', 'x')")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("load('other.bzl', 'nothing')", '"other.bzl" has no `nothing`'),
        ("load('other.bzl', '_private')", '`_private` is private in "other.bzl"'),
        ("load('other.bzl', 'len')", '"other.bzl" has no `len`'),
        ("load('other.bzl')", "`load` needs a file and names"),
        ("load()", "`load` needs a file and names"),
        ("load(x = 'y')", "`load` needs a file and names"),
        ("x = 'other.bzl'\nload(x, 'x')", "`load` takes strings as they are written"),
        ("load('other.bzl', *['x'])", "`load` takes strings as they are written"),
        ("load('other.bzl', **{'x': 'x'})", "`load` takes no `**`"),
        ("def f():\n  load('other.bzl', 'x')", "`load` must be outside of functions"),
        ("x = load('other.bzl', 'x')", "`load` is not defined"),
    ],
)
def test_loads_that_are_wrong(project, source, problem):
    with pytest.raises(ConfigError) as caught:
        project(source, other="x = 1\n_private = 2")
    assert caught.value.problem == problem


def test_a_typo_gets_a_hint(project):
    with pytest.raises(ConfigError) as caught:
        project("load('other.bzl', 'vresion')", other="version = 1")
    assert caught.value.hint == "did you mean `version`?"


def test_a_cycle_is_refused(project):
    with pytest.raises(ConfigError) as caught:
        project("load('a.bzl', 'a')", a="load('b.bzl', 'b')\na = 1", b="load('a.bzl', 'a')\nb = 1")
    assert "is loaded while it is evaluated itself" in caught.value.problem
    assert caught.value.place.file.endswith("b.bzl")
    with pytest.raises(ConfigError, match="is loaded while"):
        project("load('main.bzl', 'x')", main="x = 1")


def test_an_error_in_another_file_names_both(project):
    with pytest.raises(ConfigError) as caught:
        project("\nload('a.bzl', 'f')\nf()", a="def f():\n    return 1 + ''")
    assert [part.rsplit("/", 1)[-1] for part in str(caught.value).split("\n")] == [
        "a.bzl:2:16: `+` does not take an int and a string",
        "    return 1 + ''",
        "               ^",
        "main.bzl:3:1",
    ]


def test_many_files_are_refused(tmp_path):
    (tmp_path / "x.bzl").write_text("x = 1")
    for number in range(20):
        (tmp_path / f"{number}.bzl").write_text(f"load('{number + 1}.bzl', 'x')\n")
    path = tmp_path / "m.bzl"
    error = error_of("load('0.bzl', 'x')", path=path, limits=Limits(files=10))
    assert "too many files: the limit is 10" in error.problem
    error = error_of("load('0.bzl', 'x')", path=path, limits=Limits(depth=100))
    assert error.problem == "calls are nested too deeply"


def test_a_file_that_is_not_there(tmp_path):
    interpreter = Interpreter({}, write=lambda *_: None)
    with pytest.raises(ConfigError, match=r"cannot read .*x.bzl: No such file or directory"):
        interpreter.run(tmp_path / "x.bzl")
    (tmp_path / "x.bzl").write_text("x = 1")
    assert interpreter.run(tmp_path / "x.bzl")["x"] == 1
    with pytest.raises(ConfigError, match="embedded null byte"):
        interpreter.run(Path("a\0b"))

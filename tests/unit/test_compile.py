"""The stage `compile`: whatever a file is, the others are compiled."""

import importlib.util
import marshal
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from obelisk.collect.sourceless import sourceless_modules
from obelisk.compile import bytecode
from obelisk.compile.bytecode import compile_modules
from obelisk.compile.kept import package_bytecode
from obelisk.errors import CollectError, ToolError
from obelisk.model import Module

PYTHON = Path(sys.executable)


def module(path, name=None):
    name = name or path.stem
    return Module(name=name, path=f"{name}.py", source=path)


@pytest.fixture
def compiled(tmp_path):
    """A function that compiles files, given by name and content; each name is a module's."""

    def write_and_compile(files):
        modules = []
        for name, text in files.items():
            path = Path(os.fsdecode(os.fsencode(tmp_path / "x")) + name + ".py")
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            modules.append(module(path, name))
        done = compile_modules(modules, python=PYTHON, optimize=0)
        codes = {one.module.name: marshal.loads(one.code) for one in done.bytecodes}
        return codes, {one.name: reason for one, reason in done.refused}

    return write_and_compile


@pytest.mark.parametrize("name", ["tab\there", "line\nfeed", "\u2028", "\udcff", "a b", "\r", "é"])
def test_names_with_any_characters(compiled, name):
    codes, refused = compiled({name: "x = 1", "other": "y = 1"})
    assert (set(codes), refused) == ({name, "other"}, {})
    assert codes[name].co_filename == f"{name}.py"


BAD = {
    "syntax": "x = = 1",
    "null": b"x = '\0'",
    "encoding": b"x = '\xff'",
    "cookie": "# coding: no-such-encoding\n",
    "parentheses": "(" * 100_000 + ")" * 100_000,
    "signs": "-" * 1_000_000 + "1",
    "sum": "+".join("1" * 300_000),
    "attributes": "x" + ".x" * 300_000,
    "branches": "if x: pass\n" + "elif x: pass\n" * 100_000,
    "conditions": "x if x else " * 100_000 + "x",
    "subscripts": "x[" * 100_000 + "]" * 100_000,
    "lambdas": "lambda: " * 100_000 + "x",
    "blocks": "".join(" " * depth + "if x:\n" for depth in range(90)) + " " * 90 + "x",
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_compile_is_noted_and_the_rest_compiled(compiled, name):
    codes, refused = compiled({"a": "x = 1", name: BAD[name], "b": "x = 1", "c": "x = 1"})
    assert set(codes) | set(refused) == {"a", name, "b", "c"}
    assert set(refused) <= {name}
    assert all(refused.values())


def test_a_file_that_ends_python_is_noted_and_the_rest_compiled(tmp_path):
    """A limit of processor time ends Python as a crash or too little memory does: by a signal."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nulimit -t 1\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    for name in ("a", "b", "c", "d", "e"):
        (tmp_path / f"{name}.py").write_text("x = 1")
    (tmp_path / "long.py").write_text("x = 1\n" * 2_000_000)
    modules = [module(path) for path in sorted(tmp_path.glob("*.py"))]
    done = compile_modules(modules, python=python, optimize=0)
    assert [one.module.name for one in done.bytecodes] == ["a", "b", "c", "d", "e"]
    ((refused, reason),) = done.refused
    assert refused.name == "long"
    assert reason in [f"Python was killed by {name} while compiling this file" for name in SIGNALS]


SIGNALS = ("SIGXCPU", "SIGKILL")


def test_a_file_that_is_gone_is_an_error(tmp_path):
    with pytest.raises(CollectError, match=r"cannot read .*gone\.py: No such file"):
        compile_modules([module(tmp_path / "gone.py")], python=PYTHON, optimize=0)


def test_a_python_that_does_not_start_is_an_error(tmp_path):
    (tmp_path / "a.py").touch()
    with pytest.raises(ToolError, match="compiling modules failed"):
        compile_modules([module(tmp_path / "a.py")], python=Path("/bin/false"), optimize=0)


def test_answers_that_are_cut_short_are_none():
    whole = b"c" + (3).to_bytes(8, "little") + b"abc"
    assert list(bytecode._answers(whole + whole[:-1])) == [(b"c", b"abc")]
    assert list(bytecode._answers(whole[:5])) == []


def write_pyc(path, code, magic=importlib.util.MAGIC_NUMBER):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(magic + bytes(12) + code)


def test_bytecode_without_source(tmp_path):
    source = "def f():\n    return [lambda: 1]\n"
    code = compile(source, "/somewhere/else.py", "exec")
    write_pyc(tmp_path / "a.pyc", marshal.dumps(code))
    write_pyc(tmp_path / "old.pyc", marshal.dumps(code), magic=b"\xa7\x0d\r\n")
    write_pyc(tmp_path / "strange.pyc", marshal.dumps(code), magic=b"\x01\x02\r\n")
    write_pyc(tmp_path / "cut.pyc", marshal.dumps(code)[:20])
    write_pyc(tmp_path / "number.pyc", marshal.dumps(1))
    (tmp_path / "empty.pyc").write_bytes(b"")
    modules = sourceless_modules(tmp_path, "lib", set(), pytest.fail)
    done = compile_modules(modules, python=PYTHON, optimize=0)
    expected = {"a"} | ({"old"} if sys.version_info[:2] == (3, 11) else set())
    assert {one.module.name for one in done.bytecodes} == expected
    (found,) = (one.module for one in done.bytecodes if one.module.name == "a")
    assert (found.path, found.is_sourceless) == ("lib/a.pyc", True)
    reasons = {one.name: reason for one, reason in done.refused}
    own = ".".join(map(str, sys.version_info[:2]))
    assert reasons["strange"] == (
        f"bytecode of an unknown Python (magic number 513), expected Python {own}"
    )
    assert set(reasons) | expected == {one.name for one in modules}


def test_which_bytecode_is_a_module(tmp_path):
    for name in (
        *("pkg/__init__.pyc", "pkg/part.pyc", "top.pyc", "known.pyc", "odd.name.pyc"),
        *("pkg/__pycache__/part.cpython-314.pyc", "pkg/__pycache__/lost.cpython-314.pyc"),
    ):
        write_pyc(tmp_path / name, b"")
    (tmp_path / "pkg/part.py").touch()
    os.mkfifo(tmp_path / "pipe.pyc")
    (tmp_path / "link.pyc").symlink_to("link.pyc")
    said = []
    found = sourceless_modules(tmp_path, "lib", {"known", "pkg.part"}, said.append)
    assert [(one.name, one.is_package) for one in found] == [("top", False), ("pkg", True)]
    assert [one.path for one in found] == ["lib/top.pyc", "lib/pkg/__init__.pyc"]
    (line,) = said
    assert line.startswith("excluding pkg/__pycache__/lost.cpython-314.pyc: pkg/lost.py is missing")


def test_packages_are_compiled_once_for_what_is_in_them(tmp_path, cache):
    """The second time Python is not asked: the sources are gone. A refusal is remembered too."""
    texts = {"a.one": "x = 1\n", "a.two": "def\n", "b": "y = 2\n"}
    modules = []
    for name, text in texts.items():
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        package, digest = name[0], f"sha256={hash(text)}"
        modules.append(replace(module(path, name), package=package, digest=digest))

    def compile_all(changed=None):
        known = [replace(one, digest="sha256=x") if one.name == changed else one for one in modules]
        return package_bytecode(cache, "python", known, python=PYTHON, optimize=0)

    first = compile_all()
    assert [one.module.name for one in first.bytecodes] == ["a.one", "b"]
    assert [one.name for one, _ in first.refused] == ["a.two"]
    (tmp_path / "a.one.py").unlink()
    (tmp_path / "a.two.py").unlink()
    assert compile_all() == first
    assert compile_all(changed="b") == replace_module(first, modules[2])
    with pytest.raises(CollectError, match=r"a\.one\.py"):
        compile_all(changed="a.two")


def replace_module(compiled, changed):
    """The same, with another digest of one module."""
    bytecodes = tuple(
        replace(one, module=replace(changed, digest="sha256=x")) if one.module == changed else one
        for one in compiled.bytecodes
    )
    return replace(compiled, bytecodes=bytecodes)

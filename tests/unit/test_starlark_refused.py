"""What Python has and Starlark has not, and what is no source at all."""

import sys

import pytest
from starlark_files import error_of, evaluate

from obelisk.errors import ConfigError

REFUSED = {
    "import os": "`import`",
    "from os import path": "`import`",
    "try:\n    pass\nexcept ValueError:\n    pass": "`try`",
    "raise ValueError": "`raise`",
    "assert True": "`assert`",
    "while True:\n    pass": "`while`",
    "with x:\n    pass": "`with`",
    "class A:\n    pass": "`class`",
    "match x:\n    case 1:\n        pass": "`match`",
    "def f():\n    global x": "`global`",
    "def f():\n    x = 1\n    def g():\n        nonlocal x": "`nonlocal`",
    "del x": "`del`",
    "x: int = 1": "a type annotation",
    "def f(x: int):\n    pass": "a type annotation",
    "def f() -> int:\n    pass": "a type annotation",
    "def f(*x: int):\n    pass": "a type annotation",
    "def f(x, /):\n    pass": "`/` among parameters",
    "async def f():\n    pass": "`async`",
    "def f():\n    yield 1": "`yield`",
    "x = (y := 1)": "`:=`",
    'x = f"{1}"': "an f-string",
    "x = {1, 2}": "a set",
    "x = {y for y in z}": "a set",
    "x = list(y for y in z)": "a generator",
    "x = y is None": "`is`",
    "x = y is not None": "`is not`",
    "x = 2 ** 3": "`**` as an operator",
    "x **= 3": "`**` as an operator",
    "x = 1 / 2": "`/` as an operator",
    "x = 1 @ 2": "`@` as an operator",
    "x = [*y]": "`*` outside of a call",
    "a, *b = c": "`*` outside of a call",
    "x = {**y}": "`**` in a dict",
    "x = 3.10": "a floating-point number",
    "x = 1e3": "a floating-point number",
    "x = b'a'": "a bytes literal",
    "x = 1j": "a complex number",
    "x = ...": "`...`",
    "a = b = 1": "an assignment to several targets",
    "x = 1 < 2 < 3": "a chain of comparisons",
    "for x in y:\n    pass\nelse:\n    pass": "`else` of a loop",
    "@f\ndef g():\n    pass": "a decorator",
    "x = '\\ud800'": "half a surrogate pair in a string",
}


@pytest.mark.parametrize(("source", "what"), REFUSED.items())
def test_what_is_not_part_of_starlark(source, what):
    error = error_of(f"# comment\nif False:\n{indented(source)}\n")
    assert error.problem == f"{what} is not part of Starlark"
    assert error.place.line >= 3


NEWER = {
    (3, 12): {"type X = int": "`type`", "def f[T](x):\n    pass": "a type parameter"},
    (3, 14): {"x = t'{y}'": "a t-string"},
}


@pytest.mark.parametrize("version", NEWER)
def test_what_newer_versions_of_python_have(version):
    for source, what in NEWER[version].items():
        problem = error_of(source).problem
        expected = f"{what} is not part of Starlark"
        assert problem == expected if sys.version_info >= version else "invalid syntax" in problem


def indented(source):
    return "\n".join(f"    {line}" for line in source.split("\n"))


def test_hints_say_what_to_do():
    assert "Python modules" in error_of("import os").hint
    assert error_of("version = 3.10").hint == "put a version in quotes"
    assert "range" in error_of("while 1:\n  pass").hint


@pytest.mark.parametrize(
    ("source", "problem", "place"),
    [
        ("return 1", "`return` outside of a function", (1, 1)),
        ("for x in y:\n    def f():\n        break", "`break` outside of a loop", (3, 9)),
        ("if x:\n    continue", "`continue` outside of a loop", (2, 5)),
        ("def f(a, a):\n    pass", "`a` is given twice", (1, 1)),
        ("f(1, b=1, b=2)", "`b` is given twice", (1, 1)),
        ("x = (1,\n     2", "invalid syntax: '(' was never closed", (1, 5)),
        ("x = 1\n  y = 2", "invalid syntax: unexpected indent", (2, 3)),
        (
            "if x:\ny = 1",
            "invalid syntax: expected an indented block after 'if' statement on line 1",
            (2, 1),
        ),
        ("x = 'a", "invalid syntax: unterminated string literal (detected at line 1)", (1, 5)),
        ("\nx = " + "9" * 5000, "integer too large", (2, 1)),
        ("x = " + "9" * 400, "integer too large: more than 1024 bits", (1, 5)),
        ("x = 1\ny = 0777", None, (2, 5)),
        ("x = $", None, (1, 5)),
        ("print 'a'", None, (1, 1)),
    ],
)
def test_invalid_syntax(source, problem, place):
    error = error_of(source)
    assert error.problem == (problem or error.problem)  # some differ between Python's versions
    assert (error.place.line, error.place.column) == place


def test_a_path_of_windows_gets_a_hint():
    error = error_of('x = "C:\\Users"')
    assert error.hint == 'write `\\\\` for a backslash, or `r"..."` for a string without escapes'


def test_the_first_of_several_problems_is_reported():
    error = error_of("x = 1\nif x:\n    y = 1.5\nimport os\n")
    assert error.place.line == 3


def test_nothing_is_evaluated_of_a_file_with_a_problem():
    printed = []
    error_of("print(1)\nimport os\n", printed=printed)
    assert printed == []


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"x = 1\ny = '\xff'\n", "not valid UTF-8"),
        (b"x = 1\ny = '\0'\n", "zero byte in the source"),
    ],
)
def test_bytes_that_are_no_text(data, problem):
    error = error_of(data)
    assert (error.problem, error.place.line, error.place.column) == (problem, 2, 6)


def test_encodings_and_line_ends():
    assert evaluate(b"\xef\xbb\xbfx = '\xc3\xa4'")["x"] == "ä"
    assert evaluate(b"# coding: latin-1\nx = '\xc3\xa4'")["x"] == "ä"
    assert evaluate(b"if 1:\r\n  x = '''a\r\nb'''\r\n  y = 2\r\n")["x"] == "a\nb"
    assert evaluate(b"x = 1\ry = 2\r")["y"] == 2
    assert evaluate(b"if 1:\n\tx = 1\n\ty = 2\n")["y"] == 2
    assert evaluate(b"") == {}
    assert "tabs" in error_of(b"if 1:\n\tx = 1\n        y = 2\n").problem


def test_utf_16_is_recognised():
    with pytest.raises(ConfigError, match="UTF-16") as caught:
        evaluate("x = 1".encode("utf-16"))
    assert caught.value.hint == "save it as UTF-8"


def test_unknown_escapes_stay_and_nobody_is_warned():
    assert evaluate(b"x = '\\d'")["x"] == "\\d"


@pytest.mark.parametrize(
    "source",
    [
        "x = 1" + "+1" * 100_000,
        "x = 1" + " + 1" * 502,
        "if 0:\n  pass\n" + "elif 0:\n  pass\n" * 502,
        "x = [1" + " for x in []" * 12_000 + "]",
        "x = a" + ".b" * 50_000,
        "x = " + "not " * 50_000 + "1",
        "x = " + "-" * 50_000 + "1",
        "x = " + "[" * 150 + "]" * 150,
        "x = " + "[" * 5_000,
        "x = f" + "()" * 50_000,
        "x = " + "lambda: " * 10_000 + "1",
        "x = " + "1 if 0 else " * 10_000 + "1",
        "".join("\t" * depth + "if 1:\n" for depth in range(99)) + "\t" * 99 + "pass",
        "if 0:\n  pass\n" + "elif 0:\n  pass\n" * 10_000,
    ],
    ids=range(14),
)
def test_sources_that_are_nested_too_deeply(source):
    error = error_of("\n\n" + source)
    assert "nested too deeply" in error.problem or "too many nested" in error.problem
    assert error.place.line >= 3


def test_long_chains_are_not_deep():
    assert evaluate("x = 1" + " + 1" * 500)["x"] == 501
    assert (
        evaluate("x = 0\nif x:\n  pass\n" + "elif x == 1:\n  pass\n" * 300 + "else:\n  x = 7\n")[
            "x"
        ]
        == 7
    )

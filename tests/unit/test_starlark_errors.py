"""How errors are shown: the place, the line with a mark, the calls."""

from pathlib import Path

import pytest
from starlark_files import error_of, evaluate

from obelisk.config.starlark.errors import Place
from obelisk.config.starlark.host import HostFunction
from obelisk.config.starlark.interpreter import Interpreter
from obelisk.config.starlark.stack import Caller, Function
from obelisk.errors import CollectError, ConfigError, ToolError
from obelisk.services.console import Console


def test_the_place_the_line_and_the_calls():
    error = error_of(
        """
def inner(value):
    return {
        "sum": value + "a",
    }

def outer():
    values = [inner(x) for x in (1, 2)]
    return values

outer()
"""
    )
    assert str(error) == (
        "test.bzl:4:24: `+` does not take an int and a string\n"
        '    "sum": value + "a",\n'
        "                   ^\n"
        "  in `inner`, called at test.bzl:8:15\n"
        "  in `outer`, called at test.bzl:11:1"
    )
    assert [call.name for call in error.chain] == ["test.bzl", "outer", "inner"]


@pytest.mark.parametrize(
    ("source", "marked"),
    [
        ("x = nothing", "nothing"),
        ("x = ''.strp()", "strp()"),
        ("x = ''.strip().strp", "strp"),
        ("x = [1, 2][7]", "[1, 2][7]"),
        ("x = 1 + 2 + 'a' + 3", "'a' + 3"),
        ("x = 1 < 'a'", "1 < 'a'"),
        ("x = len(1)", "len(1)"),
        ("x = 'a'.join([1])", "join([1])"),
        ("x = [y for y in 5]", "5]"),
        ("for x in 5: pass", "5: pass"),
        ("a, b = 1", "a, b = 1"),
        ("x = 'ä' + 1", "1"),
        ("ä = ''.strp()", "strp()"),
        ("x = -'a'", "-'a'"),
        ("x = {'a': 1, []: 2}", "[]: 2}"),
        ("x = ''.join(['a'],\n  ).strp()", "strp()"),
        ("\tx = 1", "x = 1"),
        ("if 1:\n\t\tx = 1 + ''", "''"),
    ],
)
def test_the_mark_is_below_what_failed(source, marked):
    error = error_of(source)
    _, line, mark = str(error).split("\n")[:3]
    assert line[mark.index("^") :] == marked
    assert error.place.text[error.place.column - 1 :] == marked


def test_a_long_line_is_cut_around_the_mark():
    error = error_of("x = [" + "1, " * 500 + "y" + ", 1" * 500 + "]")
    _, line, mark = str(error).split("\n")
    assert len(line) < 200
    assert line[mark.index("^")] == "y"


def test_a_place_without_its_line():
    assert Place("x", 1, 1).marked() == ""


def test_many_calls_are_cut():
    functions = "".join(f"def f{i}():\n  f{i + 1}()\n" for i in range(30))
    text = str(error_of(functions + "def f30():\n  fail()\nf0()"))
    assert text.count("called at") == 12
    assert text.endswith("and 19 more calls")


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("lenn([])", "did you mean `len`?"),
        ("VERSIN = VERSION", "did you mean `VERSIONS`?"),
        ("''.strp()", "did you mean `strip`?"),
        ("{'version': 1}['versoin']", "did you mean `version`?"),
        ("open('x')", "`open` is a function of Python, which Starlark does not have"),
        ("def f(packages): pass\nf(package = [])", "did you mean `packages`?"),
        ("def f():\n  resources = 1\n  return resource\nf()", "did you mean `resources`?"),
        ("zzzzzzzz", None),
        ("'a'.index('b')", "`find` returns -1 instead"),
        (
            "['a'].join('b')",
            "choose from `append`, `clear`, `extend`, `index`, `insert`, `pop`, `remove`",
        ),
    ],
)
def test_hints(source, hint):
    assert error_of(source, {"VERSIONS": []}).hint == hint


def test_names_are_cut_in_messages():
    long = "x" * 5000
    for source in (f"f = 1\nf.{long}", f"def f(): pass\nf({long}=1)", f"'{{{long}}}'.format()"):
        assert len(error_of(source).problem) < 200


def test_errors_of_the_host_get_their_place():
    def refuse(_: Caller, what: str) -> None:
        raise {"config": ConfigError, "collect": CollectError, "tool": ToolError}[what](
            "no such package", hint="look"
        )

    names = {"refuse": HostFunction("refuse", refuse)}
    error = error_of("def f():\n    refuse('config')\nf()", names)
    assert (error.problem, error.hint) == ("no such package", "look")
    assert (error.place.line, error.place.column) == (2, 5)
    for what, kind in {"collect": CollectError, "tool": ToolError}.items():
        with pytest.raises(kind) as caught:
            evaluate(f"def f():\n    refuse('{what}')\nf()", names)
        assert type(caught.value) is kind
        assert str(caught.value).startswith("test.bzl:2:5: no such package\n    refuse(")
        assert str(caught.value).count("test.bzl:2:5") == 1
        assert caught.value.hint == "look"


def test_other_exceptions_of_the_host_are_bugs():
    def wrong(_: Caller) -> None:
        raise TypeError("a bug")

    with pytest.raises(TypeError, match="a bug"):
        evaluate("wrong()", {"wrong": HostFunction("wrong", wrong)})


def test_an_error_in_a_callback_names_the_call_of_the_host():
    def each(caller: Caller, callback: Function) -> None:
        caller.call(callback, 1)

    error = error_of(
        "def callback(x):\n    return x.y\ndef f():\n    each(callback)\nf()",
        {"each": HostFunction("each", each)},
    )
    assert str(error).split("\n")[3:] == [
        "  in `callback`, called at test.bzl:4:5",
        "  in `f`, called at test.bzl:5:1",
    ]


def test_a_callback_that_takes_other_arguments_is_named_where_it_is_defined():
    def each(caller: Caller, callback: Function) -> None:
        caller.call(callback, 1)

    error = error_of(
        "def callback():\n    pass\neach(callback)", {"each": HostFunction("each", each)}
    )
    assert (error.problem, error.place.line) == (
        "`callback` takes no arguments by position, 1 are given",
        1,
    )


def test_a_function_that_the_host_calls_later_has_no_outer_calls():
    interpreter = Interpreter({}, write=lambda *_: None)
    function = interpreter.run(Path("test.bzl"), b"def f(x):\n    return 1 + x\n")["f"]
    assert interpreter.call(function, 2) == 3
    assert interpreter.call(function, x=4) == 5
    with pytest.raises(ConfigError) as caught:
        interpreter.call(function, "a")
    assert (
        str(caught.value).split("\n")[0] == "test.bzl:2:16: `+` does not take an int and a string"
    )
    assert "called at" not in str(caught.value)
    with pytest.raises(ConfigError, match=r"test\.bzl:1:1: `f` is missing the argument `x`"):
        interpreter.call(function)
    assert interpreter.call(function, 2) == 3


def test_the_command_line_reports_them_like_others(capsys):
    error = error_of("import os")
    assert error.exit_code == ConfigError.exit_code
    Console().error(error)
    reported = capsys.readouterr().err
    assert reported.startswith(
        "error: test.bzl:1:1: `import` is not part of Starlark\n    import os\n    ^\n"
    )
    assert "hint: a configuration cannot use Python modules" in reported

"""Evaluation ends, whatever the file says: limits count, so that it ends equally everywhere."""

import sys

import pytest
from starlark_files import error_of, evaluate

from obelisk.config.starlark.host import HostFunction
from obelisk.config.starlark.limits import Budget, Limits
from obelisk.config.starlark.stack import Caller, Function
from obelisk.errors import ConfigError

TOO_LONG = "the evaluation takes too long"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("for i in range(1000000000):\n    pass", 2),
        ("for i in range(1000000000):\n    for j in range(1000000000):\n        pass", 3),
        (
            "def f():\n    for i in range(1000000000):\n        g(i)\ndef g(x):\n    return x\nf()",
            None,
        ),
        ("x = [0 for i in range(100000) for j in range(100000) if False]", 1),
        ("x = {0: j for i in range(100000) for j in range(100000)}", 1),
        ("x = ''\nfor i in range(1000000000):\n    x = 'a' + x", 3),
        ("x = 'a' * 1000000\nfor i in range(1000000000):\n    x.upper()", 3),
        ("x = 'ab' * 100000\nfor i in range(1000000000):\n    x.rfind('ab' * 50000 + 'b')", 3),
        ("x = 'ab' * 100000\nfor i in range(1000000000):\n    x.split()", 3),
        ("x = list(range(10000))\nfor i in range(1000000000):\n    sorted(x)", 3),
        ("x = list(range(10000))\nfor i in range(1000000000):\n    -1 in x", 3),
        ("x = list(range(10000))\nfor i in range(1000000000):\n    str(x)", 3),
        ("x = list(range(10000))\nfor i in range(1000000000):\n    x.insert(0, x.pop())", 3),
        ("x = {}\nfor i in range(1000000000):\n    x[(i, -1)] = 1", 3),
        ("x = {}\nfor i in range(1000000000):\n    x[i * 2305843009213693951] = 1", 3),
        ("x = [[]]\nfor i in range(40):\n    x = [x, x]\ny = str(x)", None),
        ("x, y = [1], [1]\nfor i in range(40):\n    x, y = [x, x], [y, y]\nz = x == y", 4),
        ("f = lambda x: [x for x in range(1000)]\nfor i in range(1000000000):\n    f(i)", None),
        ("x = [1] * 100\nfor i in range(1000000000):\n    ('%s' * 100) % tuple(x)", 3),
        ("for i in range(1000000000):\n    len([" + "0, " * 2000 + "])", 2),
        ("for i in range(1000000000):\n    hasattr(i, 'x')", 2),
    ],
)
def test_what_takes_too_long_ends_with_its_line(source, line):
    error = error_of(source, limits=Limits(steps=200_000))
    assert error.problem == TOO_LONG or "the limit is" in error.problem
    assert line is None or error.place.line == line


def test_the_steps_are_the_same_each_time():
    source = "for i in range(100000000):\n    print(str(i))\n"
    runs = []
    for _ in range(2):
        printed = []
        error = error_of(source, printed=printed, limits=Limits(steps=50_000))
        runs.append((printed, str(error), error.hint))
    assert runs[0] == runs[1]
    assert runs[0][2].startswith("gave up after 50000 steps")


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("'a' * 10000000000", "string too long: 10000000000 characters, the limit is 1000000"),
        ("10000000000 * 'a'", "string too long"),
        ("[1] * 10000000000", "too many items: 10000000000, the limit is 500000"),
        ("(1,) * 10000000000", "too many items"),
        ("'ab' * 500000 + 'c'", "string too long: 1000001"),
        ("[1] * 500000 + [1]", "too many items: 500001"),
        ("list(range(2000000000))", "too many items: 2000000000"),
        ("tuple(range(2000000000))", "too many items"),
        ("sorted(range(2000000000))", "too many items"),
        ("reversed(range(2000000000))", "too many items"),
        ("max(range(2000000000))", "too many items"),
        ("enumerate(range(2000000000))", "too many items"),
        ("zip(range(2000000000), range(2000000000))", "too many items"),
        ("any(range(2000000000))", "too many items"),
        ("range(3000000000)", "the bounds of `range` must be between"),
        ("[x for x in range(2000000000)]", "the evaluation takes too long"),
        ("{x: x for x in range(2000000000)}", "the evaluation takes too long"),
        ("len(*range(2000000000))", "too many items"),
        ("[].extend(range(2000000000))", "too many items"),
        ("('a' * 1000).join(['b'] * 2000)", "string too long"),
        ("'-'.join(['a' * 1000] * 2000)", "string too long"),
        ("('a' * 10000).replace('a', 'b' * 1000)", "string too long"),
        ("('a' * 10000).replace('', 'b' * 1000)", "string too long"),
        ("('%s' * 2000) % tuple(['a' * 1000] * 2000)", "string too long"),
        ("('{0}' * 2000).format('a' * 1000)", "string too long"),
        ("('%r' * 2000) % tuple(['a' * 1000] * 2000)", "string too long"),
        ("str(['a' * 1000] * 2000)", "string too long"),
        ("('a,' * 500000).split(',')", "too many items"),
        ("('a ' * 500000).elems()", "too many items: 1000000"),
        ("('\\n' * 600000).splitlines()", "too many items"),
        ("1 << 100000000000", "integer too large: more than 1024 bits"),
        ("(1 << 1000) * (1 << 1000)", "integer too large"),
        ("int('9' * 350)", "integer too large"),
        ("int('9' * 100000)", "not an integer in base 10"),
        ("fail('a' * 600000, 'b' * 600000)", "string too long"),
    ],
)
def test_what_would_be_too_large_is_not_made(expression, problem):
    assert problem in error_of(f"x = {expression}").problem


@pytest.mark.parametrize(
    "statement",
    ["x.append(1)", "x += [1]", "x.insert(0, 1)", "x.extend([1])", "d[i] = i", "d.setdefault(i, i)",
     "d.update({i: i})", "d |= {i: i}"],
)  # fmt: skip
def test_lists_and_dicts_do_not_grow_beyond_the_limit(statement):
    source = f"x = []\nd = {{}}\nfor i in range(1000):\n    {statement}"
    error = error_of(source, limits=Limits(items=99))
    assert "the limit is 99" in error.problem
    evaluate(source, limits=Limits(items=1000))


def test_removing_from_a_dict_leaves_it_usable():
    source = """
d = {i: i for i in range(1000)}
for i in range(990):
    d.pop(i)
first = d.popitem()
rest = d.keys()
"""
    found = evaluate(source)
    assert found["first"] == (990, 990)
    assert found["rest"] == list(range(991, 1000))


def depth_of_calls():
    frame, depth = sys._getframe(), 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1
    return depth


def back(caller: Caller, function: Function) -> object:
    return caller.call(function)


def chain(form, count=300):
    functions = [form.format(f"f{number}", f"f{number + 1}") for number in range(count)]
    return "\n".join([*functions, f"f{count} = len", "f0()"])


@pytest.mark.parametrize(
    "source",
    [
        chain("def {}():\n    return {}()"),
        chain("def {}():\n    if 1:\n        for i in [1]:\n            {}()"),
        chain("def {}():\n    return back({})"),
        chain("{} = lambda: back({})"),
        chain("{} = lambda x = 1: sorted([1], key = {})"),
        chain("def {}():\n    return [{}()" + " for a in [1]" * 40 + "]"),
        chain("def {}():\n    return " + "-(" * 40 + "{}()" + ")" * 40),
        chain("def {}():\n    x = {{1: [({}(),)]}}"),
        "x = " + "[" * 50 + "1" + "]" * 50 + "\ny = str(x) + 1",
        "".join("  " * depth + "if 1:\n" for depth in range(57)) + "  " * 57 + "fail()",
        "x = [1]\nfor i in range(100000):\n    x = [x]\nstr(x)",
        "x = (1,)\nfor i in range(100000):\n    x = (x,)\n{x: 1}",
        "x, y = (1,), (1,)\nfor i in range(100000):\n    x, y = (x,), (y,)\nx == y",
        "x, y = (1,), (1,)\nfor i in range(100000):\n    x, y = (x,), (y,)\nx < y",
    ],
    ids=range(14),
)
def test_nesting_ends_far_below_the_limit_of_python(source):
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(depth_of_calls() + 600)
    try:
        error = error_of(source, {"back": HostFunction("back", back)})
    finally:
        sys.setrecursionlimit(before)
    assert "recursion" not in error.problem


def test_calls_that_are_not_deep():
    assert evaluate(chain("def {}():\n    return {}([])", 0)[:-4])
    source = "def f0(x):\n    return x\n" + "".join(
        f"def f{number}(x):\n    return f{number - 1}(x)\n" for number in range(1, 40)
    )
    assert evaluate(source + "x = f39(7)")["x"] == 7


def test_what_the_host_calls_back_costs_steps():
    limits = Limits(steps=20_000)

    def each(caller: Caller, count: int, function: Function) -> None:
        for number in range(count):
            caller.call(function, number)

    names = {"each": HostFunction("each", each)}
    source = "x = []\ndef f(i):\n    x.append(i)\neach({}, f)"
    assert len(evaluate(source.format(90), names, limits=limits)["x"]) == 90
    assert error_of(source.format(1000), names, limits=limits).problem == TOO_LONG
    endless = "def f(i):\n    for j in range(1000000):\n        pass\neach(10, f)"
    assert error_of(endless, names, limits=limits).problem == TOO_LONG


def test_files_that_the_host_found_add_steps():
    limits = Limits(steps=2000, steps_per_file=100)

    def find(caller: Caller, count: int) -> list:
        caller.give(count)
        caller.spend(count)
        return list(range(count))

    names = {"find": HostFunction("find", find)}
    source = "x = []\nfor i in find(500):\n    x.append(i)\n"
    assert len(evaluate(source, names, limits=limits)["x"]) == 500
    endless = "x = find(500)\nfor j in range(1000000):\n    for i in x:\n        len([])"
    error = error_of(endless, names, limits=limits)
    assert (error.problem, error.place.line) == (TOO_LONG, 4)
    assert error.hint.startswith("gave up after 52000 steps")


@pytest.mark.parametrize(
    "argument", ["'a' * 100000", "['a'] * 10000", "{n: 'a' for n in range(1000)}", "['a' * 9999]"]
)
def test_arguments_of_the_host_cost_what_looking_at_them_does(argument):
    limits = Limits(steps=300_000)
    names = {"take": HostFunction("take", lambda caller, x, y=None: None)}
    for call in ("take(x)", "take(1, y = x)"):
        source = f"x = {argument}\nfor i in range(COUNT):\n    {call}"
        evaluate(source.replace("COUNT", "1"), names, limits=limits)
        error = error_of(source.replace("COUNT", "1000"), names, limits=limits)
        assert error.problem == TOO_LONG


def test_a_budget_counts_what_it_is_given():
    budget = Budget(Limits(steps=10, steps_per_file=5))
    budget.spend(10)
    budget.give(2)
    assert (budget.left, budget.given) == (10, 10)
    with pytest.raises(ConfigError, match="the evaluation takes too long") as caught:
        budget.spend(11)
    assert "gave up after 20 steps" in caught.value.hint


def test_files_that_are_loaded_cost_steps(tmp_path):
    for number in range(90):
        (tmp_path / f"{number}.bzl").write_text("x = [" + "0, " * 4000 + "]\n")
    source = "".join(f"load('{number}.bzl', x{number} = 'x')\n" for number in range(90))
    error = error_of(source, path=tmp_path / "test.bzl")
    assert error.problem == TOO_LONG


def test_a_large_source_is_refused():
    with pytest.raises(ConfigError, match=r"test\.bzl is too large: 262145 bytes"):
        evaluate(b"#" * (256 * 1024 + 1))
    assert "more than 50000 names" in error_of("x = [" + "0," * 60_000 + "]").problem

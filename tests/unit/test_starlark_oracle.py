"""Programs mean what they mean to another implementation of Starlark, and nothing breaks ours."""

import ast
import random
from contextlib import suppress
from pathlib import Path

import pytest
import starlark
from hypothesis import given, settings
from hypothesis import strategies as st
from starlark_files import evaluate
from starlark_programs import Programs

from obelisk.config.starlark.host import Attribute, HostFunction, HostObject, HostType
from obelisk.config.starlark.limits import Limits
from obelisk.config.starlark.stack import Caller, Function
from obelisk.errors import ConfigError

LIMITS = Limits(steps=30_000)


def ours(source):
    try:
        return evaluate(source)["out"]
    except ConfigError as error:
        return error


def theirs(source):
    try:
        return starlark.exec_file(source, max_steps=1_000_000).globals["out"]
    except (starlark.EvalError, starlark.StarlarkSyntaxException) as error:
        return error


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.data())
def test_programs_mean_the_same_to_another_implementation(data):
    source = Programs(lambda choices: data.draw(st.sampled_from(choices))).program()
    compare(source)


@pytest.mark.parametrize("seed", range(200))
def test_more_programs_mean_the_same(seed):
    """Hypothesis likes short programs; these are of any length."""
    compare(Programs(random.Random(seed).choice).program())


def compare(source):
    found, expected = ours(source), theirs(source)
    if isinstance(expected, Exception):
        assert isinstance(found, ConfigError), (source, found)
    elif isinstance(found, ConfigError):
        assert "the limit is" in str(found) or "`range` must be" in str(found), (source, found)
    elif '\\"' not in found and "..." not in found:
        # The other implementation writes '"', ours "\""; and "...", ours "{...}" in itself.
        assert found == expected, source


class Thing(HostObject):
    host_type = HostType(
        "Thing",
        attributes={"name": Attribute(str, "x"), "items": Attribute(list[str], [])},
        methods={"each": lambda thing, caller, f: caller.call(f, thing)},
    )

    def iterate(self):
        return ["a", "b"]


def each(caller: Caller, callback: Function, values: list | None = None) -> list:
    return [caller.call(callback, value) for value in values or [1]]


CONFIGURATION = Path(__file__).parents[1] / "starlark_sample.bzl"


def survives(source):
    """Evaluate whatever it is: the only exception is `ConfigError`."""
    names = {
        "each": HostFunction("each", each),
        "thing": Thing(),
        "Thing": HostFunction("Thing", lambda caller: Thing()),
        "VARS": {"a": "b"},
    }
    with suppress(ConfigError):
        evaluate(source, names, limits=LIMITS)
        return True
    return False


def test_the_sample_is_valid():
    assert survives(CONFIGURATION.read_bytes())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60))
def test_bytes_of_any_kind(source):
    survives(source if isinstance(source, bytes) else source.encode(errors="surrogatepass"))


TOKENS = """
    if elif else for in def return lambda pass break continue and or not is None True load
    print thing VARS Thing() each import class try while with yield await async del global
    assert raise from as ( ) [ ] { } , : . = == != < > <= >= + - * / // % ** | & ^ ~ << >>
    += -= @ ; -> := ... ! ? $ x y f 'a' "b" '''c''' f'{x}' b'a' 0 1 2.5 1e9 0x1f
    9999999999 \\ # _ __class__ x.y x[0] f(x)
""".split()  # noqa: SIM905 - easier to read


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*TOKENS, "\n", "\n    ", "\n        ", "\t"]), max_size=30))
def test_tokens_of_any_kind(tokens):
    survives(" ".join(tokens))


@pytest.mark.parametrize("seed", range(150))
def test_files_that_were_damaged(seed):
    choice = random.Random(seed)
    text = CONFIGURATION.read_text(encoding="utf-8")
    if choice.random() < 0.5:
        text = Programs(choice.choice).program()
    for _ in range(choice.randint(1, 6)):
        start = choice.randrange(len(text))
        end = min(len(text), start + choice.choice((0, 1, 1, 3, 20)))
        other = choice.randrange(len(text))
        insert = choice.choice(
            (choice.choice(TOKENS), text[other : other + 15], chr(choice.randrange(0x3000)), "")
        )
        text = text[:start] + insert + text[end:]
    survives(text.encode(errors="surrogatepass"))


SNIPPETS = """
    x ; thing ; thing.name ; thing.nothing ; Thing() ; each(lambda x: x) ;
    each(lambda x: each(f)) ; VARS['a'] ; -x ; ~x ; not x ; x + x ; x * 9999999 ; x ** 2 ;
    x / 2 ; x @ x ; x << 99999 ; x in x ; x is x ; x < x < x ; [*x] ; {**x} ; {x} ; {x: x} ;
    (x for x in x) ; [x for x in x if x] ; {x: x for x in x} ; f'{x}' ; b'a' ; ... ; 1.5 ; 1j ;
    lambda *x, **y: x ; x[x] ; x[x:x:x] ; x() ; f(*x, **x) ; x.y ; x.__class__ ; (y := x) ;
    print(x) ; fail(x) ; len(x) ; sorted(x) ; range(x) ; str(x) ; x if x else x ; x and x ;
    '%s' % x ; '{}'.format(x) ; x.append(x) ; x.join(x) ; [x] * 99999 ; dict(x) ;
    getattr(x, 'y') ; f(f) ; min(x, key=f) ; zip(x, x) ; (x, y) ; [[[x]]] ; (lambda: x)() ;
    type(x) ; int(x) ; hasattr(x, 'x') ; 9 ** 9 ** 9
""".split(";")  # noqa: SIM905 - easier to read


@pytest.mark.parametrize("seed", range(150))
def test_trees_whose_parts_were_exchanged(seed):
    choice = random.Random(seed)
    tree = ast.parse(
        CONFIGURATION.read_text(encoding="utf-8")
        if choice.random() < 0.3
        else Programs(choice.choice).program()
    )
    for _ in range(choice.randint(1, 8)):
        exchange_one(tree, choice)
    survives("x = [1, 2]\ny = {}\ndef f(x = 1):\n    return [x]\n" + ast.unparse(tree))


def exchange_one(tree, choice):
    """Put another expression in the place of one, wherever it is."""
    spots = [
        (node, field, number)
        for node in ast.walk(tree)
        if not isinstance(node, ast.JoinedStr)  # its parts are not expressions as others are
        for field, value in ast.iter_fields(node)
        for number, inner in enumerate(value if isinstance(value, list) else [value])
        if isinstance(inner, ast.expr)
    ]
    node, field, number = choice.choice(spots)
    if choice.random() < 0.3:
        other, name, index = choice.choice(spots)
        new = getattr(other, name)
        new = new[index] if isinstance(new, list) else new
        try:
            new = ast.parse(ast.unparse(new), mode="eval").body
        except SyntaxError:  # such as a slice, which is no expression outside of its brackets
            return
    else:
        new = ast.parse(choice.choice(SNIPPETS).strip(), mode="eval").body
    if isinstance(getattr(node, field), list):
        getattr(node, field)[number] = new
    else:
        setattr(node, field, new)

"""What Python's grammar has and Starlark has not."""

from __future__ import annotations

import ast
import re
from typing import Final

_NO_MODULES: Final = "a configuration cannot use Python modules"
_NO_ERRORS: Final = "an error ends the evaluation; test for it with `if` beforehand"
_LOOP: Final = "use `for` over a `range`"
_FORMAT: Final = 'use `"{}".format(x)` or `"%s" % x`'
_LIST: Final = "use a list"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ONE_NAME: Final = "assign the values one after another"

REFUSED: Final[dict[type[ast.AST], tuple[str, str | None]]] = {
    ast.Import: ("`import`", _NO_MODULES),
    ast.ImportFrom: ("`import`", _NO_MODULES),
    ast.Try: ("`try`", _NO_ERRORS),
    ast.TryStar: ("`try`", _NO_ERRORS),
    ast.Raise: ("`raise`", "call `fail()`"),
    ast.Assert: ("`assert`", "call `fail()`"),
    ast.While: ("`while`", _LOOP),
    ast.With: ("`with`", None),
    ast.ClassDef: ("`class`", "use functions and dicts"),
    ast.Match: ("`match`", "use `if` and `elif`"),
    ast.Global: ("`global`", "change a list or dict that is global"),
    ast.Nonlocal: ("`nonlocal`", "change a list or dict of the outer function"),
    ast.Delete: ("`del`", "use `pop()`"),
    ast.AnnAssign: ("a type annotation", None),
    ast.AsyncFunctionDef: ("`async`", None),
    ast.AsyncFor: ("`async`", None),
    ast.AsyncWith: ("`async`", None),
    ast.Await: ("`await`", None),
    ast.Yield: ("`yield`", "return a list"),
    ast.YieldFrom: ("`yield`", "return a list"),
    ast.NamedExpr: ("`:=`", "assign in a line of its own"),
    ast.JoinedStr: ("an f-string", _FORMAT),
    ast.Set: ("a set", _LIST),
    ast.SetComp: ("a set", _LIST),
    ast.GeneratorExp: ("a generator", "put the expression in `[` and `]`"),
    ast.Is: ("`is`", "use `==`"),
    ast.IsNot: ("`is not`", "use `!=`"),
    ast.Pow: ("`**` as an operator", None),
    ast.MatMult: ("`@` as an operator", None),
    ast.Div: ("`/` as an operator", "use `//`, the division of integers"),
    ast.Starred: ("`*` outside of a call", _ONE_NAME),
}
"""Of a kind of node, its name and what to do instead; `parse` adds what depends on more."""

for _name, _what in (
    ("TypeAlias", "`type`"),
    ("TypeVar", "a type parameter"),
    ("ParamSpec", "a type parameter"),
    ("TypeVarTuple", "a type parameter"),
    ("TemplateStr", "a t-string"),
):
    if hasattr(ast, _name):  # of newer versions of Python
        REFUSED[getattr(ast, _name)] = (_what, None)


def refused_constant(value: object) -> tuple[str, str | None] | None:
    """Return the same for a literal, None if Starlark has it."""
    if isinstance(value, str) and _SURROGATE.search(value):
        return "half a surrogate pair in a string", None
    if isinstance(value, float):
        return "a floating-point number", "put a version in quotes"
    if isinstance(value, bytes | complex) or value is ...:
        name = {bytes: "a bytes literal", complex: "a complex number"}.get(type(value), "`...`")
        return name, None
    return None


def refused_arguments(arguments: ast.arguments) -> tuple[str, str | None] | None:
    """Return what of a function's parameters Starlark has not."""
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [one for one in (arguments.vararg, arguments.kwarg) if one]
    if arguments.posonlyargs:
        return "`/` among parameters", None
    if any(one.annotation for one in every):
        return "a type annotation", None
    return None

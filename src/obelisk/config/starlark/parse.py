"""From the text of a file to a tree that holds only what Starlark has."""

from __future__ import annotations

import ast
import warnings
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from obelisk.config.starlark.errors import StarlarkError
from obelisk.config.starlark.limits import Limits
from obelisk.config.starlark.refused import REFUSED, refused_arguments, refused_constant
from obelisk.config.starlark.source import Source

Definition: TypeAlias = ast.Module | ast.FunctionDef | ast.Lambda
Located: TypeAlias = ast.expr | ast.stmt | ast.arg | ast.keyword

_TOO_DEEP: Final = "the source is nested too deeply"


@dataclass(frozen=True, slots=True)
class Program:
    """A file that can be evaluated."""

    source: Source
    tree: ast.Module
    depths: dict[Definition, int]
    """Of the file and each function, how many of our own calls are nested to evaluate it."""
    nodes: int
    """Names, literals, operators and statements."""


class _Spot(NamedTuple):
    """A node, and what it is in."""

    node: ast.AST
    at: Located | None
    """The node itself, or the closest around it that has a place."""
    definition: Definition
    nesting: int
    """Nodes around it in the file."""
    depth: int
    """The same in the definition."""
    chain: int
    """Of a part of a chain of operators or of `elif`, its number."""
    in_loop: bool


def parse(source: Source, limits: Limits) -> Program:
    """Return the tree of a file; raise `StarlarkError` at what is not Starlark."""
    tree = _tree(source)
    depths: dict[Definition, int] = {tree: 0}
    problems = []
    nodes = 0
    for spot in _spots(tree, source, limits):
        nodes += 1
        depths[spot.definition] = max(depths.get(spot.definition, 0), spot.depth)
        problem = _problem(spot)
        if problem:
            problems.append(_error(source, spot, *problem))
    if problems:
        raise min(problems, key=lambda error: (error.place.line, error.place.column))
    return Program(source, tree, depths, nodes)


def _spots(tree: ast.Module, source: Source, limits: Limits) -> Iterator[_Spot]:
    """Yield every node; raise `StarlarkError` when there are too many, or too deep ones."""
    spots = [_Spot(tree, None, tree, 0, 0, 0, in_loop=False)]
    for _ in range(limits.nodes):
        if not spots:
            return
        spot = spots.pop()
        nested = spot.nesting > limits.nesting or spot.depth > limits.depth
        if nested or spot.chain > limits.chain:
            raise _error(source, spot, _TOO_DEEP, None)
        yield spot
        spots += _children(spot)
    problem = f"the source is too large: more than {limits.nodes} names and operators"
    raise StarlarkError(problem, source.place_at(1, 1))


def _tree(source: Source) -> ast.Module:
    try:
        return _parsed(source.text)
    except SyntaxError as error:
        raise _syntax_error(source, error) from None
    except (RecursionError, MemoryError):
        raise StarlarkError(_TOO_DEEP, source.place_at(_too_deep_at(source), 1)) from None
    except (ValueError, OverflowError) as error:
        problem = f"invalid syntax: {error}"
        raise StarlarkError(problem, source.place_at(1, 1)) from None


def _syntax_error(source: Source, error: SyntaxError) -> StarlarkError:
    place = source.place_at(error.lineno, error.offset)
    if "integer string conversion" in error.msg:
        return StarlarkError("integer too large", place)
    hint = None
    if "unicodeescape" in error.msg:
        hint = 'write `\\\\` for a backslash, or `r"..."` for a string without escapes'
    return StarlarkError(f"invalid syntax: {error.msg}", place, hint=hint)


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of unknown escapes such as "\d"
        return ast.parse(text)


def _too_deep_at(source: Source) -> int:
    """Return the line up to which Python's parser can nest no deeper."""
    return 1 + bisect_left(
        range(1, len(source.lines) + 1),
        1,
        key=lambda count: _is_too_deep("\n".join(source.lines[:count])),
    )


def _is_too_deep(text: str) -> bool:
    try:
        _parsed(text)
    except (RecursionError, MemoryError):
        return True
    except (SyntaxError, ValueError, OverflowError):
        pass
    return False


def _error(source: Source, spot: _Spot, problem: str, hint: str | None) -> StarlarkError:
    place = source.place(spot.at) if spot.at else source.place_at(1, 1)
    return StarlarkError(problem, place, hint=hint)


def _children(spot: _Spot) -> Iterator[_Spot]:
    node = spot.node
    is_function = isinstance(node, ast.FunctionDef | ast.Lambda)
    for field, found in _fields(node):
        # The only place for a `*`.
        is_starred = isinstance(node, ast.Call) and isinstance(found, ast.Starred)
        child = found.value if is_starred and isinstance(found, ast.Starred) else found
        in_body = is_function and field == "body"
        # Chains of operators and of `elif` are evaluated one after another.
        is_chained = _is_chained(node, field, child)
        levels = 0 if is_chained else _levels(node, child)
        yield _Spot(
            child,
            child if isinstance(child, Located) else spot.at,
            node if in_body else spot.definition,  # type: ignore[arg-type]
            spot.nesting + (0 if is_chained else 1),
            levels if in_body else spot.depth + levels,
            spot.chain + 1 if is_chained else 0,
            in_loop=not in_body and (spot.in_loop or isinstance(node, ast.For)),
        )


def _levels(node: ast.AST, child: ast.AST) -> int:
    """Return how many calls of ours are nested for a node within another."""
    loops = len(node.generators) if isinstance(node, ast.ListComp | ast.DictComp) else 0
    return (2 if isinstance(child, ast.stmt) else 1) + 2 * loops


def _fields(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Name | ast.Constant):
        return
    for field in node._fields:
        value = getattr(node, field)
        if isinstance(value, list):
            yield from ((field, child) for child in value if isinstance(child, ast.AST))
        elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
            yield field, value


def _is_chained(node: ast.AST, field: str, child: ast.AST) -> bool:
    if isinstance(node, ast.BinOp) and field == "left":
        return isinstance(child, ast.BinOp)
    return is_elif(node) and field == "orelse"


def is_elif(node: ast.AST) -> bool:
    """Return whether a statement has an `elif` (or an `else` that holds only an `if`)."""
    return isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)


def _problem(spot: _Spot) -> tuple[str, str | None] | None:
    """Return what is wrong with a node itself, and what to do."""
    node = spot.node
    refused = REFUSED.get(type(node)) or _refused_form(node)
    if refused:
        return f"{refused[0]} is not part of Starlark", refused[1]
    return _misplaced(spot) or _repeated(node)


def _refused_form(node: ast.AST) -> tuple[str, str | None] | None:
    refused: tuple[str, str | None] | None = None
    match node:
        case ast.Constant(value=value):
            refused = refused_constant(value)
        case ast.FunctionDef(decorator_list=[_, *_]):
            refused = "a decorator", "call the function"
        case ast.FunctionDef(returns=ast.expr()):
            refused = "a type annotation", None
        case ast.For(orelse=[_, *_]):
            refused = "`else` of a loop", None
        case ast.Assign(targets=[_, _, *_]):
            refused = "an assignment to several targets", "assign in two lines"
        case ast.Compare(ops=[_, _, *_]):
            refused = "a chain of comparisons", "join two comparisons with `and`"
        case ast.Dict(keys=keys) if None in keys:
            refused = "`**` in a dict", "use `|` or `update()`"
        case ast.arguments():
            refused = refused_arguments(node)
        case ast.comprehension(is_async=1):
            refused = "`async`", None
        case _:
            pass
    return refused


def _misplaced(spot: _Spot) -> tuple[str, str | None] | None:
    node = spot.node
    if isinstance(node, ast.Return) and not isinstance(spot.definition, ast.FunctionDef):
        return "`return` outside of a function", None
    if isinstance(node, ast.Break | ast.Continue) and not spot.in_loop:
        word = "break" if isinstance(node, ast.Break) else "continue"
        return f"`{word}` outside of a loop", None
    return None


def _repeated(node: ast.AST) -> tuple[str, str | None] | None:
    match node:
        case ast.Call(keywords=keywords):
            names = [keyword.arg for keyword in keywords if keyword.arg]
        case ast.arguments():
            every = [*node.args, *node.kwonlyargs, node.vararg, node.kwarg]
            names = [one.arg for one in every if one]
        case _:
            return None
    twice = [name for name, count in Counter(names).items() if count > 1]
    return (f"`{twice[0]}` is given twice", None) if twice else None

"""Which names are local to a function, and the variables of one call."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from obelisk.config.starlark.values import Value


@dataclass(frozen=True, slots=True)
class Scope:
    """The local names of a function or comprehension, and the function around it."""

    names: frozenset[str]
    parent: Scope | None

    def levels(self, name: str) -> int | None:
        """Return how many scopes further out a name is local; None if it is global."""
        scope: Scope | None = self
        levels = 0
        while scope is not None:
            if name in scope.names:
                return levels
            scope = scope.parent
            levels += 1
        return None

    def all_names(self) -> set[str]:
        """Return all names that are local here or further out."""
        return set(self.names) | (self.parent.all_names() if self.parent else set())


class Frame:
    """The variables of one call of a function, or of one run of a comprehension."""

    __slots__ = ("parent", "variables")

    def __init__(self, variables: dict[str, Value], parent: Frame | None) -> None:
        self.variables = variables
        self.parent = parent

    def outer(self, levels: int) -> Frame:
        """Return the frame that many scopes further out."""
        frame = self
        for _ in range(levels):
            assert frame.parent is not None  # noqa: S101 - there is one for each scope
            frame = frame.parent
        return frame


def function_scope(node: ast.FunctionDef | ast.Lambda, parent: Scope | None) -> Scope:
    """Return the scope of a function: its parameters and what is assigned in it."""
    arguments = node.args
    every = [*arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    names = {one.arg for one in every if one}
    if isinstance(node, ast.FunctionDef):
        names |= assigned(node.body)
    return Scope(frozenset(names), parent)


def comprehension_scope(generators: Iterable[ast.comprehension], parent: Scope | None) -> Scope:
    """Return the scope of a comprehension: the variables of its loops."""
    names = {name for generator in generators for name in _targets(generator.target)}
    return Scope(frozenset(names), parent)


def assigned(body: list[ast.stmt]) -> set[str]:
    """Return the names that statements assign, not those of functions within them."""
    names: set[str] = set()
    statements = list(body)
    while statements:
        statement = statements.pop()
        match statement:
            case ast.FunctionDef(name=name):
                names.add(name)
            case ast.Assign(targets=[target]) | ast.AugAssign(target=target):
                names |= set(_targets(target))
            case ast.For(target=target, body=inner):
                names |= set(_targets(target))
                statements += inner
            case ast.If(body=inner, orelse=orelse):
                statements += [*inner, *orelse]
            case _:
                pass
    return names


def _targets(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for inner in target.elts:
            yield from _targets(inner)

"""What is needed to turn the tree of one file into functions that evaluate it.

Each expression becomes a function of a `Frame` that returns its value, each statement one that
returns None, or how it leaves the block. So a part of the tree is looked at once, however often it
is evaluated, and a call of ours is nested for each level of the tree.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, TypeAlias

from obelisk.config.starlark.errors import StarlarkError, placed
from obelisk.config.starlark.limits import CALL, Budget
from obelisk.config.starlark.parse import Located, Program
from obelisk.config.starlark.scope import Frame, Scope
from obelisk.config.starlark.stack import Caller, Stack
from obelisk.config.starlark.values import Value
from obelisk.errors import ObeliskError

FUNCTION: Final = 16
"""Steps of making a function."""
_STEPS: Final[Mapping[type[ast.AST], int]] = {
    ast.Call: CALL,
    ast.Constant: 1,
    ast.Lambda: FUNCTION,
    ast.Name: 1,
}
_OTHER_STEPS: Final = 3
"""Steps are about as long as one another, a tenth of a microsecond."""

Expression: TypeAlias = Callable[[Frame], Value]


@dataclass(frozen=True, slots=True)
class Leave:
    """How a statement leaves its block: `break`, `continue`, or `return` with a value."""

    word: str
    value: Value = None


Statement: TypeAlias = Callable[[Frame], Leave | None]
Tables: TypeAlias = Mapping[type[ast.AST], Callable[["Unit", Any, Scope | None], Any]]
"""Of each kind of node, what makes its function."""


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One file that is being evaluated."""

    program: Program
    stack: Stack
    names: Mapping[str, Value]
    """What the language and the host give."""
    load: Callable[[str, Caller], Mapping[str, Value]]
    """Evaluates another file, and returns its names."""
    tables: Tables
    assigned: frozenset[str]
    """The global names that are assigned anywhere in the file."""
    globals: dict[str, Value] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    """The global names that come from other files."""

    @property
    def budget(self) -> Budget:
        """The budget of the evaluation."""
        return self.stack.budget

    def expression(self, node: ast.expr, scope: Scope | None) -> Expression:
        """Return the function that evaluates an expression."""
        made: Expression = self.tables[type(node)](self, node, scope)
        return made

    def statement(self, node: ast.stmt, scope: Scope | None) -> Statement:
        """Return the function that executes a statement."""
        made: Statement = self.tables[type(node)](self, node, scope)
        return made

    def caller(self, node: Located) -> Caller:
        """Return what the host gets to know of a place."""
        return Caller(self.stack, self.program.source.place(node))

    def error(self, node: Located, problem: str, hint: str | None = None) -> StarlarkError:
        """Return an error at a node."""
        place = self.program.source.place(node)
        return StarlarkError(problem, place, self.stack.calls, hint=hint)

    def raise_at(self, node: Located, error: ObeliskError) -> NoReturn:
        """Raise an error with its place, which is this node unless it has one already."""
        raise placed(error, self.program.source.place(node), self.stack.calls)


def weight(*nodes: ast.AST | None) -> int:
    """Return how many steps expressions take, without what they call."""
    return sum(
        _STEPS.get(type(inner), _OTHER_STEPS)
        for node in nodes
        if node is not None
        for inner in ast.walk(node)
        if isinstance(inner, ast.expr)
    )

"""Functions of a configuration: defining and calling them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from obelisk.config.starlark.errors import Call, Place
from obelisk.config.starlark.scope import Frame, Scope, function_scope
from obelisk.config.starlark.signature import Parameter, Signature, bind
from obelisk.config.starlark.stack import Caller, Function
from obelisk.config.starlark.statements import block
from obelisk.config.starlark.unit import Expression, Leave, Statement, Tables, Unit, weight
from obelisk.config.starlark.values import Value
from obelisk.errors import ConfigError

_PER_CALL = 6
"""Calls of ours for one call, besides those of the function's own depth."""


@dataclass(frozen=True, slots=True, eq=False)
class _Definition:
    """A `def` or `lambda`, whenever it is evaluated."""

    name: str
    place: Place
    signature: Signature
    depth: int
    run: Statement
    """Executes the body."""


class StarlarkFunction(Function):
    """A function that a configuration defines."""

    def __init__(
        self, definition: _Definition, defaults: Mapping[str, Value], frame: Frame
    ) -> None:
        super().__init__(definition.name)
        self.place = definition.place
        self._definition = definition
        self._defaults = defaults
        self._frame = frame

    @property
    def signature(self) -> Signature:
        """The parameters that it takes."""
        return self._definition.signature

    def call(self, caller: Caller, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        """Evaluate the body with these arguments, and return what it returns."""
        definition = self._definition
        frame = Frame(self._variables(arguments, keywords), self._frame)
        caller.stack.enter(Call(self.name, caller.place), definition, definition.depth)
        try:
            leave = definition.run(frame)
        finally:
            caller.stack.leave(definition, definition.depth)
        return None if leave is None else leave.value

    def _variables(self, arguments: list[Value], keywords: dict[str, Value]) -> dict[str, Value]:
        signature = self._definition.signature
        if not keywords and len(arguments) == len(signature.positional) and not signature.special:
            return dict(zip(signature.positional, arguments, strict=True))
        values, rest, further = bind(self.name, signature, arguments, keywords)
        variables = {**self._defaults, **values}
        if signature.rest is not None:
            variables[signature.rest.name] = tuple(rest)
        if signature.keywords is not None:
            variables[signature.keywords.name] = further
        return variables


def definition(unit: Unit, node: ast.FunctionDef, scope: Scope | None) -> Statement:
    """Execute `def`: assign a function to its name."""
    inner = function_scope(node, scope)
    make = _maker(unit, node, scope, block(unit, node.body, inner))
    name, variables = node.name, unit.globals

    def execute(frame: Frame) -> None:
        (variables if scope is None else frame.variables)[name] = make(frame)

    return execute


def anonymous(unit: Unit, node: ast.Lambda, scope: Scope | None) -> Expression:
    """Evaluate `lambda`."""
    body = unit.expression(node.body, function_scope(node, scope))
    budget, steps = unit.budget, weight(node.body)

    def run(frame: Frame) -> Leave:
        try:
            budget.spend(steps)
        except ConfigError as error:
            unit.raise_at(node, error)
        return Leave("return", body(frame))

    return _maker(unit, node, scope, run)


def _maker(
    unit: Unit, node: ast.FunctionDef | ast.Lambda, scope: Scope | None, run: Statement
) -> Expression:
    """Return what makes a function where it is defined, with its default values of then."""
    signature, defaults = _signature(unit, node.args, scope)
    fixed = _Definition(
        name=node.name if isinstance(node, ast.FunctionDef) else "lambda",
        place=unit.program.source.place(node),
        signature=signature,
        depth=unit.program.depths[node] + _PER_CALL,
        run=run,
    )

    def make(frame: Frame) -> StarlarkFunction:
        values = {name: default(frame) for name, default in defaults.items()}
        return StarlarkFunction(fixed, values, frame)

    return make


def _signature(
    unit: Unit, arguments: ast.arguments, scope: Scope | None
) -> tuple[Signature, dict[str, Expression]]:
    first = len(arguments.args) - len(arguments.defaults)
    given = [
        *zip(arguments.args[first:], arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    defaults = {
        one.arg: unit.expression(default, scope) for one, default in given if default is not None
    }

    def parameters(nodes: list[ast.arg]) -> tuple[Parameter, ...]:
        return tuple(Parameter(name=one.arg, required=one.arg not in defaults) for one in nodes)

    signature = Signature(
        either=parameters(arguments.args),
        keyword_only=parameters(arguments.kwonlyargs),
        rest=Parameter(name=arguments.vararg.arg) if arguments.vararg else None,
        keywords=Parameter(name=arguments.kwarg.arg) if arguments.kwarg else None,
    )
    return signature, defaults


FUNCTIONS: Tables = {ast.FunctionDef: definition, ast.Lambda: anonymous}

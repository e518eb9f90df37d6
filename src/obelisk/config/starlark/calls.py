"""Calls in a configuration."""

from __future__ import annotations

import ast

from obelisk.config.starlark.scope import Frame, Scope
from obelisk.config.starlark.sequences import as_list
from obelisk.config.starlark.stack import Function
from obelisk.config.starlark.text import quoted
from obelisk.config.starlark.unit import Expression, Tables, Unit
from obelisk.config.starlark.values import Value, article
from obelisk.errors import ConfigError, ObeliskError


def call(unit: Unit, node: ast.Call, scope: Scope | None) -> Expression:
    """Evaluate a call."""
    callee = unit.expression(node.func, scope)
    arguments = [
        (isinstance(argument, ast.Starred), unit.expression(_inside(argument), scope))
        for argument in node.args
    ]
    keywords = [(keyword.arg, unit.expression(keyword.value, scope)) for keyword in node.keywords]
    caller = unit.caller(node)

    def evaluate(frame: Frame) -> Value:
        function = callee(frame)
        values: list[Value] = []
        named: dict[str, Value] = {}
        try:
            for is_several, argument in arguments:
                if is_several:
                    values += as_list(argument(frame), unit.budget)
                else:
                    values.append(argument(frame))
            for word, value in keywords:
                if word is None:
                    _add(named, value(frame), unit)
                else:
                    named[word] = value(frame)
            if isinstance(function, Function):
                return function.call(caller, values, named)
            message = f"{article(function)} cannot be called"
            raise ConfigError(message)
        except ObeliskError as error:
            unit.raise_at(node, error)

    return evaluate


def _inside(argument: ast.expr) -> ast.expr:
    return argument.value if isinstance(argument, ast.Starred) else argument


def _add(named: dict[str, Value], values: Value, unit: Unit) -> None:
    """Add the entries of a dict that is given as `**values`."""
    if not isinstance(values, dict):
        message = f"`**` needs a dict, not {article(values)}"
        raise ConfigError(message)
    unit.budget.spend(3 * len(values))
    for name, value in values.items():
        if not isinstance(name, str):
            message = f"`**` needs strings as keys, not {article(name)}"
            raise ConfigError(message)
        if name in named:
            message = f"keyword argument {quoted(name)} is given twice"
            raise ConfigError(message)
        named[name] = value


CALLS: Tables = {ast.Call: call}

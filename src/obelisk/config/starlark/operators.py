"""Operators on values."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from obelisk.config.starlark import keys
from obelisk.config.starlark.compare import contains, equal, order, refuse
from obelisk.config.starlark.formatting import percent
from obelisk.config.starlark.host import HostObject
from obelisk.config.starlark.limits import Budget
from obelisk.config.starlark.sequences import iterated
from obelisk.config.starlark.values import Value, article
from obelisk.errors import ConfigError

Operand: TypeAlias = Any
Binary: TypeAlias = Callable[[Operand, Operand, Budget], Value]
_BIT: Final[Mapping[str, Callable[[int, int], int]]] = {
    "&": operator.and_,
    "^": operator.xor,
    ">>": operator.rshift,
}


def add(left: Operand, right: Operand, budget: Budget) -> Value:
    """Return the sum of integers, or what two strings, lists or tuples are together."""
    kind = type(left)
    if kind is type(right):
        if kind is str:
            budget.text(len(left) + len(right))
            return left + right
        if kind is int:
            return budget.integer(left + right)
        if kind in (list, tuple):
            budget.items(len(left) + len(right))
            return left + right
    return refuse("+", left, right)


def subtract(left: Operand, right: Operand, budget: Budget) -> Value:
    """Return the difference of two integers."""
    if type(left) is int and type(right) is int:
        return budget.integer(left - right)
    return refuse("-", left, right)


def multiply(left: Operand, right: Operand, budget: Budget) -> Value:
    """Return a product, or a string, list or tuple that often."""
    if type(left) is int and type(right) is int:
        return budget.integer(left * right)
    for value, times in ((left, right), (right, left)):
        if type(times) is int and isinstance(value, str | list | tuple):
            length = len(value) * max(0, times)
            (budget.text if isinstance(value, str) else budget.items)(length)
            return value * (times if length else 0)
    return refuse("*", left, right)


def floor_divide(left: Operand, right: Operand, _: Budget) -> Value:
    """Return the quotient of two integers, rounded down."""
    if type(left) is int and type(right) is int:
        if right == 0:
            message = "division by zero"
            raise ConfigError(message)
        return left // right
    return refuse("//", left, right)


def modulo(left: Operand, right: Operand, budget: Budget) -> Value:
    """Return the rest of a division, or a string with its `%s` filled in."""
    if isinstance(left, str):
        return percent(left, right, budget)
    if type(left) is int and type(right) is int:
        if right == 0:
            message = "division by zero"
            raise ConfigError(message)
        return left % right
    return refuse("%", left, right)


def either(left: Operand, right: Operand, budget: Budget) -> Value:
    """Return the bits of both integers, or the entries of both dicts."""
    if type(left) is int and type(right) is int:
        return left | right
    if isinstance(left, dict) and isinstance(right, dict):
        budget.items(len(left))
        result = dict(left)
        for key, value in right.items():
            keys.put(result, key, value, budget)
        return result
    return refuse("|", left, right)


def shift_left(left: Operand, right: Operand, budget: Budget) -> Value:
    """Return an integer with its bits moved up."""
    if type(left) is int and type(right) is int:
        _require_shift(right)
        budget.integer(1 << min(right, 2 * budget.limits.bits) if left else 0)
        return budget.integer(left << right if left else 0)
    return refuse("<<", left, right)


def _bitwise(symbol: str) -> Binary:
    function = _BIT[symbol]

    def evaluate(left: Operand, right: Operand, _: Budget) -> Value:
        if type(left) is int and type(right) is int:
            if symbol == ">>":
                _require_shift(right)
            return function(left, right)
        return refuse(symbol, left, right)

    return evaluate


def _require_shift(count: int) -> None:
    if count < 0:
        message = "cannot shift by a negative number of bits"
        raise ConfigError(message)


def is_in(value: Value, container: Value, budget: Budget) -> bool:
    """Return whether a container has a value, or a string another one."""
    if isinstance(container, str):
        if not isinstance(value, str):
            message = f"only a string can be in a string, not {article(value)}"
            raise ConfigError(message)
        budget.spend(len(container) >> 6)
        return value in container
    if isinstance(container, dict):
        return keys.holds(container, value, budget)
    if isinstance(container, range):
        return type(value) is int and value in container
    if isinstance(container, list | tuple):
        return contains(container, value, budget)
    if isinstance(container, HostObject):
        return contains(iterated(container, budget), value, budget)
    return refuse("in", value, container)


BINARY: Final[Mapping[type[ast.operator], Binary]] = {
    ast.Add: add,
    ast.Sub: subtract,
    ast.Mult: multiply,
    ast.FloorDiv: floor_divide,
    ast.Mod: modulo,
    ast.BitOr: either,
    ast.BitAnd: _bitwise("&"),
    ast.BitXor: _bitwise("^"),
    ast.LShift: shift_left,
    ast.RShift: _bitwise(">>"),
}
COMPARISONS: Final[Mapping[type[ast.cmpop], Binary]] = {
    ast.Eq: equal,
    ast.NotEq: lambda left, right, budget: not equal(left, right, budget),
    ast.Lt: lambda left, right, budget: order(left, right, budget) < 0,
    ast.LtE: lambda left, right, budget: order(left, right, budget) <= 0,
    ast.Gt: lambda left, right, budget: order(left, right, budget) > 0,
    ast.GtE: lambda left, right, budget: order(left, right, budget) >= 0,
    ast.In: is_in,
    ast.NotIn: lambda left, right, budget: not is_in(left, right, budget),
}


def unary(symbol: ast.unaryop, value: Value) -> Value:
    """Return `-x`, `+x` or `~x`."""
    if type(value) is int:
        match symbol:
            case ast.USub():
                return -value
            case ast.UAdd():
                return value
            case _:
                return ~value
    shown = {ast.USub: "-", ast.UAdd: "+"}.get(type(symbol), "~")
    message = f"`{shown}` does not take {article(value)}"
    raise ConfigError(message)

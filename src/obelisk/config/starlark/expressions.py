"""Expressions, but for calls, functions and comprehensions."""

from __future__ import annotations

import ast
import builtins

from obelisk.config.starlark import keys
from obelisk.config.starlark.attributes import attribute
from obelisk.config.starlark.operators import BINARY, COMPARISONS, unary
from obelisk.config.starlark.scope import Frame, Scope
from obelisk.config.starlark.sequences import item, slice_of, suggestion
from obelisk.config.starlark.unit import Expression, Tables, Unit
from obelisk.config.starlark.values import Value
from obelisk.errors import ConfigError, ObeliskError


def constant(unit: Unit, node: ast.Constant, _: Scope | None) -> Expression:
    """Evaluate a literal."""
    value = node.value
    if type(value) is int:
        try:
            unit.budget.integer(value)
        except ConfigError as error:
            unit.raise_at(node, error)
    return lambda _: value


def name(unit: Unit, node: ast.Name, scope: Scope | None) -> Expression:
    """Read a variable."""
    levels = scope.levels(node.id) if scope is not None else None
    return _global(unit, node, scope) if levels is None else _local(unit, node, levels)


def _local(unit: Unit, node: ast.Name, levels: int) -> Expression:
    word = node.id

    def evaluate(frame: Frame) -> Value:
        try:
            return (frame.outer(levels) if levels else frame).variables[word]
        except KeyError:
            raise unit.error(node, f"`{word}` is read before it is assigned") from None

    return evaluate


def _global(unit: Unit, node: ast.Name, scope: Scope | None) -> Expression:
    word, variables, given = node.id, unit.globals, unit.names

    def evaluate(_: Frame) -> Value:
        try:
            return variables[word] if word in variables else given[word]
        except KeyError:
            pass
        if word in unit.assigned:
            raise unit.error(node, f"`{word}` is read before it is assigned")
        raise unit.error(node, f"`{word}` is not defined", _known(unit, word, scope))

    return evaluate


def _known(unit: Unit, word: str, scope: Scope | None) -> str | None:
    """Return a hint about a name that is not defined."""
    names = {*unit.globals, *unit.names, *(scope.all_names() if scope is not None else ())}
    close = suggestion(word, sorted(names))
    if close is None and hasattr(builtins, word):
        return f"`{word}` is a function of Python, which Starlark does not have"
    return close


def list_display(unit: Unit, node: ast.List, scope: Scope | None) -> Expression:
    """Evaluate `[a, b]`."""
    items = [unit.expression(inner, scope) for inner in node.elts]
    return lambda frame: [evaluate(frame) for evaluate in items]


def tuple_display(unit: Unit, node: ast.Tuple, scope: Scope | None) -> Expression:
    """Evaluate `(a, b)`."""
    items = [unit.expression(inner, scope) for inner in node.elts]
    return lambda frame: tuple([evaluate(frame) for evaluate in items])


def dict_display(unit: Unit, node: ast.Dict, scope: Scope | None) -> Expression:
    """Evaluate `{key: value}`; of a key that is there twice, the last value stays."""
    entries = [
        (key, unit.expression(key, scope), unit.expression(value, scope))
        for key, value in zip(node.keys, node.values, strict=True)
        if key is not None
    ]
    budget = unit.budget

    def evaluate(frame: Frame) -> Value:
        result: keys.Dict = {}
        for key_node, key, value in entries:
            found, content = key(frame), value(frame)
            try:
                keys.put(result, found, content, budget)
            except ConfigError as error:
                unit.raise_at(key_node, error)
        return result

    return evaluate


def conditional(unit: Unit, node: ast.IfExp, scope: Scope | None) -> Expression:
    """Evaluate `a if condition else b`."""
    test = unit.expression(node.test, scope)
    body, orelse = unit.expression(node.body, scope), unit.expression(node.orelse, scope)
    return lambda frame: body(frame) if test(frame) else orelse(frame)


def junction(unit: Unit, node: ast.BoolOp, scope: Scope | None) -> Expression:
    """Evaluate `a and b` or `a or b`: the value that decides."""
    *first, last = [unit.expression(inner, scope) for inner in node.values]
    decides = isinstance(node.op, ast.Or)

    def evaluate(frame: Frame) -> Value:
        for operand in first:
            value = operand(frame)
            if bool(value) is decides:
                return value
        return last(frame)

    return evaluate


def unary_operation(unit: Unit, node: ast.UnaryOp, scope: Scope | None) -> Expression:
    """Evaluate `not a` or `-a`."""
    operand, symbol = unit.expression(node.operand, scope), node.op
    if isinstance(symbol, ast.Not):
        return lambda frame: not operand(frame)

    def evaluate(frame: Frame) -> Value:
        value = operand(frame)
        try:
            return unary(symbol, value)
        except ConfigError as error:
            unit.raise_at(node, error)

    return evaluate


def binary_operation(unit: Unit, node: ast.BinOp, scope: Scope | None) -> Expression:
    """Evaluate `a + b`; a long chain of them without nesting."""
    chain = []
    innermost: ast.expr = node
    while isinstance(innermost, ast.BinOp):
        chain.append(innermost)
        innermost = innermost.left
    first = unit.expression(innermost, scope)
    steps = [
        (part, BINARY[type(part.op)], unit.expression(part.right, scope))
        for part in reversed(chain)
    ]
    budget = unit.budget

    def evaluate(frame: Frame) -> Value:
        value = first(frame)
        for part, operate, operand in steps:
            right = operand(frame)
            try:
                value = operate(value, right, budget)
            except ConfigError as error:
                unit.raise_at(part.right, error)
        return value

    return evaluate


def comparison(unit: Unit, node: ast.Compare, scope: Scope | None) -> Expression:
    """Evaluate `a == b`, `a in b` and the like."""
    left, right = unit.expression(node.left, scope), unit.expression(node.comparators[0], scope)
    compare = COMPARISONS[type(node.ops[0])]
    budget = unit.budget

    def evaluate(frame: Frame) -> Value:
        one, other = left(frame), right(frame)
        try:
            return compare(one, other, budget)
        except ConfigError as error:
            unit.raise_at(node, error)

    return evaluate


def subscript(unit: Unit, node: ast.Subscript, scope: Scope | None) -> Expression:
    """Evaluate `a[key]` or `a[start:stop]`."""
    value = unit.expression(node.value, scope)
    if isinstance(node.slice, ast.Slice):
        return _slice(unit, node, value, node.slice, scope)
    key, caller = unit.expression(node.slice, scope), unit.caller(node)

    def evaluate(frame: Frame) -> Value:
        container, index = value(frame), key(frame)
        try:
            return item(container, index, caller)
        except ObeliskError as error:
            unit.raise_at(node, error)

    return evaluate


def _slice(
    unit: Unit, node: ast.Subscript, value: Expression, bounds: ast.Slice, scope: Scope | None
) -> Expression:
    parts = [
        unit.expression(bound, scope) if bound is not None else lambda _: None
        for bound in (bounds.lower, bounds.upper, bounds.step)
    ]
    budget = unit.budget

    def evaluate(frame: Frame) -> Value:
        container, limits = value(frame), [part(frame) for part in parts]
        try:
            return slice_of(container, limits, budget)
        except ConfigError as error:
            unit.raise_at(node, error)

    return evaluate


def attribute_read(unit: Unit, node: ast.Attribute, scope: Scope | None) -> Expression:
    """Evaluate `a.name`."""
    value, word, caller = unit.expression(node.value, scope), node.attr, unit.caller(node)

    def evaluate(frame: Frame) -> Value:
        owner = value(frame)
        try:
            return attribute(owner, word, caller)
        except ObeliskError as error:
            unit.raise_at(node, error)

    return evaluate


EXPRESSIONS: Tables = {
    ast.Attribute: attribute_read,
    ast.BinOp: binary_operation,
    ast.BoolOp: junction,
    ast.Compare: comparison,
    ast.Constant: constant,
    ast.Dict: dict_display,
    ast.IfExp: conditional,
    ast.List: list_display,
    ast.Name: name,
    ast.Subscript: subscript,
    ast.Tuple: tuple_display,
    ast.UnaryOp: unary_operation,
}

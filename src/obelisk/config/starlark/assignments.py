"""Assignments to names, attributes and items."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TypeAlias

from obelisk.config.starlark.attributes import attribute, set_attribute
from obelisk.config.starlark.collection_methods import extend, update
from obelisk.config.starlark.operators import BINARY
from obelisk.config.starlark.scope import Frame, Scope
from obelisk.config.starlark.sequences import item, set_item, unpacked
from obelisk.config.starlark.stack import Caller
from obelisk.config.starlark.unit import Expression, Statement, Tables, Unit
from obelisk.config.starlark.values import Value
from obelisk.errors import ObeliskError

Assign: TypeAlias = Callable[[Frame, Value], None]
_Change: TypeAlias = Callable[[Frame, Value], Value]
"""Returns what becomes of a value by `+=` and the like."""


def assign_statement(unit: Unit, node: ast.Assign, scope: Scope | None) -> Statement:
    """Execute `target = value`."""
    evaluate = unit.expression(node.value, scope)
    assign = assignment(unit, node.targets[0], scope)

    def execute(frame: Frame) -> None:
        assign(frame, evaluate(frame))

    return execute


def assignment(unit: Unit, target: ast.expr, scope: Scope | None) -> Assign:
    """Return what assigns a value to a target."""
    match target:
        case ast.Name(id=name):
            return _to_name(unit, name, scope)
        case ast.Attribute(value=owner, attr=name):
            return _to_attribute(unit, target, owner, name, scope)
        case ast.Subscript(value=container, slice=key) if not isinstance(key, ast.Slice):
            return _to_item(unit, target, container, key, scope)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            return _to_several(unit, target, targets, scope)
        case _:
            pass
    raise unit.error(target, "a slice cannot be assigned")


def _to_name(unit: Unit, name: str, scope: Scope | None) -> Assign:
    is_global, variables = scope is None, unit.globals

    def assign(frame: Frame, value: Value) -> None:
        (variables if is_global else frame.variables)[name] = value

    return assign


def _to_attribute(
    unit: Unit, target: ast.Attribute, owner: ast.expr, name: str, scope: Scope | None
) -> Assign:
    evaluate, caller = unit.expression(owner, scope), unit.caller(target)

    def assign(frame: Frame, value: Value) -> None:
        found = evaluate(frame)
        try:
            set_attribute(found, name, value, caller)
        except ObeliskError as error:
            unit.raise_at(target, error)

    return assign


def _to_item(
    unit: Unit, target: ast.Subscript, container: ast.expr, key: ast.expr, scope: Scope | None
) -> Assign:
    evaluate, index = unit.expression(container, scope), unit.expression(key, scope)
    caller = unit.caller(target)

    def assign(frame: Frame, value: Value) -> None:
        found, at = evaluate(frame), index(frame)
        try:
            set_item(found, at, value, caller)
        except ObeliskError as error:
            unit.raise_at(target, error)

    return assign


def _to_several(
    unit: Unit, target: ast.expr, targets: list[ast.expr], scope: Scope | None
) -> Assign:
    assigns = [assignment(unit, inner, scope) for inner in targets]
    budget = unit.budget

    def assign(frame: Frame, value: Value) -> None:
        try:
            values = unpacked(value, len(assigns), budget)
        except ObeliskError as error:
            unit.raise_at(target, error)
        for each, inner in zip(assigns, values, strict=True):
            each(frame, inner)

    return assign


def augmented(unit: Unit, node: ast.AugAssign, scope: Scope | None) -> Statement:
    """Execute `target += value`: a list or dict is changed itself, as in Python."""
    change = _change(unit, node, scope)
    match node.target:
        case ast.Name():
            read = unit.expression(node.target, scope)
            assign = assignment(unit, node.target, scope)
            return lambda frame: assign(frame, change(frame, read(frame)))
        case ast.Attribute():
            return _change_attribute(unit, node.target, scope, change)
        case ast.Subscript(slice=key) if not isinstance(key, ast.Slice):
            return _change_item(unit, node.target, scope, change)
        case _:
            pass
    raise unit.error(node.target, "a slice cannot be assigned")


def _change(unit: Unit, node: ast.AugAssign, scope: Scope | None) -> _Change:
    evaluate: Expression = unit.expression(node.value, scope)
    caller = unit.caller(node.value)

    def change(frame: Frame, left: Value) -> Value:
        right = evaluate(frame)
        try:
            return _combined(node.op, left, right, caller)
        except ObeliskError as error:
            unit.raise_at(node.value, error)

    return change


def _combined(symbol: ast.operator, left: Value, right: Value, caller: Caller) -> Value:
    if isinstance(symbol, ast.Add) and isinstance(left, list):
        extend(left, right, caller)
        return left
    if isinstance(symbol, ast.BitOr) and isinstance(left, dict) and isinstance(right, dict):
        update(left, right, caller)
        return left
    return BINARY[type(symbol)](left, right, caller.stack.budget)


def _change_attribute(
    unit: Unit, target: ast.Attribute, scope: Scope | None, change: _Change
) -> Statement:
    evaluate, caller = unit.expression(target.value, scope), unit.caller(target)

    def execute(frame: Frame) -> None:
        owner = evaluate(frame)
        try:
            value = change(frame, attribute(owner, target.attr, caller))
            set_attribute(owner, target.attr, value, caller)
        except ObeliskError as error:
            unit.raise_at(target, error)

    return execute


def _change_item(
    unit: Unit, target: ast.Subscript, scope: Scope | None, change: _Change
) -> Statement:
    evaluate, index = unit.expression(target.value, scope), unit.expression(target.slice, scope)
    caller = unit.caller(target)

    def execute(frame: Frame) -> None:
        container, key = evaluate(frame), index(frame)
        try:
            value = change(frame, item(container, key, caller))
            set_item(container, key, value, caller)
        except ObeliskError as error:
            unit.raise_at(target, error)

    return execute


ASSIGNMENTS: Tables = {ast.Assign: assign_statement, ast.AugAssign: augmented}

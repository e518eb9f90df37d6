"""Comprehensions of lists and dicts."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, TypeAlias

from obelisk.config.starlark import keys
from obelisk.config.starlark.assignments import assignment
from obelisk.config.starlark.scope import Frame, Scope, comprehension_scope
from obelisk.config.starlark.sequences import iterated
from obelisk.config.starlark.unit import Expression, Tables, Unit, weight
from obelisk.config.starlark.values import Value
from obelisk.errors import ObeliskError

_Leaf: TypeAlias = Callable[[Frame, Any], None]
"""Adds to the list or dict that is made what one run of the innermost loop yields."""
_Loop: TypeAlias = Callable[[Frame, Any, Value], None]
"""Goes through a value, and does the same for each item."""


def list_comprehension(unit: Unit, node: ast.ListComp, scope: Scope | None) -> Expression:
    """Evaluate `[a for a in b]`."""
    inner = comprehension_scope(node.generators, scope)
    element = unit.expression(node.elt, inner)
    budget = unit.budget

    def leaf(frame: Frame, result: list[Value]) -> None:
        budget.require_room(len(result))
        result.append(element(frame))

    return _comprehension(unit, node, scope, inner, list, leaf)


def dict_comprehension(unit: Unit, node: ast.DictComp, scope: Scope | None) -> Expression:
    """Evaluate `{a: b for a, b in c}`."""
    inner = comprehension_scope(node.generators, scope)
    key, value = unit.expression(node.key, inner), unit.expression(node.value, inner)
    budget = unit.budget

    def leaf(frame: Frame, result: keys.Dict) -> None:
        found = key(frame)
        keys.put(result, found, value(frame), budget)

    return _comprehension(unit, node, scope, inner, dict, leaf)


def _comprehension(
    unit: Unit,
    node: ast.ListComp | ast.DictComp,
    scope: Scope | None,
    inner: Scope,
    kind: type[list[Value] | keys.Dict],
    leaf: _Leaf,
) -> Expression:
    first, *others = node.generators
    # What the first loop goes through is not within the comprehension's own scope.
    source = unit.expression(first.iter, scope)
    steps = weight(node)
    for generator in reversed(others):
        leaf = _within(
            unit.expression(generator.iter, inner), _loop(unit, generator, inner, leaf, steps)
        )
    run = _loop(unit, first, inner, leaf, steps)

    def evaluate(frame: Frame) -> Value:
        result = kind()
        values = source(frame)
        try:
            run(Frame({}, frame), result, values)
        except ObeliskError as error:
            unit.raise_at(node, error)
        return result

    return evaluate


def _within(source: Expression, loop: _Loop) -> _Leaf:
    return lambda frame, result: loop(frame, result, source(frame))


def _loop(unit: Unit, generator: ast.comprehension, scope: Scope, leaf: _Leaf, steps: int) -> _Loop:
    assign = assignment(unit, generator.target, scope)
    conditions = [unit.expression(condition, scope) for condition in generator.ifs]
    budget, stack = unit.budget, unit.stack

    def run(frame: Frame, result: Any, values: Value) -> None:  # noqa: ANN401 - list or dict
        try:
            items = iterated(values, budget)
        except ObeliskError as error:
            unit.raise_at(generator.iter, error)
        stack.hold(items)
        try:
            for item in items:
                budget.left -= steps
                if budget.left < 0:
                    budget.refuse()
                assign(frame, item)
                if all(condition(frame) for condition in conditions):
                    leaf(frame, result)
        finally:
            stack.release(items)

    return run


COMPREHENSIONS: Tables = {
    ast.DictComp: dict_comprehension,
    ast.ListComp: list_comprehension,
}

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
    element = unit.expression(node.elt, comprehension_scope(node.generators, scope))
    budget = unit.budget

    def leaf(frame: Frame, result: list[Value]) -> None:
        budget.require_room(len(result))
        result.append(element(frame))

    return _comprehension(unit, node, scope, list, leaf)


def dict_comprehension(unit: Unit, node: ast.DictComp, scope: Scope | None) -> Expression:
    """Evaluate `{a: b for a, b in c}`."""
    inner = comprehension_scope(node.generators, scope)
    key, value = unit.expression(node.key, inner), unit.expression(node.value, inner)
    budget = unit.budget

    def leaf(frame: Frame, result: keys.Dict) -> None:
        found = key(frame)
        keys.put(result, found, value(frame), budget)

    return _comprehension(unit, node, scope, dict, leaf)


def _comprehension(
    unit: Unit,
    node: ast.ListComp | ast.DictComp,
    scope: Scope | None,
    kind: type[list[Value] | keys.Dict],
    leaf: _Leaf,
) -> Expression:
    generators = node.generators
    steps = weight(node)
    for number in range(len(generators) - 1, 0, -1):
        # What a loop goes through does not see its own variables, nor those of loops within it.
        before = comprehension_scope(generators[:number], scope)
        own = comprehension_scope(generators[: number + 1], scope)
        source = unit.expression(generators[number].iter, before)
        leaf = _within(source, _loop(unit, generators[number], own, leaf, steps))
    # The first loop's are not within the comprehension's frame either.
    outer = unit.expression(generators[0].iter, scope)
    run = _loop(unit, generators[0], comprehension_scope(generators[:1], scope), leaf, steps)

    def evaluate(frame: Frame) -> Value:
        result = kind()
        values = outer(frame)
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

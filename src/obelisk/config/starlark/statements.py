"""Statements, but for assignments, definitions of functions and `load`."""

from __future__ import annotations

import ast
from typing import Final

from obelisk.config.starlark.assignments import assignment
from obelisk.config.starlark.loading import is_load, load
from obelisk.config.starlark.parse import is_elif
from obelisk.config.starlark.scope import Frame, Scope
from obelisk.config.starlark.sequences import iterated
from obelisk.config.starlark.unit import FUNCTION, Leave, Statement, Tables, Unit, weight
from obelisk.errors import ObeliskError

_BREAK: Final = Leave("break")
_CONTINUE: Final = Leave("continue")


def block(unit: Unit, nodes: list[ast.stmt], scope: Scope | None, *, extra: int = 0) -> Statement:
    """Execute statements one after another, until one leaves the block.

    Their steps are counted before, together with `extra` ones.
    """
    if not nodes:  # of a file
        return lambda _: None
    statements = [(node, unit.statement(node, scope)) for node in nodes]
    steps = extra + sum(map(_weight, nodes))
    budget = unit.budget

    def execute(frame: Frame) -> Leave | None:
        node = nodes[0]
        try:
            budget.left -= steps
            if budget.left < 0:
                budget.refuse()
            for node, run in statements:  # noqa: B007 - read when an error is caught
                leave = run(frame)
                if leave is not None:
                    return leave
        except ObeliskError as error:
            unit.raise_at(node, error)
        return None

    return execute


def _weight(node: ast.stmt) -> int:
    """Return how many steps a statement takes, without the blocks in it."""
    match node:
        case ast.If(test=test):
            return 1 + weight(test)
        case ast.For(iter=values):
            return 1 + weight(values)
        case ast.FunctionDef(args=arguments):
            return FUNCTION + weight(arguments)
        case _:
            return 1 + weight(node)


def expression(unit: Unit, node: ast.Expr, scope: Scope | None) -> Statement:
    """Execute an expression for what it does; or `load`, which looks like one."""
    if isinstance(node.value, ast.Call) and is_load(node):
        return load(unit, node.value, scope)
    evaluate = unit.expression(node.value, scope)

    def execute(frame: Frame) -> None:
        evaluate(frame)

    return execute


def nothing(_: Unit, __: ast.Pass, ___: Scope | None) -> Statement:
    """Execute `pass`."""
    return lambda _: None


def leave_turn(_: Unit, __: ast.Continue, ___: Scope | None) -> Statement:
    """Execute `continue`."""
    return lambda _: _CONTINUE


def leave_loop(_: Unit, __: ast.Break, ___: Scope | None) -> Statement:
    """Execute `break`."""
    return lambda _: _BREAK


def leave_function(unit: Unit, node: ast.Return, scope: Scope | None) -> Statement:
    """Execute `return`."""
    if node.value is None:
        return lambda _: Leave("return")
    evaluate = unit.expression(node.value, scope)
    return lambda frame: Leave("return", evaluate(frame))


def branch(unit: Unit, node: ast.If, scope: Scope | None) -> Statement:
    """Execute `if`; a long chain of `elif` without nesting."""
    choices = [(unit.expression(node.test, scope), block(unit, node.body, scope))]
    while is_elif(node) and isinstance(node.orelse[0], ast.If):
        node = node.orelse[0]
        choices.append((unit.expression(node.test, scope), block(unit, node.body, scope)))
    orelse = block(unit, node.orelse, scope) if node.orelse else None

    def execute(frame: Frame) -> Leave | None:
        for test, body in choices:
            if test(frame):
                return body(frame)
        return orelse(frame) if orelse is not None else None

    return execute


def loop(unit: Unit, node: ast.For, scope: Scope | None) -> Statement:
    """Execute `for`."""
    source = unit.expression(node.iter, scope)
    assign = assignment(unit, node.target, scope)
    body = block(unit, node.body, scope, extra=weight(node.target))
    budget, stack = unit.budget, unit.stack

    def execute(frame: Frame) -> Leave | None:
        values = source(frame)
        try:
            items = iterated(values, budget)
        except ObeliskError as error:
            unit.raise_at(node.iter, error)
        stack.hold(items)
        try:
            for item in items:
                assign(frame, item)
                leave = body(frame)
                if leave is not None and leave is not _CONTINUE:
                    return None if leave is _BREAK else leave
        finally:
            stack.release(items)
        return None

    return execute


STATEMENTS: Tables = {
    ast.Break: leave_loop,
    ast.Continue: leave_turn,
    ast.Expr: expression,
    ast.For: loop,
    ast.If: branch,
    ast.Pass: nothing,
    ast.Return: leave_function,
}

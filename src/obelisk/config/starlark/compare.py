"""Equality and order of values: Python's, but that True is not 1, and that it ends."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cmp_to_key
from typing import Final, NoReturn

from obelisk.config.starlark.limits import Budget
from obelisk.config.starlark.values import Value, article
from obelisk.errors import ConfigError

DEEPEST: Final = 64
"""Lists, tuples and dicts within one another that are compared, hashed or shown."""
_ORDERED: Final = (int, bool, str, list, tuple)


def equal(left: Value, right: Value, budget: Budget, depth: int = 0) -> bool:
    """Return whether two values are equal; values of different types never are."""
    budget.spend(3)
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, str):
        budget.spend(len(left) >> 6)
        return left == right
    if depth > DEEPEST:
        raise nested()
    if isinstance(left, list | tuple):
        assert isinstance(right, list | tuple)  # noqa: S101 - for mypy
        return len(left) == len(right) and all(
            equal(one, other, budget, depth + 1) for one, other in zip(left, right, strict=False)
        )
    if isinstance(left, dict):
        assert isinstance(right, dict)  # noqa: S101 - for mypy
        return len(left) == len(right) and all(
            key in right and equal(value, right[key], budget, depth + 1)
            for key, value in left.items()
        )
    return left == right


def order(left: Value, right: Value, budget: Budget, depth: int = 0) -> int:
    """Return a negative number, zero or a positive one; raise `ConfigError` without an order."""
    budget.spend(3)
    if type(left) is not type(right) or not isinstance(left, _ORDERED):
        message = f"cannot compare {article(left)} with {article(right)}"
        raise ConfigError(message)
    if isinstance(left, list | tuple):
        assert isinstance(right, list | tuple)  # noqa: S101 - for mypy
        if depth > DEEPEST:
            raise nested()
        for one, other in zip(left, right, strict=False):
            if not equal(one, other, budget, depth + 1):
                return order(one, other, budget, depth + 1)
        return len(left) - len(right)
    if isinstance(left, str):
        budget.spend(len(left) >> 6)
    return (left > right) - (left < right)  # type: ignore[operator]


def contains(values: Iterable[Value], value: Value, budget: Budget) -> bool:
    """Return whether one of the values equals `value`."""
    return any(equal(inner, value, budget) for inner in values)


def sort(values: list[Value], keys: list[Value], budget: Budget, *, reverse: bool) -> list[Value]:
    """Return the values in the order of their keys; equal ones stay in theirs."""
    budget.spend(len(values) * len(values).bit_length())
    pairs = list(zip(keys, values, strict=True))
    by_key = cmp_to_key(lambda one, other: order(one, other, budget))
    return [value for _, value in sorted(pairs, key=lambda pair: by_key(pair[0]), reverse=reverse)]


def nested() -> ConfigError:
    """Return the error for values that are too deep."""
    return ConfigError(f"values are nested too deeply: more than {DEEPEST} lists or dicts")


def refuse(operator: str, left: Value, right: Value) -> NoReturn:
    """Raise the error for an operator that does not take such values."""
    message = f"`{operator}` does not take {article(left)} and {article(right)}"
    raise ConfigError(message)

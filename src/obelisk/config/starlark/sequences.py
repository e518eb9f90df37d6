"""Iterating, indexing and slicing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from obelisk.config.starlark import keys
from obelisk.config.starlark.host import HostObject
from obelisk.config.starlark.limits import Budget
from obelisk.config.starlark.stack import Caller
from obelisk.config.starlark.text import to_source
from obelisk.config.starlark.values import Value, article
from obelisk.errors import ConfigError, did_you_mean

_FEW: Final = 12
"""Names that a hint lists."""
_MANY: Final = 1000
"""Names that a word is compared with."""
_LONGEST: Final = 80
"""Characters of a value that a message repeats."""


def iterated(value: Value, budget: Budget) -> Sequence[Value] | dict[Any, Any]:
    """Return what a loop goes through; raise `ConfigError` if it cannot.

    A list, dict or range is returned itself, and its items are not counted.
    """
    if isinstance(value, list | tuple | range):
        return value
    if isinstance(value, dict):
        budget.spend(len(value) >> 6)
        return value
    if isinstance(value, HostObject):
        items = list(value.iterate())
        budget.items(len(items))
        return items
    hint = "use `.elems()` for its characters" if isinstance(value, str) else None
    message = f"cannot iterate over {article(value)}"
    raise ConfigError(message, hint=hint)


def as_list(value: Value, budget: Budget) -> list[Value]:
    """Return the items of a value in a new list."""
    items = iterated(value, budget)
    budget.items(len(items))
    return list(items)


def unpacked(value: Value, count: int, budget: Budget) -> list[Value]:
    """Return the items that are assigned to `count` targets."""
    items = iterated(value, budget)
    if len(items) != count:
        message = f"cannot assign {len(items)} values to {count} names"
        raise ConfigError(message)
    return list(items)


def item(value: Value, key: Value, caller: Caller) -> Value:
    """Return `value[key]`; raise `ConfigError` if there is no such item."""
    budget = caller.stack.budget
    if isinstance(value, dict):
        if keys.holds(value, key, budget):
            return value[key]
        raise _no_key(value, key, budget)
    if isinstance(value, HostObject):
        return value.item(key, caller)
    if isinstance(value, str | list | tuple | range):
        found: Value = value[position(value, key)]
        return found
    message = f"{article(value)} has no items"
    raise ConfigError(message)


def set_item(value: Value, key: Value, new: Value, caller: Caller) -> None:
    """Assign `value[key]`; raise `ConfigError` if that is not possible."""
    if isinstance(value, HostObject):
        value.set_item(key, new, caller)
        return
    if not isinstance(value, list | dict):
        message = f"items of {article(value)} cannot be assigned"
        raise ConfigError(message)
    caller.stack.require_idle(value)
    if isinstance(value, dict):
        keys.put(value, key, new, caller.stack.budget)
    else:
        value[position(value, key)] = new


def position(value: Sequence[Value], key: Value) -> int:
    """Return an index that is in a sequence."""
    if type(key) is not int:
        message = f"the index of {article(value)} must be an integer, not {article(key)}"
        raise ConfigError(message)
    if not -len(value) <= key < len(value):
        message = f"index out of range: {str(key)[:_LONGEST]} in {article(value)} of {len(value)}"
        raise ConfigError(message)
    return key


def slice_of(value: Value, bounds: Sequence[Value], budget: Budget) -> Value:
    """Return `value[start:stop:step]`."""
    if not isinstance(value, str | list | tuple | range):
        message = f"{article(value)} cannot be sliced"
        raise ConfigError(message)
    for bound in bounds:
        if bound is not None and type(bound) is not int:
            message = f"the bounds of a slice must be integers, not {article(bound)}"
            raise ConfigError(message)
    if bounds[2] == 0:
        message = "the step of a slice cannot be zero"
        raise ConfigError(message)
    chosen: slice[Any, Any, Any] = slice(*bounds)
    if not isinstance(value, range):
        length = len(range(*chosen.indices(len(value))))
        (budget.text if isinstance(value, str) else budget.items)(length)
    result: Value = value[chosen]
    return result


def suggestion(word: str, names: Sequence[str]) -> str | None:
    """Return a hint that names the closest of the known names, or all if they are few."""
    known = names[:_MANY]
    hint = did_you_mean(word, known) if known else ""
    return hint if hint.startswith("did") or 0 < len(known) <= _FEW else None


def _no_key(value: dict[Any, Any], key: Value, budget: Budget) -> ConfigError:
    shown = to_source(key, budget)
    message = f"no key {shown if len(shown) < _LONGEST else shown[:_LONGEST] + '...'} in this dict"
    known = [known for known in value if isinstance(known, str)]
    hint = suggestion(key, known) if isinstance(key, str) else None
    return ConfigError(message, hint=hint)

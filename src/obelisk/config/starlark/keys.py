"""Keys of dicts, which are Python's: there True would be 1, and some keys would take for ever."""

from __future__ import annotations

from typing import Any, Final

from obelisk.config.starlark.compare import DEEPEST, equal, nested
from obelisk.config.starlark.host import HostObject
from obelisk.config.starlark.limits import Budget
from obelisk.config.starlark.stack import Function
from obelisk.config.starlark.values import Value, article
from obelisk.errors import ConfigError

_PUT: Final = 4
"""Steps of an entry."""
_LARGE: Final = 1 << 60
"""From here on, different integers can have the same hash."""

Dict = dict[Any, Any]


def holds(values: Dict, key: Value, budget: Budget) -> bool:
    """Return whether a dict has a key; raise `ConfigError` for what cannot be one."""
    _require_key(values, key, budget)
    return key in values and _same(values, key, budget)


def get(values: Dict, key: Value, budget: Budget, default: Value = None) -> Value:
    """Return the value of a key, or the default."""
    return values[key] if holds(values, key, budget) else default


def put(values: Dict, key: Value, value: Value, budget: Budget) -> None:
    """Set the value of a key; raise `ConfigError` when there would be too many."""
    budget.spend(_PUT)
    if not holds(values, key, budget):
        if key in values:
            message = "a dict cannot have both True and 1, or False and 0, as keys"
            raise ConfigError(message)
        budget.require_room(len(values))
    values[key] = value


def drop(values: Dict, key: Value, budget: Budget) -> Value:
    """Remove a key that is there, and return its value."""
    value = values.pop(key)
    # Python's dict keeps the holes of what was removed, and would look at all of them again.
    if values and len(values) & (len(values) - 1) == 0:
        budget.spend(len(values))
        kept = list(values.items())
        values.clear()
        values.update(kept)
    return value


def _require_key(values: Dict, key: Value, budget: Budget) -> None:
    if isinstance(key, str):
        budget.spend(len(key) >> 6)
    elif isinstance(key, tuple):
        _require_hashable(key, budget, 0)
        budget.spend(len(values) >> 2)
    elif isinstance(key, int):
        if abs(key) >= _LARGE:
            budget.spend(len(values))
    elif key is not None and not isinstance(key, Function | HostObject):
        message = f"{article(key)} cannot be a key of a dict"
        raise ConfigError(message)


def _require_hashable(key: tuple[Value, ...], budget: Budget, depth: int) -> None:
    if depth > DEEPEST:
        raise nested()
    budget.spend(len(key))
    for item in key:
        if isinstance(item, tuple):
            _require_hashable(item, budget, depth + 1)
        elif isinstance(item, list | dict | range):
            message = f"a tuple with {article(item)} cannot be a key of a dict"
            raise ConfigError(message)


def _same(values: Dict, key: Value, budget: Budget) -> bool:
    """Return whether the key that was found is the one that was asked for."""
    if isinstance(key, str) or not (isinstance(key, tuple) or key in (0, 1)):
        return True
    budget.spend(len(values))
    return any(known == key and equal(known, key, budget) for known in values)

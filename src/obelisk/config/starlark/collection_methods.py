"""The methods of lists and dicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from obelisk.config.starlark import keys
from obelisk.config.starlark.compare import equal
from obelisk.config.starlark.sequences import as_list, iterated, position
from obelisk.config.starlark.stack import Caller
from obelisk.config.starlark.text import to_source
from obelisk.config.starlark.values import Value, article
from obelisk.errors import ConfigError

List = list[Any]
Dict = dict[Any, Any]

_MISSING: Final = object()
_PAIR: Final = 10
"""Steps of looking at a pair of key and value."""
_SHOWN: Final = 80
"""Characters of a value that a message repeats."""


def extend(values: List, added: Value, caller: Caller) -> None:
    """Append the items of a value to a list."""
    caller.stack.require_idle(values)
    budget = caller.stack.budget
    items = as_list(added, budget)
    budget.require_room(len(values) + len(items) - 1)
    values += items


def update(values: Dict, added: Value, caller: Caller) -> None:
    """Set the entries of a dict, or pairs of key and value, in a dict."""
    caller.stack.require_idle(values)
    budget = caller.stack.budget
    for key, value in _pairs(added, caller):
        keys.put(values, key, value, budget)


def _append(values: List, caller: Caller, item: Value, /) -> None:
    caller.stack.require_idle(values)
    caller.stack.budget.require_room(len(values))
    values.append(item)


def _extend(values: List, caller: Caller, items: Value, /) -> None:
    extend(values, items, caller)


def _clear(values: List | Dict, caller: Caller, /) -> None:
    caller.stack.require_idle(values)
    values.clear()


def _index(
    values: List, caller: Caller, item: Value, start: int | None = None, end: int | None = None, /
) -> int:
    budget = caller.stack.budget
    for number in range(*slice(start, end).indices(len(values))):
        if equal(values[number], item, budget):
            return number
    shown = to_source(item, budget)[:_SHOWN]
    message = f"{shown} is not in the list"
    raise ConfigError(message)


def _insert(values: List, caller: Caller, index: int, item: Value, /) -> None:
    caller.stack.require_idle(values)
    caller.stack.budget.require_room(len(values))
    caller.stack.budget.spend(len(values) >> 4)
    values.insert(max(-len(values), min(index, len(values))), item)


def _pop(values: List, caller: Caller, index: int = -1, /) -> Value:
    caller.stack.require_idle(values)
    caller.stack.budget.spend(len(values) >> 4)
    value: Value = values.pop(position(values, index))
    return value


def _remove(values: List, caller: Caller, item: Value, /) -> None:
    caller.stack.require_idle(values)
    del values[_index(values, caller, item)]


def _get(values: Dict, caller: Caller, key: Value, default: Value = None, /) -> Value:
    return keys.get(values, key, caller.stack.budget, default)


def _items(values: Dict, caller: Caller, /) -> List:
    caller.stack.budget.items(len(values))
    return list(values.items())


def _keys(values: Dict, caller: Caller, /) -> List:
    caller.stack.budget.items(len(values))
    return list(values)


def _values(values: Dict, caller: Caller, /) -> List:
    caller.stack.budget.items(len(values))
    return list(values.values())


def _pop_key(values: Dict, caller: Caller, key: Value, default: Value = _MISSING, /) -> Value:
    caller.stack.require_idle(values)
    if keys.holds(values, key, caller.stack.budget):
        return keys.drop(values, key, caller.stack.budget)
    if default is not _MISSING:
        return default
    message = f"no key {to_source(key, caller.stack.budget)[:_SHOWN]} in this dict"
    raise ConfigError(message, hint="`pop` takes a default as well")


def _popitem(values: Dict, caller: Caller, /) -> tuple[Value, Value]:
    caller.stack.require_idle(values)
    if not values:
        message = "the dict is empty"
        raise ConfigError(message)
    caller.stack.budget.spend(len(values) >> 4)
    key = next(iter(values))
    return key, keys.drop(values, key, caller.stack.budget)


def _setdefault(values: Dict, caller: Caller, key: Value, default: Value = None, /) -> Value:
    if not keys.holds(values, key, caller.stack.budget):
        caller.stack.require_idle(values)
        keys.put(values, key, default, caller.stack.budget)
    return values[key]


def _update(values: Dict, caller: Caller, /, *pairs: Value, **kwargs: Value) -> None:
    if len(pairs) > 1:
        message = f"`update` takes at most one argument by position, {len(pairs)} are given"
        raise ConfigError(message)
    for added in (*pairs, kwargs):
        update(values, added, caller)


def _pairs(added: Value, caller: Caller) -> List:
    budget = caller.stack.budget
    if isinstance(added, dict):
        budget.items(len(added))
        return list(added.items())
    pairs: List = []
    budget.spend(_PAIR * len(iterated(added, budget)))
    for number, pair in enumerate(as_list(added, budget)):
        items = list(iterated(pair, budget)) if isinstance(pair, list | tuple) else []
        if len(items) != 2:
            message = f"item {number} is {article(pair)}, not a pair of key and value"
            raise ConfigError(message)
        pairs.append(items)
    return pairs


LIST_METHODS: Final[Mapping[str, Callable[..., Value]]] = {
    "append": _append,
    "clear": _clear,
    "extend": _extend,
    "index": _index,
    "insert": _insert,
    "pop": _pop,
    "remove": _remove,
}
DICT_METHODS: Final[Mapping[str, Callable[..., Value]]] = {
    "clear": _clear,
    "get": _get,
    "items": _items,
    "keys": _keys,
    "pop": _pop_key,
    "popitem": _popitem,
    "setdefault": _setdefault,
    "update": _update,
    "values": _values,
}

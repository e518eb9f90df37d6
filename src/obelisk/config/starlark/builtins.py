"""The functions and constants of the language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from obelisk.config.starlark.attributes import attribute, attribute_names, has_attribute
from obelisk.config.starlark.collection_methods import update
from obelisk.config.starlark.compare import order, sort
from obelisk.config.starlark.limits import CALL
from obelisk.config.starlark.sequences import as_list, iterated
from obelisk.config.starlark.signature import invoke
from obelisk.config.starlark.stack import Caller, Function
from obelisk.config.starlark.text import Pieces, quoted, to_source, to_text
from obelisk.config.starlark.values import Value, article, type_name
from obelisk.errors import ConfigError

_MISSING: Final = object()
_DIGITS: Final = re.compile(r"[+-]?[0-9a-z]{1,400}", re.IGNORECASE | re.ASCII)
_HIGHEST_BASE: Final = 36
_RANGE: Final = 1 << 31
"""Bounds of a range, so that it has a length on every machine."""
_NO_STOP: Final = _RANGE * 2
"""What is outside of these bounds."""


class _Builtin(Function):
    """A function of the language."""

    def __init__(self, name: str, function: Callable[..., Value]) -> None:
        super().__init__(name)
        self._function = function

    def call(self, caller: Caller, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        """Check the arguments, and call the function with them."""
        return invoke(self.name, self._function, arguments, keywords, (caller,))


def _any(caller: Caller, elements: Value, /) -> bool:
    return any(as_list(elements, caller.stack.budget))


def _all(caller: Caller, elements: Value, /) -> bool:
    return all(as_list(elements, caller.stack.budget))


def _bool(_: Caller, x: Value = False, /) -> bool:
    return bool(x)


def _dict(caller: Caller, /, *pairs: Value, **kwargs: Value) -> dict[Any, Any]:
    if len(pairs) > 1:
        message = f"`dict` takes at most one argument by position, {len(pairs)} are given"
        raise ConfigError(message)
    result: dict[Any, Any] = {}
    for added in (*pairs, kwargs):
        update(result, added, caller)
    return result


def _dir(caller: Caller, x: Value, /) -> list[str]:
    names = attribute_names(x)
    caller.spend(5 * len(names))
    return names


def _enumerate(caller: Caller, elements: Value, start: int = 0) -> list[tuple[int, Value]]:
    return list(enumerate(as_list(elements, caller.stack.budget), start))


def _fail(caller: Caller, *args: Value, msg: Value = None, sep: str = " ") -> None:
    shown = [*args, msg] if msg is not None else args
    message = _joined(shown, sep, caller)
    raise ConfigError(message or "the configuration called `fail()`")


def _getattr(caller: Caller, x: Value, name: str, default: Value = _MISSING, /) -> Value:
    if default is not _MISSING and not has_attribute(x, name):
        return default
    return attribute(x, name, caller)


def _hasattr(_: Caller, x: Value, name: str, /) -> bool:
    return has_attribute(x, name)


def _int(caller: Caller, x: str | int | bool, base: int | None = None) -> int:
    if isinstance(x, str):
        caller.spend(len(x) >> 2)
        return caller.stack.budget.integer(_parsed(x, 10 if base is None else base))
    if base is not None:
        message = f"`int` takes a base only for a string, not for {article(x)}"
        raise ConfigError(message)
    return int(x)


def _len(_: Caller, x: Value, /) -> int:
    if isinstance(x, str | list | tuple | dict | range):
        return len(x)
    message = f"{article(x)} has no length"
    raise ConfigError(message)


def _list(caller: Caller, elements: Value = (), /) -> list[Value]:
    return as_list(elements, caller.stack.budget)


def _max(caller: Caller, /, *args: Value, key: Function | None = None) -> Value:
    return _extreme("max", 1, args, key, caller)


def _min(caller: Caller, /, *args: Value, key: Function | None = None) -> Value:
    return _extreme("min", -1, args, key, caller)


def _print(caller: Caller, *args: Value, sep: str = " ") -> None:
    caller.stack.write(_joined(args, sep, caller), caller)


def _range(
    _: Caller,
    start_or_stop: int,
    stop: int = _NO_STOP,
    step: int = 1,
    /,
) -> range:
    start, stop = (0, start_or_stop) if stop == _NO_STOP else (start_or_stop, stop)
    if step == 0:
        message = "the step of `range` cannot be zero"
        raise ConfigError(message)
    if any(abs(bound) > _RANGE for bound in (start, stop, step)):
        message = f"the bounds of `range` must be between -{_RANGE} and {_RANGE}"
        raise ConfigError(message)
    return range(start, stop, step)


def _repr(caller: Caller, x: Value, /) -> str:
    return to_source(x, caller.stack.budget)


def _reversed(caller: Caller, elements: Value, /) -> list[Value]:
    return as_list(elements, caller.stack.budget)[::-1]


def _sorted(
    caller: Caller,
    elements: Value,
    /,
    *,
    key: Function | None = None,
    reverse: bool = False,
) -> list[Value]:
    values = as_list(elements, caller.stack.budget)
    return sort(values, _keys(values, key, caller), caller.stack.budget, reverse=reverse)


def _str(caller: Caller, x: Value, /) -> str:
    return to_text(x, caller.stack.budget)


def _tuple(caller: Caller, elements: Value = (), /) -> tuple[Value, ...]:
    return tuple(as_list(elements, caller.stack.budget))


def _type(_: Caller, x: Value, /) -> str:
    return type_name(x)


def _zip(caller: Caller, /, *iterables: Value) -> list[tuple[Value, ...]]:
    budget = caller.stack.budget
    columns = [iterated(values, budget) for values in iterables]
    shortest = min(map(len, columns), default=0)
    budget.items(shortest)
    budget.spend(shortest * len(columns))
    return list(zip(*columns, strict=False))


def _extreme(
    name: str, sign: int, args: tuple[Value, ...], key: Function | None, caller: Caller
) -> Value:
    budget = caller.stack.budget
    values = as_list(args[0] if len(args) == 1 else args, budget)
    if not values:
        message = f"`{name}` of no values"
        raise ConfigError(message)
    ranks = _keys(values, key, caller)
    best = 0
    for number in range(1, len(values)):
        if order(ranks[number], ranks[best], budget) * sign > 0:
            best = number
    return values[best]


def _keys(values: list[Value], key: Function | None, caller: Caller) -> list[Value]:
    if key is None:
        return values
    caller.spend(len(values) * CALL)
    return [key.call(caller, [value], {}) for value in values]


def _joined(values: list[Value] | tuple[Value, ...], sep: str, caller: Caller) -> str:
    pieces = Pieces(caller.stack.budget)
    for number, value in enumerate(values):
        pieces.add(sep if number else "")
        pieces.add(to_text(value, caller.stack.budget))
    return pieces.joined()


def _parsed(text: str, base: int) -> int:
    """Return the integer that a string is in a base, 0 for that of its own prefix."""
    if base != 0 and not 2 <= base <= _HIGHEST_BASE:
        message = f"the base of `int` must be 0 or between 2 and {_HIGHEST_BASE}"
        raise ConfigError(message)
    if _DIGITS.fullmatch(text):
        with suppress(ValueError):
            return int(text, base)
    message = f"not an integer in base {base or 10}: {quoted(text[:80])}"
    raise ConfigError(message)


_FUNCTIONS: Final[Mapping[str, Callable[..., Value]]] = {
    "all": _all,
    "any": _any,
    "bool": _bool,
    "dict": _dict,
    "dir": _dir,
    "enumerate": _enumerate,
    "fail": _fail,
    "getattr": _getattr,
    "hasattr": _hasattr,
    "int": _int,
    "len": _len,
    "list": _list,
    "max": _max,
    "min": _min,
    "print": _print,
    "range": _range,
    "repr": _repr,
    "reversed": _reversed,
    "sorted": _sorted,
    "str": _str,
    "tuple": _tuple,
    "type": _type,
    "zip": _zip,
}
BUILTINS: Final[Mapping[str, Value]] = {
    name: _Builtin(name, function) for name, function in _FUNCTIONS.items()
}
"""What every configuration has, by name; True, False and None are part of the grammar."""

"""The methods of strings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from obelisk.config.starlark.formatting import fill
from obelisk.config.starlark.sequences import as_list
from obelisk.config.starlark.stack import Caller
from obelisk.config.starlark.values import Value, article
from obelisk.errors import ConfigError

_LINE: Final = re.compile(r"\r\n|\n|\r")


def _simple(function: Callable[[str], Value]) -> Callable[..., Value]:
    """Return a method without parameters that looks at each character."""

    def method(text: str, caller: Caller, /) -> Value:
        caller.stack.budget.spend(len(text) >> 2)
        return function(text)

    return method


def _capitalize(text: str) -> str:
    return text[:1].upper() + text[1:].lower()


def _count(
    text: str, caller: Caller, sub: str, start: int | None = None, end: int | None = None, /
) -> int:
    _charge(caller, text, sub)
    return _part(text, start, end)[1].count(sub)


def _elems(text: str, caller: Caller, /) -> list[str]:
    caller.stack.budget.items(len(text))
    return list(text)


def _starts(
    text: str,
    caller: Caller,
    prefix: str | tuple,  # type: ignore[type-arg]
    start: int | None = None,
    end: int | None = None,
    /,
) -> bool:
    caller.stack.budget.text(len(text))
    return _part(text, start, end)[1].startswith(_alternatives(prefix, caller))


def _ends(
    text: str,
    caller: Caller,
    suffix: str | tuple,  # type: ignore[type-arg]
    start: int | None = None,
    end: int | None = None,
    /,
) -> bool:
    caller.stack.budget.text(len(text))
    return _part(text, start, end)[1].endswith(_alternatives(suffix, caller))


def _find(
    text: str, caller: Caller, sub: str, start: int | None = None, end: int | None = None, /
) -> int:
    _charge(caller, text, sub)
    first, part = _part(text, start, end)
    position = part.find(sub)
    return position if position < 0 else first + position


def _rfind(
    text: str, caller: Caller, sub: str, start: int | None = None, end: int | None = None, /
) -> int:
    _charge(caller, text, sub)
    first, part = _part(text, start, end)
    position = part.rfind(sub)
    return position if position < 0 else first + position


def _index(
    text: str, caller: Caller, sub: str, start: int | None = None, end: int | None = None, /
) -> int:
    return _found(_find(text, caller, sub, start, end))


def _rindex(
    text: str, caller: Caller, sub: str, start: int | None = None, end: int | None = None, /
) -> int:
    return _found(_rfind(text, caller, sub, start, end))


def _format(text: str, caller: Caller, /, *args: Value, **kwargs: Value) -> str:
    return fill(text, args, kwargs, caller.stack.budget)


def _join(text: str, caller: Caller, elements: Value, /) -> str:
    budget = caller.stack.budget
    pieces = as_list(elements, budget)
    for number, piece in enumerate(pieces):
        if not isinstance(piece, str):
            message = f"`join` needs strings, not {article(piece)} as item {number}"
            raise ConfigError(message, hint="use `str(x)`")
    texts = [piece for piece in pieces if isinstance(piece, str)]
    budget.text(sum(map(len, texts)) + len(text) * max(0, len(texts) - 1))
    return text.join(texts)


def _replace(text: str, caller: Caller, old: str, new: str, count: int | None = None, /) -> str:
    _charge(caller, text, old)
    times = text.count(old)
    if count is not None and count >= 0:
        times = min(times, count)
    caller.stack.budget.text(len(text) + times * (len(new) - len(old)))
    return text.replace(old, new, times)


def _split(
    text: str, caller: Caller, sep: str | None = None, maxsplit: int | None = None
) -> list[str]:
    return text.split(sep, _splits(caller, text, sep, maxsplit))


def _rsplit(
    text: str, caller: Caller, sep: str | None = None, maxsplit: int | None = None
) -> list[str]:
    return text.rsplit(sep, _splits(caller, text, sep, maxsplit))


def _splitlines(text: str, caller: Caller, keepends: bool = False) -> list[str]:
    caller.stack.budget.spend(len(text))
    ends = [found.span() for found in _LINE.finditer(text)]
    caller.stack.budget.items(len(ends) + 1)
    lines, start = [], 0
    for end, following in ends:
        lines.append(text[start : following if keepends else end])
        start = following
    return [*lines, text[start:]] if start < len(text) else lines


def _partition(text: str, caller: Caller, sep: str, /) -> tuple[str, str, str]:
    _charge(caller, text, _separator(sep))
    return text.partition(sep)


def _rpartition(text: str, caller: Caller, sep: str, /) -> tuple[str, str, str]:
    _charge(caller, text, _separator(sep))
    return text.rpartition(sep)


def _strip(text: str, caller: Caller, chars: str | None = None, /) -> str:
    _charge(caller, text, chars or "")
    return text.strip(chars)


def _lstrip(text: str, caller: Caller, chars: str | None = None, /) -> str:
    _charge(caller, text, chars or "")
    return text.lstrip(chars)


def _rstrip(text: str, caller: Caller, chars: str | None = None, /) -> str:
    _charge(caller, text, chars or "")
    return text.rstrip(chars)


def _removeprefix(text: str, caller: Caller, prefix: str, /) -> str:
    caller.stack.budget.text(len(text))
    return text.removeprefix(prefix)


def _removesuffix(text: str, caller: Caller, suffix: str, /) -> str:
    caller.stack.budget.text(len(text))
    return text.removesuffix(suffix)


def _part(text: str, start: int | None, end: int | None) -> tuple[int, str]:
    """Return `text[start:end]` and where it begins; Python's methods know no empty part."""
    first, last, _ = slice(start, end).indices(len(text))
    return first, text[first:last]


def _charge(caller: Caller, text: str, sub: str) -> None:
    """Count a search, which may compare all with all."""
    caller.stack.budget.text(len(text))
    caller.stack.budget.spend(len(text) * len(sub) >> 10)


def _found(position: int) -> int:
    if position < 0:
        message = "substring not found"
        raise ConfigError(message, hint="`find` returns -1 instead")
    return position


def _separator(sep: str) -> str:
    if not sep:
        message = "the separator is empty"
        raise ConfigError(message)
    return sep


def _splits(caller: Caller, text: str, sep: str | None, most: int | None) -> int:
    budget = caller.stack.budget
    if sep is None:
        budget.spend(len(text))
        budget.items(len(text.split(None, -1)))
    else:
        _charge(caller, text, _separator(sep))
        budget.items(text.count(sep) + 1)
    return -1 if most is None or most < 0 else min(most, len(text))


def _alternatives(texts: str | tuple[Value, ...], caller: Caller) -> str | tuple[str, ...]:
    if isinstance(texts, str):
        return texts
    caller.stack.budget.items(len(texts))
    for text in texts:
        if not isinstance(text, str):
            message = f"a tuple of strings is needed, not one with {article(text)}"
            raise ConfigError(message)
        caller.stack.budget.spend(len(text) >> 6)
    return tuple(text for text in texts if isinstance(text, str))


METHODS: Final[Mapping[str, Callable[..., Value]]] = {
    "capitalize": _simple(_capitalize),
    "count": _count,
    "elems": _elems,
    "endswith": _ends,
    "find": _find,
    "format": _format,
    "index": _index,
    "isalnum": _simple(str.isalnum),
    "isalpha": _simple(str.isalpha),
    "isdigit": _simple(str.isdigit),
    "islower": _simple(str.islower),
    "isspace": _simple(str.isspace),
    "istitle": _simple(str.istitle),
    "isupper": _simple(str.isupper),
    "join": _join,
    "lower": _simple(str.lower),
    "lstrip": _lstrip,
    "partition": _partition,
    "removeprefix": _removeprefix,
    "removesuffix": _removesuffix,
    "replace": _replace,
    "rfind": _rfind,
    "rindex": _rindex,
    "rpartition": _rpartition,
    "rsplit": _rsplit,
    "rstrip": _rstrip,
    "split": _split,
    "splitlines": _splitlines,
    "startswith": _starts,
    "strip": _strip,
    "title": _simple(str.title),
    "upper": _simple(str.upper),
}

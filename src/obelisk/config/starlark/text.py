"""Values as text: `str` and `repr`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from obelisk.config.starlark.compare import DEEPEST, nested
from obelisk.config.starlark.host import HostObject
from obelisk.config.starlark.limits import Budget
from obelisk.config.starlark.values import Function, Value

_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL: Final = re.compile(r'["\\\x00-\x1f\x7f]')


def to_text(value: Value, budget: Budget) -> str:
    """Return what `str()` does: a string itself, of other values how they are written."""
    if isinstance(value, str):
        return value
    return to_source(value, budget)


def to_source(value: Value, budget: Budget) -> str:
    """Return what `repr()` does."""
    pieces = []
    length = 0
    for piece in _pieces(value, budget, ()):
        length += len(piece)
        budget.require_length(length)
        budget.spend(len(piece) >> 6)
        pieces.append(piece)
    return "".join(pieces)


def _pieces(value: Value, budget: Budget, around: tuple[int, ...]) -> Iterator[str]:
    budget.spend(5)
    if id(value) in around:
        yield "[...]" if isinstance(value, list) else "{...}"
        return
    if len(around) > DEEPEST:
        raise nested()
    inside = (*around, id(value))
    match value:
        case str():
            yield quoted(value)
        case list():
            yield "["
            yield from _joined(value, budget, inside)
            yield "]"
        case tuple():
            yield "("
            yield from _joined(value, budget, inside)
            yield ",)" if len(value) == 1 else ")"
        case dict():
            yield "{"
            for number, (key, item) in enumerate(value.items()):
                yield ", " if number else ""
                yield from _pieces(key, budget, inside)
                yield ": "
                yield from _pieces(item, budget, inside)
            yield "}"
        case HostObject():
            yield value.shown()
        case Function():
            yield f"<function {value.name}>"
        case _:
            yield str(value)


def _joined(values: Iterable[Value], budget: Budget, around: tuple[int, ...]) -> Iterator[str]:
    for number, value in enumerate(values):
        if number:
            yield ", "
        yield from _pieces(value, budget, around)


def quoted(text: str) -> str:
    """Return a string as it is written in a file, in double quotes."""
    return f'"{_SPECIAL.sub(lambda found: _escape(found[0]), text)}"'


def _escape(char: str) -> str:
    return _ESCAPES.get(char) or f"\\x{ord(char):02x}"

"""Values as text: `str` and `repr`."""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

from obelisk.config.starlark.compare import DEEPEST, nested
from obelisk.config.starlark.host import HostObject
from obelisk.config.starlark.limits import Budget
from obelisk.config.starlark.stack import Function
from obelisk.config.starlark.values import Value

_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
Items: TypeAlias = list[Any] | tuple[Any, ...] | dict[Any, Any]
_SPECIAL: Final = re.compile(r'["\\\x00-\x1f\x7f]')


def to_text(value: Value, budget: Budget) -> str:
    """Return what `str()` does: a string itself, of other values how they are written."""
    if isinstance(value, str):
        return value
    return to_source(value, budget)


def to_source(value: Value, budget: Budget) -> str:
    """Return what `repr()` does."""
    pieces = Pieces(budget)
    _write(value, pieces, ())
    return pieces.joined()


class Pieces:
    """Pieces of a string that is being made, of a limited length."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._pieces: list[str] = []
        self._length = 0

    def add(self, piece: str) -> None:
        """Add a piece; raise `ConfigError` when the string gets too long."""
        self._length += len(piece)
        self._budget.require_length(self._length)
        self._budget.spend(5 + (len(piece) >> 6))
        self._pieces.append(piece)

    def add_quoted(self, text: str) -> None:
        """Add a string as it is written in a file; each escape takes as long as a piece."""
        found = quoted(text)
        self._budget.spend((len(text) >> 4) + 5 * (len(found) - len(text)))
        self.add(found)

    def joined(self) -> str:
        """Return the string."""
        return "".join(self._pieces)


def _write(value: Value, pieces: Pieces, around: tuple[int, ...]) -> None:
    if id(value) in around:
        pieces.add("[...]" if isinstance(value, list) else "{...}")
        return
    match value:
        case str():
            pieces.add_quoted(value)
        case list():
            _write_items(value, pieces, around, "[]")
        case tuple():
            _write_items(value, pieces, around, "()")
        case dict():
            _write_items(value, pieces, around, "{}")
        case HostObject():
            pieces.add(value.shown())
        case Function():
            pieces.add(f"<function {value.name}>")
        case _:
            pieces.add(str(value))


def _write_items(values: Items, pieces: Pieces, around: tuple[int, ...], brackets: str) -> None:
    if len(around) > DEEPEST:
        raise nested()
    inside = (*around, id(values))
    separator = brackets[0]
    for value in values:
        pieces.add(separator)
        separator = ", "
        _write(value, pieces, inside)
        if isinstance(values, dict):
            pieces.add(": ")
            _write(values[value], pieces, inside)
    end = ",)" if isinstance(values, tuple) and len(values) == 1 else brackets[1]
    pieces.add(end if values else brackets)


def quoted(text: str) -> str:
    """Return a string as it is written in a file, in double quotes."""
    return f'"{_SPECIAL.sub(lambda found: _escape(found[0]), text)}"'


def _escape(char: str) -> str:
    return _ESCAPES.get(char) or f"\\x{ord(char):02x}"

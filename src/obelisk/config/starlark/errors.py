"""Errors with their place in a configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from obelisk.errors import ConfigError, ObeliskError

_LONGEST_LINE: Final = 160
"""Characters of a source line that a message repeats."""
_LONGEST_CHAIN: Final = 12
"""Calls that a message names."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file; lines and columns (in characters) start from 1."""

    file: str
    line: int
    column: int
    text: str = ""
    """The whole line."""

    def __str__(self) -> str:
        """Return `file:line:column`."""
        return f"{self.file}:{self.line}:{self.column}"

    def marked(self) -> str:
        """Return the line with a mark below the column, empty if the line is not known."""
        if not self.text.strip():
            return ""
        before = self.text[: self.column - 1].expandtabs(4)
        line = self.text.expandtabs(4)
        indent = len(line) - len(line.lstrip())
        start = max(indent, len(before) - _LONGEST_LINE // 2)
        shown = line[start : start + _LONGEST_LINE].rstrip()
        return f"    {shown}\n    {' ' * max(0, len(before) - start)}^"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that has not returned: what is called, and where; None if our own code calls it."""

    name: str
    place: Place | None


class StarlarkError(ConfigError):
    """A configuration is invalid: the message has the place, the line and the chain of calls."""

    def __init__(
        self, message: str, place: Place, chain: Sequence[Call] = (), *, hint: str | None = None
    ) -> None:
        super().__init__(_with_place(message, place, chain), hint=hint)
        self.problem = message
        self.place = place
        self.chain = tuple(chain)


def placed(error: ObeliskError, place: Place, chain: Sequence[Call]) -> ObeliskError:
    """Return the error with its place: a `StarlarkError`, or the same one if of another kind."""
    if getattr(error, "place", None) is not None:
        return error
    if type(error) is ConfigError:
        return StarlarkError(str(error), place, chain, hint=error.hint)
    error.args = (_with_place(str(error), place, chain),)
    error.place = place  # type: ignore[attr-defined]
    return error


def _with_place(message: str, place: Place, chain: Sequence[Call]) -> str:
    lines = [f"{place}: {message}"]
    marked = place.marked()
    if marked:
        lines.append(marked)
    calls = [call for call in reversed(chain) if call.place is not None]
    lines += [f"  in `{call.name}`, called at {call.place}" for call in calls[:_LONGEST_CHAIN]]
    if len(calls) > _LONGEST_CHAIN:
        lines.append(f"  and {len(calls) - _LONGEST_CHAIN} more calls")
    return "\n".join(lines)

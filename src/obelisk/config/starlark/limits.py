"""What an evaluation may use: steps, depth, and sizes of values.

A step is about a tenth of a microsecond. What is evaluated costs steps by the time that it takes,
also where it is the host or a loop of Python's that takes it. Only what really is there adds some:
files that the host found, each once. So an endless loop ends soon, whatever is in it, and a
configuration can look at each of many files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NoReturn

from obelisk.errors import ConfigError

CALL: Final = 24
"""Steps of a call, besides those of what is called."""
_HOST_CALL: Final = 50
"""Steps of a call of the host, besides those for its arguments."""
_PER_NODE: Final = 25
"""Steps for reading a node of a file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """The limits of one evaluation; they are counted, not timed, so that they end it equally."""

    steps: int = 3_000_000
    """Parts of expressions that are evaluated, and items that are touched; a call is several."""
    steps_per_file: int = 1500
    """What each file that the host found adds."""
    depth: int = 500
    """Expressions, blocks and calls within one another, of all active functions together."""
    nesting: int = 60
    """Expressions and blocks within one another in the source."""
    chain: int = 500
    """Operators or `elif` one after another; beyond that, it depends on Python's version."""
    source: int = 256 * 1024
    """Bytes of a file."""
    nodes: int = 50_000
    """Names, literals, operators and statements of a file."""
    files: int = 100
    """Files that are loaded."""
    text: int = 1_000_000
    """Characters of a string."""
    items: int = 500_000
    """Items of a list, tuple or dict."""
    bits: int = 1024
    """Bits of an integer."""


class Budget:
    """Counts the steps of an evaluation, and refuses what is too large before it is made."""

    __slots__ = ("given", "left", "limits")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.left = limits.steps
        self.given = 0
        """Steps that were added."""

    def spend(self, steps: int) -> None:
        """Count steps; raise `ConfigError` when there were too many."""
        self.left -= steps
        if self.left < 0:
            self.refuse()

    def refuse(self) -> NoReturn:
        """Raise `ConfigError` because no steps are left."""
        message = "the evaluation takes too long"
        steps = self.limits.steps + self.given
        hint = f"gave up after {steps} steps; is there a loop over too many items?"
        raise ConfigError(message, hint=hint)

    def give(self, files: int) -> None:
        """Add steps for files that were found and were not known before."""
        steps = files * self.limits.steps_per_file
        self.given += steps
        self.left += steps

    def read(self, nodes: int) -> None:
        """Count reading a file with that many nodes."""
        self.spend(nodes * _PER_NODE)

    def host_call(self, arguments: Iterable[object]) -> None:
        """Count a call of the host, which may look at all of its arguments."""
        self.spend(_HOST_CALL + sum(map(_weight, arguments)))

    def items(self, count: int) -> None:
        """Count the items of a list that is about to be made or read."""
        if count > self.limits.items:
            message = f"too many items: {count}, the limit is {self.limits.items}"
            raise ConfigError(message)
        self.spend(count)

    def require_room(self, count: int) -> None:
        """Raise `ConfigError` when there can be no more items than the `count` that are there."""
        if count >= self.limits.items:
            message = f"too many items: the limit is {self.limits.items}"
            raise ConfigError(message)

    def text(self, length: int) -> None:
        """Count the characters of a string that is about to be made."""
        self.require_length(length)
        self.spend(length >> 6)

    def require_length(self, length: int) -> None:
        """Raise `ConfigError` for a string that would be too long."""
        if length > self.limits.text:
            message = f"string too long: {length} characters, the limit is {self.limits.text}"
            raise ConfigError(message)

    def integer(self, value: int) -> int:
        """Return the value; raise `ConfigError` when it is too large."""
        if value.bit_length() > self.limits.bits:
            message = f"integer too large: more than {self.limits.bits} bits"
            raise ConfigError(message)
        return value


def _weight(value: object) -> int:
    """Return the steps for looking at each item and character of a value."""
    if isinstance(value, str):
        return len(value) >> 3
    if isinstance(value, dict):
        return sum(10 + _length(key) + _length(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return sum(5 + _length(item) for item in value)
    return 0


def _length(value: object) -> int:
    return len(value) >> 3 if isinstance(value, str | list | tuple | dict) else 0

"""What an evaluation may use: steps, depth, and sizes of values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from obelisk.errors import ConfigError


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """The limits of one evaluation; they are counted, not timed, so that they end it equally."""

    steps: int = 3_000_000
    """Parts of expressions that are evaluated, and items that are touched; a call is several."""
    steps_per_call: int = 2_000
    """What each call by the host adds to the steps: where there is much, callbacks are many."""
    steps_per_item: int = 200
    """What each item of the longest list that the host returned adds."""
    steps_added: int = 30_000_000
    """The most that the host adds."""
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

    __slots__ = ("_longest", "addable", "left", "limits")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.left = limits.steps
        self.addable = limits.steps_added
        self._longest = 0

    def spend(self, steps: int) -> None:
        """Count steps; raise `ConfigError` when there were too many."""
        self.left -= steps
        if self.left < 0:
            self.refuse()

    def refuse(self) -> NoReturn:
        """Raise `ConfigError` because no steps are left."""
        message = "the evaluation takes too long"
        hint = f"gave up after {self._used()} steps; is there a loop over too many items?"
        raise ConfigError(message, hint=hint)

    def _used(self) -> int:
        limits = self.limits
        return limits.steps + limits.steps_added - self.addable

    def add_call(self) -> None:
        """Add the steps of a call by the host."""
        self._add(self.limits.steps_per_call)

    def add_items(self, count: int) -> None:
        """Add the steps for going through a list of the host, if it is the longest so far."""
        if count > self._longest:
            self._add((count - self._longest) * self.limits.steps_per_item)
            self._longest = count

    def _add(self, steps: int) -> None:
        added = min(steps, self.addable)
        self.addable -= added
        self.left += added

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

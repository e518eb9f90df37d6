"""What an evaluation may use: steps, depth, and sizes of values."""

from __future__ import annotations

from dataclasses import dataclass

from obelisk.errors import ConfigError


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """The limits of one evaluation; they are counted, not timed, so that they end it equally."""

    steps: int = 4_000_000
    """Parts of expressions and statements that are evaluated, and items that are touched."""
    steps_per_call: int = 20_000
    """What each call by the host adds to the steps: callbacks are many where resources are."""
    depth: int = 300
    """Expressions, blocks and calls within one another, of all active functions together."""
    nesting: int = 80
    """Expressions and blocks within one another in the source."""
    source: int = 1024 * 1024
    """Bytes of a file."""
    files: int = 100
    """Files that are loaded."""
    text: int = 2_000_000
    """Characters of a string."""
    items: int = 500_000
    """Items of a list, tuple or dict."""
    bits: int = 1024
    """Bits of an integer."""


class Budget:
    """Counts the steps of an evaluation, and refuses what is too large before it is made."""

    __slots__ = ("left", "limits")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.left = limits.steps

    def spend(self, steps: int) -> None:
        """Count steps; raise `ConfigError` when there were too many."""
        self.left -= steps
        if self.left < 0:
            message = "the evaluation takes too long"
            hint = f"gave up after {self.limits.steps} steps; is there a loop over too many items?"
            raise ConfigError(message, hint=hint)

    def grant(self) -> None:
        """Add the steps of a call by the host."""
        self.left += self.limits.steps_per_call

    def items(self, count: int) -> None:
        """Count the items of a list that is about to be made or read."""
        if count > self.limits.items:
            message = f"too many items: {count}, the limit is {self.limits.items}"
            raise ConfigError(message)
        self.spend(count)

    def text(self, length: int) -> None:
        """Count the characters of a string that is about to be made or read."""
        if length > self.limits.text:
            message = f"string too long: {length} characters, the limit is {self.limits.text}"
            raise ConfigError(message)
        self.spend(length >> 4)

    def integer(self, value: int) -> int:
        """Return the value; raise `ConfigError` when it is too large."""
        if value.bit_length() > self.limits.bits:
            message = f"integer too large: more than {self.limits.bits} bits"
            raise ConfigError(message)
        return value

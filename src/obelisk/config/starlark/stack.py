"""The calls that are being evaluated, and what a host gets to know of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from obelisk.config.starlark.errors import Call, Place
from obelisk.config.starlark.limits import Budget
from obelisk.errors import ConfigError

if TYPE_CHECKING:
    from obelisk.config.starlark.values import Function, Value


class Stack:
    """The active calls of one evaluation, its budget, and where `print` writes to."""

    def __init__(self, budget: Budget, write: Callable[[str, Caller], None]) -> None:
        self.budget = budget
        self.write = write
        self.calls: list[Call] = []
        self.active: set[object] = set()
        """The definitions of the functions that are being evaluated."""
        self.depth = 0


@dataclass(frozen=True, slots=True)
class Caller:
    """Where in a configuration a function is called or an attribute is used."""

    stack: Stack
    place: Place | None
    """None when the host itself calls a function of the configuration."""

    @property
    def chain(self) -> tuple[Call, ...]:
        """The calls that led here, the outermost first."""
        return tuple(self.stack.calls)

    def call(self, function: Function, *arguments: Value, **keywords: Value) -> Value:
        """Call a function that the configuration gave, and return its result.

        Raises `ConfigError`, with the place inside of that function if it fails there.
        """
        self.stack.budget.grant()
        return function.call(self, list(arguments), keywords)


def too_deep() -> ConfigError:
    """Return the error for calls that are nested too deeply."""
    return ConfigError("calls are nested too deeply")

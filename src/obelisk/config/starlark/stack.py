"""What can be called, the calls that are being evaluated, and what a host gets to know of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from obelisk.config.starlark.errors import Call, Place, placed
from obelisk.config.starlark.limits import CALL, Budget
from obelisk.config.starlark.values import Value
from obelisk.errors import ConfigError, ObeliskError


class Function(ABC):
    """What can be called: a function of the configuration, of the language, or of the host."""

    type_name = "function"
    place: Place | None = None
    """Where it is defined, if in a configuration."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def call(self, caller: Caller, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        """Return the result for these arguments; raise `ConfigError`."""


class Stack:
    """The active calls of one evaluation, its budget, and where `print` writes to."""

    def __init__(self, budget: Budget, write: Callable[[str, Caller], None]) -> None:
        self.budget = budget
        self.write = write
        self.calls: list[Call] = []
        self.active: set[object] = set()
        """The definitions of the functions that are being evaluated."""
        self.depth = 0
        self._iterated: dict[int, int] = {}
        """Of the lists and dicts that loops go through, by identity, the number of loops."""

    def require_idle(self, value: Value) -> None:
        """Raise `ConfigError` when a loop goes through a list or dict that is to be changed."""
        if self._iterated and id(value) in self._iterated:
            kind = "dict" if isinstance(value, dict) else "list"
            message = f"a {kind} cannot be changed while a loop goes through it"
            raise ConfigError(message, hint=f"loop over a copy: `list({kind})`")

    def hold(self, value: Value) -> None:
        """Refuse changes of a list or dict while a loop goes through it."""
        if isinstance(value, list | dict):
            self._iterated[id(value)] = self._iterated.get(id(value), 0) + 1

    def release(self, value: Value) -> None:
        """Allow changes again when the loop has ended."""
        if isinstance(value, list | dict):
            self._iterated[id(value)] -= 1
            if not self._iterated[id(value)]:
                del self._iterated[id(value)]

    def enter(self, call: Call, definition: object, depth: int) -> None:
        """Note a call; raise `ConfigError` for one of what is being evaluated, and for too many.

        `depth` is how many calls of ours it may nest.
        """
        if definition in self.active:
            message = f"`{call.name}` calls itself"
            raise ConfigError(message, hint="Starlark has no recursion; use a loop")
        if self.depth + depth > self.budget.limits.depth:
            message = "calls are nested too deeply"
            raise ConfigError(message)
        self.active.add(definition)
        self.depth += depth
        self.calls.append(call)

    def leave(self, definition: object, depth: int) -> None:
        """Note that the innermost call has ended."""
        self.calls.pop()
        self.depth -= depth
        self.active.discard(definition)


@dataclass(frozen=True, slots=True)
class Caller:
    """Where in a configuration a function is called or an attribute is used."""

    stack: Stack
    place: Place | None
    """None when the host itself calls a function of the configuration."""

    def spend(self, steps: int) -> None:
        """Count steps, of a tenth of a microsecond; raise `ConfigError` if there were too many."""
        self.stack.budget.spend(steps)

    def give(self, files: int) -> None:
        """Add steps for files that the host found and that were not known before."""
        self.stack.budget.give(files)

    @property
    def chain(self) -> tuple[Call, ...]:
        """The calls that led here, the outermost first."""
        return tuple(self.stack.calls)

    def call(self, function: Function, *arguments: Value, **keywords: Value) -> Value:
        """Call a function that the configuration gave, and return its result.

        Raises `ConfigError` with the place in that function where it fails, or where it is defined
        if it does not take these arguments.
        """
        self.stack.budget.spend(CALL)
        try:
            return function.call(self, list(arguments), keywords)
        except ObeliskError as error:
            if function.place is None:
                raise
            raise placed(error, function.place, self.stack.calls) from error

"""Evaluating a configuration: the door of this package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from obelisk.config.starlark.limits import Budget, Limits
from obelisk.config.starlark.stack import Caller, Stack
from obelisk.config.starlark.values import Function, Value


class Interpreter:
    """Evaluates a configuration, the files that it loads, and later the functions that it gave.

    `names` is what the host gives to every file, by name. `write` receives each line that `print`
    prints, and where it was called. Files can be loaded from the folder of the first, and below.
    """

    def __init__(
        self,
        names: Mapping[str, Value],
        *,
        write: Callable[[str, Caller], None],
        limits: Limits | None = None,
    ) -> None:
        self._names = names
        self._stack = Stack(Budget(limits or Limits()), write)

    def run(self, path: Path, source: bytes | None = None) -> Mapping[str, Value]:
        """Evaluate a file, and return its global names.

        `source` is its content, if it was read already. Raises `ConfigError`, most of all
        `errors.StarlarkError`; and what functions of the host raise, with its place.
        """
        raise NotImplementedError

    def call(self, function: Function, *arguments: Value, **keywords: Value) -> Value:
        """Call a function that the configuration gave, when no function of the host is active.

        Raises what `run` raises. Within one, `Caller.call` does it and keeps the chain of calls.
        """
        return Caller(self._stack, None).call(function, *arguments, **keywords)

"""Evaluating a configuration: the door of this package."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from obelisk.config.starlark.assignments import ASSIGNMENTS
from obelisk.config.starlark.builtins import BUILTINS
from obelisk.config.starlark.calls import CALLS
from obelisk.config.starlark.comprehensions import COMPREHENSIONS
from obelisk.config.starlark.errors import Call
from obelisk.config.starlark.expressions import EXPRESSIONS
from obelisk.config.starlark.functions import FUNCTIONS
from obelisk.config.starlark.limits import Budget, Limits
from obelisk.config.starlark.loading import exported, path_of
from obelisk.config.starlark.parse import parse
from obelisk.config.starlark.scope import Frame, assigned
from obelisk.config.starlark.source import decode
from obelisk.config.starlark.stack import Caller, Function, Stack
from obelisk.config.starlark.statements import STATEMENTS, block
from obelisk.config.starlark.unit import Tables, Unit
from obelisk.config.starlark.values import Value
from obelisk.errors import ConfigError
from obelisk.services.regular import read_regular

_TABLES: Final[Tables] = {
    **EXPRESSIONS,
    **CALLS,
    **COMPREHENSIONS,
    **FUNCTIONS,
    **STATEMENTS,
    **ASSIGNMENTS,
}
_PER_FILE: Final = 12
"""Calls of ours that are nested to load a file, besides those of its statements."""


class Interpreter:
    """Evaluates a configuration, the files that it loads, and later the functions that it gave.

    `names` is what the host gives to every file, by name. `write` receives each line that `print`
    prints, and where it was called. Files are loaded from the folder of the first, or from below.
    """

    def __init__(
        self,
        names: Mapping[str, Value],
        *,
        write: Callable[[str, Caller], None],
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._names = {**BUILTINS, **names}
        self._stack = Stack(Budget(self._limits), write)
        self._loaded: dict[str, Mapping[str, Value] | None] = {}
        """What files export, None while they are evaluated."""

    def run(self, path: Path, source: bytes | None = None) -> Mapping[str, Value]:
        """Evaluate a file, and return its global names.

        `source` is its content, if it was read already. Raises `ConfigError`, most of all
        `errors.StarlarkError`; and what functions of the host raise, with its place.
        """
        try:
            return self._evaluated(path, source, path.parent, None).globals
        except RecursionError:
            raise _too_deep() from None

    def call(self, function: Function, *arguments: Value, **keywords: Value) -> Value:
        """Call a function that the configuration gave, when no function of the host is active.

        Raises what `run` raises. Within one, `Caller.call` does it and keeps the chain of calls.
        """
        try:
            return Caller(self._stack, None).call(function, *arguments, **keywords)
        except RecursionError:
            raise _too_deep() from None

    def _evaluated(self, path: Path, data: bytes | None, root: Path, caller: Caller | None) -> Unit:
        if data is None:
            data = _read(path, self._limits.source)
        key = os.path.realpath(path)
        self._loaded[key] = None
        program = parse(decode(data, str(path), self._limits.source), self._limits)
        self._stack.budget.read(program.nodes)
        unit = Unit(
            program=program,
            stack=self._stack,
            names=self._names,
            load=lambda label, where: self._load(path_of(label, path, root), root, where),
            tables=_TABLES,
            assigned=frozenset(assigned(program.tree.body)),
        )
        depth = program.depths[program.tree] + _PER_FILE
        self._stack.enter(Call(str(path), caller.place if caller else None), unit, depth)
        try:
            block(unit, program.tree.body, None)(Frame(unit.globals, None))
        finally:
            self._stack.leave(unit, depth)
        self._loaded[key] = exported(unit)
        return unit

    def _load(self, path: Path, root: Path, caller: Caller) -> Mapping[str, Value]:
        """Return what another file exports; evaluate it when it is loaded first."""
        key = os.path.realpath(path)
        if key not in self._loaded:
            if len(self._loaded) >= self._limits.files:
                message = f"too many files: the limit is {self._limits.files}"
                raise ConfigError(message)
            self._evaluated(path, None, root, caller)
        names = self._loaded[key]
        if names is None:
            message = f"{path} is loaded while it is evaluated itself"
            raise ConfigError(message, hint="move what both files need to a third one")
        return names


def _read(path: Path, largest: int) -> bytes:
    try:
        return read_regular(path, largest=largest)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise ConfigError(message) from error


def _too_deep() -> ConfigError:
    return ConfigError("the configuration is nested too deeply")

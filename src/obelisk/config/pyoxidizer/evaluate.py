"""Evaluating a `pyoxidizer.bzl`: finding it, running it, and what its targets are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from obelisk.config.pyoxidizer.api import names
from obelisk.config.pyoxidizer.session import Session, Surroundings
from obelisk.config.starlark.errors import StarlarkError
from obelisk.config.starlark.interpreter import Interpreter
from obelisk.config.starlark.stack import Caller, Function
from obelisk.errors import ConfigError
from obelisk.services.regular import is_regular

FILE: Final = "pyoxidizer.bzl"
OLD_FILE: Final = "pyoxidizer.toml"


def find_configuration(folder: Path) -> Path | None:
    """Return the configuration of a folder, None if it has none."""
    path = folder / FILE
    return path if is_regular(path) else None


def refuse_old_configuration(folder: Path) -> None:
    """Raise `ConfigError` if there is a configuration of PyOxidizer 0.4 and before."""
    if is_regular(folder / OLD_FILE):
        message = f"{folder / OLD_FILE} is of PyOxidizer 0.4 and before, which is not supported"
        hint = "write a new configuration: `[tool.obelisk]` in pyproject.toml, see `obelisk init`"
        raise ConfigError(message, hint=hint)


def evaluate(path: Path, surroundings: Surroundings, write: Callable[[str], None]) -> Session:
    """Run a configuration and resolve its targets; `write` gets the lines that it prints.

    Raises `ConfigError` with the place of whatever is wrong.
    """
    session = Session(path=path.resolve(), surroundings=surroundings)
    interpreter = Interpreter(names(session), write=lambda line, _: write(line))
    try:
        interpreter.run(path)
        _resolve_rest(session, interpreter)
    except StarlarkError as error:
        error.hint = error.hint or _hint(error.place.text, session)
        raise
    return session


def _hint(line: str, session: Session) -> str | None:
    """Return what helps with an error in a line that has no hint itself."""
    if "VARS[" in line:
        return "pass the variable with `--var NAME VALUE`"
    if r"\\" in line:
        return "write `/` between the parts of a path"
    if session.is_incomplete:
        return "nothing was installed; show the plan with `obelisk plan --install`"
    return None


def _resolve_rest(session: Session, interpreter: Interpreter) -> None:
    """Resolve what the file itself has not, because it never calls `resolve_targets`."""
    if session.resolved or not session.surroundings.resolves:
        return
    if not session.targets:
        message = f"{session.path} registers no target"
        raise ConfigError(message, hint="call `register_target` in it")
    interpreter.call(_Resolving(session))


class _Resolving(Function):
    """A function that resolves targets, as if the file had called it."""

    def __init__(self, session: Session) -> None:
        super().__init__("resolve_targets")
        self._session = session

    def call(self, caller: Caller, arguments: list[object], keywords: dict[str, object]) -> object:
        """Resolve them."""
        del arguments, keywords
        return self._session.resolve_wanted(caller)

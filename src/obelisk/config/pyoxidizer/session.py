"""One evaluation of a configuration: what it is given, and what it says."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from obelisk.config.parts import Part
from obelisk.config.settings import Settings
from obelisk.config.starlark.stack import Caller, Function
from obelisk.config.starlark.values import Value
from obelisk.config.toml import shown
from obelisk.errors import ConfigError, did_you_mean


@dataclass(frozen=True, kw_only=True, slots=True)
class StandardLibrary:
    """What is asked for to look through the modules of Python itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Something to install, or to look through, for a Python and a target."""

    part: Part | StandardLibrary
    settings: Settings
    folder: Path


_At = TypeVar("_At", str, Path)
_Seen = TypeVar("_Seen")
_LONGEST_PATH: Final = 4095
_LONGEST_NAME: Final = 255
_PER_PART: Final = 20_000
"""Steps of installing something, besides those for what was installed."""
_PER_FILE: Final = 60
"""Steps of making a resource."""
LOOK: Final = 200
"""Steps of looking at a file or folder."""
_DEEPEST: Final = 100
"""Targets that depend on one another."""


def require_path(path: str) -> str:
    """Return a path; raise `ConfigError` for one that no file can have."""
    try:
        parts = path[: _LONGEST_PATH + 1].encode().split(b"/")
    except UnicodeEncodeError:
        parts = [b"\0"]
    too_long = len(path) > _LONGEST_PATH or any(len(part) > _LONGEST_NAME for part in parts)
    if too_long or any(b"\0" in part for part in parts):
        message = f"invalid path {shown(path)}"
        raise ConfigError(message)
    return path


Bring = Callable[[Wanted], Path | None]
"""Installs a part and returns the folder of its modules; None if that is left for later."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What an evaluation gets from outside of its file."""

    triple: str
    """`BUILD_TARGET_TRIPLE`."""
    python: str | None
    """The version that the command line asks for."""
    settings: Settings
    """What the command line says of installing, and the target that is built for."""
    variables: dict[str, str | None]
    targets: tuple[str, ...]
    """Those that are to be resolved; empty for the default."""
    bring: Bring
    warn: Callable[[str], None]
    resolves: bool = True
    """Whether targets are resolved, not only registered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A use of the API, and how it was understood."""

    line: int
    name: str
    does: str


@dataclass(kw_only=True, slots=True)
class Target:
    """A registered target."""

    function: Function
    depends: tuple[str, ...]
    is_resolved: bool = False
    value: Value = None


@dataclass(kw_only=True, slots=True)
class Session:
    """The state of an evaluation."""

    path: Path
    surroundings: Surroundings
    targets: dict[str, Target] = field(default_factory=dict)
    default: str | None = None
    resolved: list[str] = field(default_factory=list)
    """The targets to build, in the order in which they were resolved."""
    build_path: Path | None = None
    written: list[tuple[Path, Value]] = field(default_factory=list)
    """Folders that manifests or files are to be written to as well."""
    statements: dict[Statement, None] = field(default_factory=dict)
    """Each once, in the order of their first use."""
    warnings: list[str] = field(default_factory=list)
    is_incomplete: bool = False
    """Whether something was not installed, so that there are no resources of it."""
    _unused: dict[str, dict[str, int]] = field(default_factory=dict)
    _warned: set[str] = field(default_factory=set)
    _resolving: list[str] = field(default_factory=list)
    _brought: dict[object, Path | None] = field(default_factory=dict)
    _looked: dict[tuple[str, str | Path], Any] = field(default_factory=dict)
    _found: set[str] = field(default_factory=set)

    @property
    def folder(self) -> Path:
        """The folder of the configuration, which relative paths start from."""
        return self.path.parent

    def place(self, path: str) -> Path:
        """Return a path of the configuration as an absolute one; raise `ConfigError` if invalid."""
        return Path(os.path.normpath(self.folder / require_path(path)))

    def relative(self, word: str) -> str:
        """Return a path in the folder of the configuration as a relative one; all else as it is."""
        folder = str(self.folder)
        if word == folder or word.startswith(f"{folder}/"):
            return os.path.join(".", word[len(folder) + 1 :]) if word != folder else "."  # noqa: PTH118
        return word

    def bring(
        self, part: Part | StandardLibrary, python: str, target: str, caller: Caller
    ) -> Path | None:
        """Install a part, once however often it is asked for; None if nothing is installed now."""
        key = (part, python, target)
        if key not in self._brought:
            caller.spend(_PER_PART)
            settings = replace(self.surroundings.settings, python=python, target=target)
            wanted = Wanted(part=part, settings=settings, folder=self.folder)
            self._brought[key] = self.surroundings.bring(wanted)
        site = self._brought[key]
        if site is None:
            self.is_incomplete = True
            self.understood("resources", "none: nothing is installed to show the plan", caller)
        return site

    def looked(self, kind: str, at: _At, look: Callable[[_At], _Seen]) -> _Seen:
        """Return what looking at something finds; it is done once for each kind of looking."""
        if (kind, at) not in self._looked:
            self._looked[kind, at] = look(at)
        seen: _Seen = self._looked[kind, at]
        return seen

    def found(self, paths: Collection[str], caller: Caller) -> None:
        """Count files that were found; those that were not known before add steps."""
        caller.give(len(set(paths) - self._found))
        self._found.update(paths)
        caller.spend(len(paths) * _PER_FILE)

    def understood(self, name: str, does: str, caller: Caller) -> None:
        """Remember a use of the API."""
        line = caller.place.line if caller.place else 0
        self.statements[Statement(line=line, name=name, does=does)] = None

    def without_effect(self, name: str, because: str, caller: Caller) -> None:
        """Remember what has no effect."""
        line = caller.place.line if caller.place else 0
        self._unused.setdefault(because, {}).setdefault(name, line)

    def warn(self, text: str, caller: Caller, *, kind: str | None = None) -> None:
        """Warn of something at a place; once of each text, or of each kind."""
        if (kind or text) not in self._warned:
            self._warned.add(kind or text)
            said = f"{caller.place}: {text}" if caller.place else text
            self.warnings.append(said)
            self.surroundings.warn(said)

    def warn_old(self, name: str, caller: Caller) -> None:
        """Warn once of a name of PyOxidizer 0.10 and before."""
        message = "the API of PyOxidizer 0.10 and before is read as that of 0.24"
        self.warn(f"`{name}`: {message}", caller, kind="old")

    def notes(self) -> list[str]:
        """Return a line for each reason why something has no effect."""
        return [
            "no effect: "
            + ", ".join(f"`{name}` (line {line})" for name, line in names.items())
            + f": {because}"
            for because, names in self._unused.items()
        ]

    def register(self, name: str, target: Target, *, default: bool) -> None:
        """Register a target: the default is the last one that says so, or else the first."""
        self.targets[name] = target
        if default or self.default is None:
            self.default = name

    def resolve(self, name: str, caller: Caller) -> Value:
        """Return what a target's function returns; raise `ConfigError` for unknown names."""
        if name not in self.targets:
            message = f"no target `{name}`"
            hint = did_you_mean(name, self.targets) if self.targets else None
            raise ConfigError(message, hint=hint)
        target = self.targets[name]
        if name in self._resolving:
            message = f"target `{name}` depends on itself: {' -> '.join([*self._resolving, name])}"
            raise ConfigError(message)
        if len(self._resolving) >= _DEEPEST:
            message = f"more than {_DEEPEST} targets depend on one another, up to `{name}`"
            raise ConfigError(message)
        if not target.is_resolved:
            self._resolving.append(name)
            values = [self.resolve(need, caller) for need in target.depends]
            target.value = caller.call(target.function, *values)
            target.is_resolved = True
            self._resolving.pop()
        return target.value

    def resolve_wanted(self, caller: Caller) -> Value:
        """Resolve the targets of the command line, or the default; return the last one's value."""
        value: Value = None
        if not self.surroundings.resolves:
            return value
        wanted = self.surroundings.targets or ((self.default,) if self.default else ())
        for name in wanted:
            value = self.resolve(name, caller)
            if name not in self.resolved:
                self.resolved.append(name)
        return value

"""From the targets that were resolved to what is built: executables, and files beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from obelisk.config.application import Assembly
from obelisk.config.parts import Written, line_of
from obelisk.config.pyoxidizer.contents import contents_of
from obelisk.config.pyoxidizer.executable import PythonExecutable
from obelisk.config.pyoxidizer.installers import Unbuildable, cannot
from obelisk.config.pyoxidizer.manifest import (
    Buildable,
    EmbeddedResources,
    FileContent,
    FileManifest,
)
from obelisk.config.pyoxidizer.running import entry_settings
from obelisk.config.pyoxidizer.session import Session, require_path
from obelisk.config.settings import Settings
from obelisk.config.starlark.values import Value, type_name
from obelisk.config.tables import apply_table
from obelisk.errors import ConfigError


@dataclass(frozen=True, kw_only=True, slots=True)
class LooseFile:
    """A file that is written beside executables."""

    path: str
    """Below the output folder, or absolute."""
    source: Path | None
    text: str | None
    is_executable: bool


@dataclass(kw_only=True, slots=True, eq=False)
class Wish:
    """An executable that is built."""

    executable: PythonExecutable
    places: list[str]
    """Its paths below the output folder, or absolute ones."""


@dataclass(kw_only=True, slots=True)
class Wishes:
    """All that the targets ask for."""

    executables: list[Wish] = field(default_factory=list)
    files: dict[str, LooseFile] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, path: str, value: Value) -> None:
        """Add what is at a path; raise `ConfigError` for what cannot be built."""
        require_path(path)
        if isinstance(value, FileContent) and value.origin is not None:
            value = value.origin
        if isinstance(value, Unbuildable):
            raise cannot(value)
        if isinstance(value, PythonExecutable):
            self._add_executable(path, value)
        elif isinstance(value, FileContent):
            self.files[path] = LooseFile(
                path=path,
                source=value.source,
                text=value.text,
                is_executable=value.is_executable,
            )

    def _add_executable(self, path: str, value: PythonExecutable) -> None:
        for wish in self.executables:
            if wish.executable is value:
                wish.places.append(path)
                return
        self.executables.append(Wish(executable=value, places=[path]))


def wishes_of(session: Session) -> Wishes:
    """Return what the resolved targets ask for; raise `ConfigError` for what cannot be built."""
    wishes = Wishes()
    values = {name: session.targets[name].value for name in session.resolved}
    buildable = {name for name, value in values.items() if not isinstance(value, EmbeddedResources)}
    for name, value in values.items():
        if isinstance(value, EmbeddedResources) and buildable:
            wishes.notes.append(f"target `{name}` is skipped: there is no embedding into Rust")
            continue
        folder = name if len(buildable) > 1 else ""
        for path, content in _contents(session, name, value):
            wishes.add(os.path.join(folder, path), content)  # noqa: PTH118 - may be absolute
    for folder_path, written in session.written:
        for path, content in _entries(written):
            wishes.add(str(folder_path / path), content)
    return wishes


def _contents(session: Session, name: str, value: Value) -> Iterator[tuple[str, Value]]:
    """Yield the files of a target's result with their paths."""
    if isinstance(value, Buildable):
        yield value.name, value
    elif isinstance(value, FileManifest):
        yield from value.entries.items()
    elif isinstance(value, Unbuildable):
        error = cannot(value)
        error.hint = _instead(session, name)
        raise error
    elif isinstance(value, EmbeddedResources):
        message = f"target `{name}` is for embedding into a Rust project, which Obelisk does not do"
        raise ConfigError(message, hint=_instead(session, name))
    elif value is not None:
        message = f"target `{name}` results in `{type_name(value)}`, which cannot be built"
        raise ConfigError(message, hint=_instead(session, name))


def _entries(value: Value) -> Iterator[tuple[str, Value]]:
    if isinstance(value, FileManifest):
        yield from value.entries.items()
    elif isinstance(value, FileContent):
        yield value.filename, value


def _instead(session: Session, name: str) -> str | None:
    """Return the hint that names a target which can be built instead."""
    targets = session.targets.items()
    able = [other for other, target in targets if isinstance(target.value, FileManifest)]
    # What was not resolved may be what is wanted, if by its name.
    able += [other for other, _ in targets if other == "install"]
    able += [other for other, target in targets if isinstance(target.value, Buildable)]
    if not able or able[0] == name:
        return "return a `PythonExecutable` or a `FileManifest` from the function of a target"
    return f"build another target: `obelisk build {able[0]}`"


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """An executable as `[tool.obelisk]` describes it."""

    table: dict[str, Any]
    written: tuple[Written, ...]
    application: Assembly
    settings: Settings
    notes: tuple[str, ...]


def describe(session: Session, executable: PythonExecutable) -> Described:
    """Return what an executable is made of; raise `ConfigError` for what it cannot run."""
    config, policy = executable.config, executable.policy
    entry, notes = entry_settings(config, session.folder)
    contents = contents_of(executable)
    base = executable.base
    table: dict[str, Any] = {"name": executable.name, "python": base.python}
    for found in (config.settings(), entry):
        interpreter = {**table.get("interpreter", {}), **found.get("interpreter", {})}
        table |= found
        table |= {"interpreter": interpreter} if interpreter else {}
    lines = [
        line_of(part, session.folder) for part in contents.parts if not isinstance(part, Written)
    ]
    table |= {"parts": lines} if lines else {}
    table |= {"exclude": list(contents.exclude)} if contents.exclude else {}
    if policy.value("include_test"):
        table["include"] = ["test"]
    if not (
        policy.value("include_distribution_sources")
        or policy.value("include_non_distribution_sources")
    ):
        table["source-text"] = False
    subsystem = executable.value("windows_subsystem")
    table |= {"windows": {"subsystem": subsystem}} if subsystem != "console" else {}
    where = f"`{executable.name}` of {session.path}"
    table |= {"target": base.target} if base.target != Settings().target else {}
    settings = apply_table(Settings(), table, where)
    return Described(
        table=table,
        written=tuple(part for part in contents.parts if isinstance(part, Written)),
        application=Assembly(name=executable.name, folder=session.folder, parts=contents.parts),
        settings=settings,
        notes=tuple(notes),
    )

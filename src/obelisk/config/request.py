"""Recognizing the command line's arguments, and reading the settings that come with them.

A default is overridden by the file, and the file by the command line: both are merged here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from obelisk.config.application import Request
from obelisk.config.pyoxidizer.evaluate import (
    FILE,
    evaluate,
    find_configuration,
    refuse_old_configuration,
)
from obelisk.config.pyoxidizer.requests import LooseFile, describe, wishes_of
from obelisk.config.pyoxidizer.session import Bring, Session, Statement, Surroundings, Wanted
from obelisk.config.recognize import (
    has_project,
    has_settings,
    is_path,
    read,
    require_working_folder,
)
from obelisk.config.settings import (
    ENTRIES,
    Settings,
    apply_assignments,
    without_entry,
    without_snapshot,
)
from obelisk.config.tables import apply_table, key_of
from obelisk.errors import ConfigError
from obelisk.services.regular import is_folder


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandLine:
    """What the command line says."""

    what: tuple[str, ...] = ()
    """What to build: a path or a requirement, or targets of a `pyoxidizer.bzl`."""
    path: str | None = None
    """The folder of the configuration."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Values of settings, by the names of their fields; None and empty ones were not given."""
    assignments: tuple[str, ...] = ()
    """`key=value` of any setting."""
    pins: tuple[Path, ...] = ()
    """Files of pins."""
    variables: Mapping[str, str | None] = field(default_factory=dict)
    """`VARS` of a `pyoxidizer.bzl`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Requests:
    """All that is to be built."""

    requests: tuple[Request, ...]
    files: tuple[LooseFile, ...] = ()
    statements: tuple[Statement, ...] = ()
    """How a `pyoxidizer.bzl` was understood."""
    configuration: Path | None = None
    """That file."""


def _no_text(text: str) -> None:
    del text


def _nothing_installed(wanted: Wanted) -> None:
    del wanted


@dataclass(frozen=True, kw_only=True, slots=True)
class Outside:
    """How reading says what it has to say, and installs what it must."""

    warn: Callable[[str], None] = _no_text
    note: Callable[[str], None] = _no_text
    bring: Bring = _nothing_installed


def read_requests(command: CommandLine, outside: Outside | None = None) -> Requests:
    """Read what the command line names, each with its values in place of the file's.

    Raises `ConfigError` when something is not valid.
    """
    outside = outside or Outside()
    require_working_folder()
    found = _configuration(command)
    if found is not None:
        return _of_configuration(*found, command, outside)
    if len(command.what) > 1:
        message = f"`{command.what[1]}` is one argument too many"
        hint = f"several are targets of a {FILE}; what follows `--` is for the program that is run"
        raise ConfigError(message, hint=hint)
    if command.variables:
        message = "`--var` and `--var-env` have no effect"
        raise ConfigError(message, hint=f"they are for a {FILE}, of which there is none")
    what = command.path if command.path is not None else next(iter(command.what), None)
    return Requests(
        requests=tuple(
            replace(request, settings=overridden(request.settings, command, outside.warn))
            for request in read(what, outside.warn)
        )
    )


def read_session(
    command: CommandLine, outside: Outside, *, resolves: bool = True
) -> Session | None:
    """Evaluate the `pyoxidizer.bzl` that the command line means; None if it means none."""
    require_working_folder()
    found = _configuration(command)
    return _evaluated(*found, command, outside, resolves=resolves) if found else None


def _configuration(command: CommandLine) -> tuple[Path, tuple[str, ...]] | None:
    """Return the `pyoxidizer.bzl` that the command line means, and its targets.

    A pyproject.toml with `[tool.obelisk]` comes before one in the same folder.
    """
    first = next(iter(command.what), "")
    if command.path is not None:
        folder, targets = Path(command.path), command.what
    elif first.endswith(".bzl"):
        return Path(first), command.what[1:]
    elif is_path(first) and is_folder(Path(first)):
        folder, targets = Path(first), command.what[1:]
    elif is_path(first) or first.endswith((".py", ".whl")):
        return None
    else:
        folder, targets = Path(), command.what
    if folder.suffix == ".bzl":
        return folder, targets
    path = find_configuration(folder)
    if path is None and not targets and not has_project(folder):
        refuse_old_configuration(folder)
    return (path, targets) if path and not has_settings(folder) else None


def _evaluated(
    path: Path,
    targets: tuple[str, ...],
    command: CommandLine,
    outside: Outside,
    *,
    resolves: bool = True,
) -> Session:
    asked = command.options.get("target")
    if asked and "-" not in asked:
        message = f"`{asked}` is not a target triple"
        raise ConfigError(message, hint=f"targets of a {FILE} are arguments: `obelisk run {asked}`")
    triple = asked or Settings().target
    target = triple.replace("-linux-gnu", "-linux-musl")
    if target != triple:
        outside.note(f"`{triple}`: building for {target}, which runs there too")
    options = {**command.options, "target": target}
    return evaluate(
        path,
        Surroundings(
            triple=triple,
            python=command.options.get("python"),
            settings=overridden(Settings(), replace(command, options=options)),
            variables=dict(command.variables),
            targets=targets,
            bring=outside.bring,
            warn=outside.warn,
            resolves=resolves,
        ),
        outside.note,
    )


def _of_configuration(
    path: Path, targets: tuple[str, ...], command: CommandLine, outside: Outside
) -> Requests:
    session = _evaluated(path, targets, command, outside)
    wishes = wishes_of(session)
    # Each executable has the ones that the evaluation gave it.
    options = {**command.options, "target": None, "python": None}
    command = replace(command, options=options)
    requests = []
    for wish in wishes.executables:
        found = describe(session, wish.executable)
        for note in found.notes:
            outside.note(note)
        requests.append(
            Request(
                application=found.application,
                settings=overridden(found.settings, command, outside.warn),
                folder=session.folder,
                places=tuple(_named(place, command) for place in wish.places),
            )
        )
    if not command.what and has_project(session.folder):
        outside.note(f"building from {FILE}; `[tool.obelisk]` in pyproject.toml would come first")
    for note in (*wishes.notes, *session.notes()):
        outside.note(note)
    return Requests(
        requests=tuple(requests),
        files=tuple(wishes.files.values()),
        statements=tuple(session.statements),
        configuration=session.path,
    )


def _named(place: str, command: CommandLine) -> str:
    """Return the path of an executable, with the name that the command line gives it."""
    name = command.options.get("name")
    return os.path.join(os.path.dirname(place), name) if name else place  # noqa: PTH118, PTH120


def overridden(
    settings: Settings, command: CommandLine, warn: Callable[[str], None] = lambda _: None
) -> Settings:
    """Return settings with the command line's values: lists are extended, others replaced."""
    for path in command.pins:
        settings = replace(settings, pins=settings.pins.with_file(path))
    settings = apply_assignments(settings, command.assignments, warn)
    given: dict[str, Any] = {}
    for name, value in command.options.items():
        if value is None or value == ():
            continue
        old = getattr(settings, name)
        given[key_of(name)] = [*old, *value] if isinstance(value, tuple) else value
    # An entry point of the command line takes the place of any in the file.
    if given.keys() & set(ENTRIES):
        settings = without_entry(settings)
    if given.get("snapshot") is False:
        settings = without_snapshot(settings)
    return apply_table(settings, given, "the command line", warn)

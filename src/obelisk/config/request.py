"""Recognizing the command line's arguments, and reading the settings that come with them.

A default is overridden by the file, and the file by the command line: both are merged here.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from obelisk.config.application import (
    Application,
    Assembly,
    Project,
    Requirement,
    Script,
    WheelFile,
)
from obelisk.config.names import require_package_name
from obelisk.config.parts import parse_parts
from obelisk.config.requirements import absolute_requirement, parse_requirement
from obelisk.config.settings import ENTRIES, Settings, apply_assignments
from obelisk.config.tables import apply_table, key_of
from obelisk.config.toml import parse_toml, read_toml, shown, table_in, text_in, texts_in
from obelisk.errors import ConfigError
from obelisk.services.regular import is_folder, is_regular, read_regular

_BLOCK: Final = re.compile(r"# /// ([a-zA-Z0-9-]+)")
"""The first line of a block of inline metadata (PEP 723)."""
_BLOCK_END: Final = "# ///"
_EXECUTABLES: Final = "executables"
"""The key of tables, each of which is an executable of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """An application, and the settings found with it."""

    application: Application
    settings: Settings
    folder: Path
    """What relative paths in the settings start from."""
    place: str | None = None
    """Path of the executable below the output folder. Default: its name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandLine:
    """What the command line says."""

    what: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """Values of settings, by the names of their fields; None and empty ones were not given."""
    assignments: tuple[str, ...] = ()
    """`key=value` of any setting."""


def read_requests(
    command: CommandLine, warn: Callable[[str], None] = lambda _: None
) -> list[Request]:
    """Read what the command line names, each with its values in place of the file's.

    Raises `ConfigError` when something is not valid.
    """
    return [
        replace(request, settings=overridden(request.settings, command, warn))
        for request in _read(command.what, warn)
    ]


def overridden(
    settings: Settings, command: CommandLine, warn: Callable[[str], None] = lambda _: None
) -> Settings:
    """Return settings with the command line's values: lists are extended, others replaced."""
    settings = apply_assignments(settings, command.assignments, warn)
    given: dict[str, Any] = {}
    for name, value in command.options.items():
        if value is None or value == ():
            continue
        old = getattr(settings, name)
        given[key_of(name)] = [*old, *value] if isinstance(value, tuple) else value
    # An entry point of the command line takes the place of any in the file.
    if given.keys() & set(ENTRIES):
        settings = replace(settings, script=None, entry=None, module=None, file=None, code=None)
    return apply_table(settings, given, "the command line", warn)


def read_request(what: str | None, warn: Callable[[str], None] = lambda _: None) -> Request:
    """Return the only request that an argument makes: see `_read`."""
    (request,) = _read(what, warn)
    return request


def _read(what: str | None, warn: Callable[[str], None]) -> list[Request]:
    """Read the project in the working folder, or what the argument names.

    An argument that ends in `.py` is a script, in `.whl` a wheel, a folder is a project, and all
    else is a requirement. Raises `ConfigError` when it is none of them.
    """
    _require_working_folder()
    path = Path(what) if what else Path()
    if is_folder(path) and (what is None or _is_path(what) or _has_project(path)):
        return _read_project(path, warn)
    assert what is not None  # noqa: S101 - `Path()` is a folder
    if path.suffix == ".py":
        return [_read_script(path, warn)]
    if path.suffix == ".whl":
        return [_read_wheel(path)]
    return [_read_requirement(what)]


def _require_working_folder() -> None:
    try:
        Path.cwd()
    except OSError as error:
        message = f"cannot read the working directory: {error.strerror}"
        raise ConfigError(message, hint="change to another directory") from error


def _is_path(what: str) -> bool:
    return "/" in what or what in (".", "..")


def _has_project(folder: Path) -> bool:
    return os.path.lexists(folder / "pyproject.toml")


def _read_project(folder: Path, warn: Callable[[str], None]) -> list[Request]:
    path = folder / "pyproject.toml"
    if not _has_project(folder):
        message = f"no pyproject.toml found in {folder.absolute()}"
        hint = "name a script, wheel or requirement to build, such as `obelisk build app.py`"
        raise ConfigError(message, hint=hint)
    table = read_toml(path)
    return [
        Request(
            application=_application(table, settings, folder.absolute(), path),
            settings=settings,
            folder=folder.absolute(),
        )
        for settings in _project_settings(table, path, warn)
    ]


def _project_settings(
    table: dict[str, Any], path: Path, warn: Callable[[str], None]
) -> Iterator[Settings]:
    """Yield the settings of each table of `executables`, or those of the only executable."""
    where = f"`[tool.obelisk]` of {path}"
    tool = dict(table_in(table_in(table, "tool", str(path)), "obelisk", str(path)))
    tables = tool.pop(_EXECUTABLES, [{}])
    common = apply_table(Settings(), tool, where, warn)
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        message = f"`{_EXECUTABLES}` in {where} must be tables, not {shown(tables)}"
        raise ConfigError(message, hint=f"write each as `[[tool.obelisk.{_EXECUTABLES}]]`")
    for one in tables:
        yield apply_table(common, one, f"`{_EXECUTABLES}` in {where}", warn)


def _application(
    table: dict[str, Any], settings: Settings, folder: Path, path: Path
) -> Project | Assembly:
    project = table_in(table, "project", str(path))
    name = text_in(project, "name", f"`[project]` of {path}")
    if settings.parts:
        parts = parse_parts(settings.parts, folder)
        return Assembly(name=settings.name or name or folder.name, folder=folder, parts=parts)
    if name is None:
        message = f"`[project]` in {path} has no `name`"
        raise ConfigError(message, hint="projects need PEP 621 metadata")
    require_package_name(name, f"name` of `[project]` in `{path}")
    return Project(
        folder=folder,
        name=name,
        scripts=_scripts(project, path),
        dynamic_scripts="scripts" in texts_in(project, "dynamic", f"`[project]` of {path}"),
    )


def _scripts(project: dict[str, Any], path: Path) -> tuple[tuple[str, str], ...]:
    found = []
    for name, text in table_in(project, "scripts", f"`[project]` of {path}").items():
        if not isinstance(text, str):
            message = f"`{name}` in `[project.scripts]` of {path} is not a string"
            raise ConfigError(message)
        # An entry point may name extras, which say nothing of what to call.
        found.append((name, text.split("[")[0].strip()))
    return tuple(sorted(found))


def _read_script(path: Path, warn: Callable[[str], None]) -> Request:
    header = parse_script_header(_script_text(path), path)
    where = f"the header of {path}"
    tool = table_in(table_in(header, "tool", where), "obelisk", where)
    dependencies = texts_in(header, "dependencies", where)
    folder = path.absolute().parent
    return Request(
        application=Script(
            path=path.absolute(),
            dependencies=tuple(absolute_requirement(text, folder, where) for text in dependencies),
            requires_python=text_in(header, "requires-python", where),
            configures_uv="uv" in table_in(header, "tool", where),
        ),
        settings=apply_table(Settings(), tool, f"`[tool.obelisk]` of {path}", warn),
        folder=folder,
    )


def _script_text(path: Path) -> str:
    """Return the text of a script as Python reads it: with its BOM, encoding and line ends."""
    try:
        return importlib.util.decode_source(read_regular(path))
    except OSError as error:
        message = f"cannot read the script {path}: {error.strerror}"
        raise ConfigError(message) from error
    except (SyntaxError, ValueError, LookupError) as error:
        message = f"cannot read the script {path}: {error}"
        raise ConfigError(message, hint="save the file as UTF-8") from error


def parse_script_header(text: str, path: Path) -> dict[str, Any]:
    """Return the `script` block of a script's inline metadata (PEP 723), empty if it has none."""
    blocks = [content for kind, content in _blocks(text.split("\n")) if kind == "script"]
    if len(blocks) > 1:
        message = f"{path} has more than one `# /// script` block"
        raise ConfigError(message)
    if not blocks:
        return {}
    content = "".join(f"{line[2:]}\n" for line in blocks[0])
    return parse_toml(content, f"the `# /// script` block of {path}")


def _blocks(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield (type, lines) of the blocks of inline metadata.

    They are what the specification's regular expression finds, which takes a time that grows with
    the square of the number of lines.
    """
    at = 0
    while at < len(lines):
        first = _BLOCK.fullmatch(lines[at])
        at += 1
        if first is None:
            continue
        start, end = at, None
        while at < len(lines) and (lines[at] == "#" or lines[at].startswith("# ")):
            end = at if lines[at] == _BLOCK_END and at > start else end
            at += 1
        if end is not None:
            yield first[1], lines[start:end]
            at = end + 1


def _read_wheel(path: Path) -> Request:
    if not is_regular(path):
        message = f"no such wheel: {path}"
        raise ConfigError(message)
    try:
        name, *_ = parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        message = f"invalid wheel file name {path.name}: {error}"
        raise ConfigError(message) from error
    application = WheelFile(path=path.absolute(), name=name)
    return Request(application=application, settings=Settings(), folder=Path.cwd())


def _read_requirement(what: str) -> Request:
    folder = Path.cwd()
    try:
        requirement = parse_requirement(what, "the command line")
    except ConfigError as error:
        message = f"{shown(what)} is not a script, wheel, project or requirement"
        raise ConfigError(message, hint=str(error)) from error
    application = Requirement(
        text=absolute_requirement(what, folder, "the command line"),
        name=canonicalize_name(requirement.name),
    )
    return Request(application=application, settings=Settings(), folder=folder)

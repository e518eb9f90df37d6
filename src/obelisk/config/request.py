"""Recognizing the command line's argument, and reading the settings that come with it."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from obelisk.config.names import require_package_name
from obelisk.config.requirements import absolute_requirement, parse_requirement
from obelisk.config.settings import Settings
from obelisk.config.tables import apply_table
from obelisk.config.toml import parse_toml, read_toml, shown, table_in, text_in, texts_in
from obelisk.errors import ConfigError
from obelisk.services.regular import is_folder, is_regular, read_regular

_BLOCK: Final = re.compile(r"# /// ([a-zA-Z0-9-]+)")
"""The first line of a block of inline metadata (PEP 723)."""
_BLOCK_END: Final = "# ///"


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A folder with a pyproject.toml."""

    folder: Path
    name: str
    scripts: tuple[tuple[str, str], ...]
    """(command, `module:function`) of `[project.scripts]`."""
    dynamic_scripts: bool
    """Whether only its build backend knows the scripts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Script:
    """A single file, with the dependencies that its header names."""

    path: Path
    dependencies: tuple[str, ...]
    requires_python: str | None
    configures_uv: bool = False
    """Whether its header has `[tool.uv]`, which has effect on its lock only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """Something to install from the package index."""

    text: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WheelFile:
    """A wheel on disk."""

    path: Path
    name: str


Application = Project | Script | Requirement | WheelFile


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """An application, and the settings found with it."""

    application: Application
    settings: Settings
    folder: Path
    """What relative paths in the settings start from."""


def read_request(what: str | None, warn: Callable[[str], None] = lambda _: None) -> Request:
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
        return _read_script(path, warn)
    if path.suffix == ".whl":
        return _read_wheel(path)
    return _read_requirement(what)


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


def _read_project(folder: Path, warn: Callable[[str], None]) -> Request:
    path = folder / "pyproject.toml"
    if not _has_project(folder):
        message = f"no pyproject.toml found in {folder.absolute()}"
        hint = "name a script, wheel or requirement to build, such as `obelisk build app.py`"
        raise ConfigError(message, hint=hint)
    table = read_toml(path)
    project = table_in(table, "project", str(path))
    tool = table_in(table_in(table, "tool", str(path)), "obelisk", str(path))
    name = text_in(project, "name", f"`[project]` of {path}")
    if name is None:
        message = f"`[project]` in {path} has no `name`"
        raise ConfigError(message, hint="projects need PEP 621 metadata")
    require_package_name(name, f"name` of `[project]` in `{path}")
    return Request(
        application=Project(
            folder=folder.absolute(),
            name=name,
            scripts=_scripts(project, path),
            dynamic_scripts="scripts" in texts_in(project, "dynamic", f"`[project]` of {path}"),
        ),
        settings=apply_table(Settings(), tool, f"`[tool.obelisk]` of {path}", warn),
        folder=folder.absolute(),
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

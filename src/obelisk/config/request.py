"""Deciding what the command line's argument is, and reading the settings that come with it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as PackagingRequirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from obelisk.config.schema import Settings, read_table_of
from obelisk.config.tables import apply_table
from obelisk.errors import ConfigError

_METADATA_BLOCK: Final = re.compile(
    r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$"
)
"""The regular expression of the inline script metadata specification (PEP 723)."""


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


def read_request(what: str | None) -> Request:
    """Read the project in the working folder, or what the argument names.

    An argument that ends in `.py` is a script, in `.whl` a wheel, a folder is a project, and all
    else is a requirement. Raises `ConfigError` when it is none of them.
    """
    path = Path(what) if what else Path()
    if path.is_dir() and (what is None or (path / "pyproject.toml").is_file() or _is_path(what)):
        return _read_project(path)
    assert what is not None  # noqa: S101 - `Path()` is a folder
    if path.suffix == ".py":
        return _read_script(path)
    if path.suffix == ".whl":
        return _read_wheel(path)
    return _read_requirement(what)


def _is_path(what: str) -> bool:
    return "/" in what or what in (".", "..")


def _read_project(folder: Path) -> Request:
    path = folder / "pyproject.toml"
    if not path.is_file():
        message = f"there is no pyproject.toml in {folder.absolute()}"
        hint = "name a script, a wheel or a requirement to build, such as `obelisk build app.py`"
        raise ConfigError(message, hint=hint)
    table = read_table_of(path)
    project = _table(table, "project", path)
    tool = _table(_table(table, "tool", path), "obelisk", path)
    scripts = _table(project, "scripts", path)
    name = project.get("name")
    if not isinstance(name, str):
        message = f"{path} has no `name` in its `[project]` table"
        raise ConfigError(message, hint="Obelisk builds projects that follow PEP 621")
    if not all(isinstance(text, str) for text in scripts.values()):
        message = f"`[project.scripts]` of {path} has a value that is no string"
        raise ConfigError(message)
    dynamic = project.get("dynamic", [])
    return Request(
        application=Project(
            folder=folder.absolute(),
            name=name,
            # An entry point may name extras, which say nothing of what to call.
            scripts=tuple(
                sorted((key, text.split("[")[0].strip()) for key, text in scripts.items())
            ),
            dynamic_scripts=isinstance(dynamic, list) and "scripts" in dynamic,
        ),
        settings=apply_table(Settings(), tool, f"`[tool.obelisk]` of {path}"),
        folder=folder.absolute(),
    )


def _read_script(path: Path) -> Request:
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        message = f"cannot read the script {path}: {error}"
        raise ConfigError(message) from error
    header = parse_script_header(text, path)
    tool = _table(_table(header, "tool", path), "obelisk", path)
    dependencies = header.get("dependencies", [])
    if not isinstance(dependencies, list) or not all(isinstance(d, str) for d in dependencies):
        message = f"`dependencies` in the header of {path} is not a list of strings"
        raise ConfigError(message)
    return Request(
        application=Script(
            path=path.absolute(),
            dependencies=tuple(dependencies),
            requires_python=header.get("requires-python"),
        ),
        settings=apply_table(Settings(), tool, f"`[tool.obelisk]` of {path}"),
        folder=path.absolute().parent,
    )


def parse_script_header(text: str, path: Path) -> dict[str, Any]:
    """Return the `script` block of a script's inline metadata (PEP 723), empty if it has none."""
    blocks = [found for found in _METADATA_BLOCK.finditer(text) if found["type"] == "script"]
    if len(blocks) > 1:
        message = f"{path} has more than one `# /// script` block"
        raise ConfigError(message)
    if not blocks:
        return {}
    lines = blocks[0]["content"].splitlines(keepends=True)
    content = "".join(line[2:] if line.startswith("# ") else line[1:] for line in lines)
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        message = f"the `# /// script` block of {path} is not TOML: {error}"
        raise ConfigError(message) from error


def _read_wheel(path: Path) -> Request:
    if not path.is_file():
        message = f"there is no wheel {path}"
        raise ConfigError(message)
    try:
        name, *_ = parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        message = f"{path.name} is not the name of a wheel: {error}"
        raise ConfigError(message) from error
    application = WheelFile(path=path.absolute(), name=name)
    return Request(application=application, settings=Settings(), folder=Path.cwd())


def _read_requirement(what: str) -> Request:
    try:
        requirement = PackagingRequirement(what)
    except InvalidRequirement as error:
        message = f"`{what}` is neither a script, a wheel, a project nor a requirement"
        raise ConfigError(message, hint=str(error).splitlines()[0]) from error
    application = Requirement(text=what, name=canonicalize_name(requirement.name))
    return Request(application=application, settings=Settings(), folder=Path.cwd())


def _table(parent: dict[str, Any], key: str, path: Path) -> dict[str, Any]:
    value = parent.get(key, {})
    if not isinstance(value, dict):
        message = f"`{key}` in {path} is not a table"
        raise ConfigError(message)
    return value

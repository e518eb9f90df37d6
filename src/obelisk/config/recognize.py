"""Recognizing what an argument of the command line names, and reading its settings."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from obelisk.config.application import (
    Assembly,
    Project,
    Request,
    Requirement,
    Script,
    WheelFile,
)
from obelisk.config.audit import parse_audit
from obelisk.config.header import parse_script_header
from obelisk.config.names import require_package_name
from obelisk.config.parts import parse_parts
from obelisk.config.requirements import absolute_requirement, parse_requirement
from obelisk.config.settings import Settings
from obelisk.config.tables import apply_table
from obelisk.config.toml import read_toml, shown, table_in, text_in, texts_in
from obelisk.errors import ConfigError
from obelisk.services.regular import is_folder, is_regular, read_regular

_AUDIT: Final = "audit"
"""The key of a table for `obelisk audit` alone, which a build checks and does not use."""
_EXECUTABLES: Final = "executables"
"""The key of tables, each of which is an executable of its own."""


def read_request(what: str | None, warn: Callable[[str], None] = lambda _: None) -> Request:
    """Return the only request that an argument makes: see `read`."""
    (request,) = read(what, warn)
    return request


def read(what: str | None, warn: Callable[[str], None]) -> list[Request]:
    """Read the project in the working folder, or what the argument names.

    An argument that ends in `.py` is a script, in `.whl` a wheel, a folder is a project, and all
    else is a requirement. Raises `ConfigError` when it is none of them.
    """
    require_working_folder()
    path = Path(what) if what else Path()
    if is_folder(path) and (what is None or is_path(what) or has_project(path)):
        return _read_project(path, warn)
    assert what is not None  # noqa: S101 - `Path()` is a folder
    if path.suffix == ".py":
        return [_read_script(path, warn)]
    if path.suffix == ".whl":
        return [_read_wheel(path)]
    return [_read_requirement(what)]


def require_working_folder() -> None:
    """Raise `ConfigError` if the working folder is gone."""
    try:
        Path.cwd()
    except OSError as error:
        message = f"cannot read the working directory: {error.strerror}"
        raise ConfigError(message, hint="change to another directory") from error


def is_path(what: str) -> bool:
    """Say whether an argument can only be a path."""
    return "/" in what or what in (".", "..")


def has_project(folder: Path) -> bool:
    """Say whether there is a pyproject.toml, even if it cannot be read."""
    return os.path.lexists(folder / "pyproject.toml")


def has_settings(folder: Path) -> bool:
    """Say whether there is a pyproject.toml with `[tool.obelisk]`."""
    path = folder / "pyproject.toml"
    return is_regular(path) and "obelisk" in table_in(read_toml(path), "tool", str(path))


def _read_project(folder: Path, warn: Callable[[str], None]) -> list[Request]:
    path = folder / "pyproject.toml"
    if not has_project(folder):
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
    parse_audit(table_in(tool, _AUDIT, where), f"`{_AUDIT}` of {where}")
    tool.pop(_AUDIT, None)
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
    if settings.parts is not None:
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

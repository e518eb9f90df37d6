"""Which configuration uv uses: that of the project that is built, and the user's own.

uv looks for `uv.toml` and `[tool.uv]` in the working folder and in all folders above it. What lies
there may be anybody's, so it is told where to look: at the project, or its workspace. For all that
is no project it finds nothing there. The user's and the system's files and variables are obeyed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from obelisk.config.application import Application, Assembly, Project
from obelisk.config.toml import read_toml, table_in, texts_in
from obelisk.errors import ConfigError
from obelisk.services.regular import is_regular

_FILE: Final = "uv.toml"
_CHOSEN: Final = "UV_CONFIG_FILE"
_NONE: Final = "UV_NO_CONFIG"


@dataclass(frozen=True, kw_only=True, slots=True)
class InstallerConfig:
    """The configuration of uv."""

    project: Path | None
    """The `uv.toml` or pyproject.toml of the project or its workspace; None: of no project."""
    user: tuple[Path, ...]
    """The user's own file, and the system's."""
    variables: tuple[str, ...]
    """Names of the variables `UV_*`; values may be secrets."""


def installer_config(application: Application, env: Mapping[str, str]) -> InstallerConfig:
    """Return what configures uv for an application; raise `ConfigError` for unreadable files."""
    variables = tuple(sorted(name for name in env if name.startswith("UV_")))
    if env.get(_NONE):
        return InstallerConfig(project=None, user=(), variables=variables)
    if env.get(_CHOSEN):
        chosen = (Path(env[_CHOSEN]).absolute(),)
        return InstallerConfig(project=None, user=chosen, variables=variables)
    project = None
    if isinstance(application, Project | Assembly):
        project = _of_project(application.folder)
    return InstallerConfig(project=project, user=_of_user(env), variables=variables)


def _of_project(folder: Path) -> Path | None:
    for path in filter(None, (folder, _workspace(folder))):
        if is_regular(path / _FILE):
            return path / _FILE
        if "uv" in _tool(path / "pyproject.toml"):
            return path / "pyproject.toml"
    return None


def _workspace(folder: Path) -> Path | None:
    """Return the root of the workspace that `folder` is a member of, by its own word."""
    for place in folder.parents:
        path = place / "pyproject.toml"
        try:
            uv = table_in(_tool(path), "uv", str(path))
            members = texts_in(table_in(uv, "workspace", str(path)), "members", str(path))
            if any(folder in place.glob(pattern) for pattern in members):
                return place
        except (ConfigError, OSError, ValueError, NotImplementedError, IndexError):
            continue  # somebody else's folder, which says nothing of this project
    return None


def _tool(pyproject: Path) -> dict[str, Any]:
    if not is_regular(pyproject):
        return {}
    return table_in(read_toml(pyproject), "tool", str(pyproject))


def _of_user(env: Mapping[str, str]) -> tuple[Path, ...]:
    home = Path(env.get("XDG_CONFIG_HOME") or Path(env.get("HOME") or "/", ".config"))
    shared = [Path(folder) for folder in env.get("XDG_CONFIG_DIRS", "").split(os.pathsep) if folder]
    candidates = [home / "uv" / _FILE, *(folder / "uv" / _FILE for folder in shared)]
    candidates.append(Path("/etc/uv") / _FILE)
    return tuple(path for path in candidates if is_regular(path))

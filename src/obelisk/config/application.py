"""What an executable can be made of: the kinds of applications, and a request for one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from obelisk.config.parts import Part
from obelisk.config.settings import Settings


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Assembly:
    """Parts that are brought together one after another; of a distribution, the last one counts."""

    name: str
    folder: Path
    """Where its configuration is."""
    parts: tuple[Part, ...]


Application = Project | Script | Requirement | WheelFile | Assembly


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """An application, and the settings found with it."""

    application: Application
    settings: Settings
    folder: Path
    """What relative paths in the settings start from."""
    places: tuple[str, ...] = ()
    """Paths of the executable below the output folder, or absolute ones. Default: its name."""

"""The parts of an application, as `parts` of `[tool.obelisk]` has them: each a line of words.

`install` is a run of the installer of its own, `packages` and `virtualenv` are what lies in
folders, and `remove` takes away what was brought before. A distribution that a later part brings
replaces that of an earlier one, with all its files.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName

from obelisk.config.names import require_package_name
from obelisk.config.pip import requirements_of
from obelisk.config.requirements import Requirements
from obelisk.config.toml import shown
from obelisk.errors import ConfigError, did_you_mean


@dataclass(frozen=True, kw_only=True, slots=True)
class Install:
    """What one run of the installer brings."""

    words: tuple[str, ...]
    """Its arguments as they were written."""
    requirements: Requirements


@dataclass(frozen=True, kw_only=True, slots=True)
class Packages:
    """Modules and packages of a folder, with their files, as if they were installed."""

    folder: Path
    names: tuple[str, ...]
    """The packages, or modules, at the top of the folder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Virtualenv:
    """What is installed in a virtual environment."""

    folder: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """Modules whose text is given."""

    files: tuple[tuple[str, str], ...]
    """(path below `site-packages`, text)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Remove:
    """Distributions that earlier parts brought, and that are not included."""

    names: tuple[NormalizedName, ...]


Part = Install | Packages | Virtualenv | Written | Remove


def parse_parts(lines: Iterable[str], folder: Path) -> tuple[Part, ...]:
    """Return the parts that the setting names; relative paths start from `folder`.

    Raises `ConfigError` for anything else.
    """
    return tuple(_parse(line, folder) for line in lines)


def _parse(line: str, folder: Path) -> Part:
    where = f"{shown(line)} in `parts`"
    try:
        kind, *words = shlex.split(line)
    except ValueError as error:
        message = f"cannot read {where}: {error}"
        raise ConfigError(message) from error
    match kind, words:
        case "install", [_, *_]:
            return install_part(words, folder, where)
        case "packages", [place, _, *_]:
            return packages_part(_absolute(place, folder), words[1:], where)
        case "virtualenv", [place]:
            return Virtualenv(folder=_absolute(place, folder))
        case "remove", [_, *_]:
            return Remove(names=tuple(require_package_name(word, "parts") for word in words))
        case _:
            message = f"{where} is not a part"
            raise ConfigError(message, hint=_hint(kind))


def packages_part(folder: Path, names: Sequence[str], where: str) -> Packages:
    """Return the part that packages of a folder are; raise `ConfigError` for other names."""
    for name in names:
        if not all(part.isidentifier() or "-" in part for part in name.split(".")) or "/" in name:
            message = f"{shown(name)} in {where} is not the name of a package or module"
            raise ConfigError(message)
    return Packages(folder=folder, names=tuple(names))


def install_part(words: Sequence[str], folder: Path, where: str) -> Install:
    """Return the part that runs the installer with these arguments; raise `ConfigError`."""
    return Install(words=tuple(words), requirements=requirements_of(words, folder, where))


def shown_part(part: Part) -> str:
    """Return a part as `obelisk plan` shows it."""
    if isinstance(part, Written):
        return "written " + " ".join(path for path, _ in part.files)
    return line_of(part, Path("/"))


def line_of(part: Install | Packages | Virtualenv | Remove, folder: Path) -> str:
    """Return a part as the setting has it, with paths relative to `folder` where they are below."""
    match part:
        case Install():
            return shlex.join(["install", *part.words])
        case Packages():
            return shlex.join(["packages", _relative(part.folder, folder), *part.names])
        case Virtualenv():
            return shlex.join(["virtualenv", _relative(part.folder, folder)])
        case Remove():
            return shlex.join(["remove", *part.names])


def _hint(kind: str) -> str:
    forms = {
        "install": "`install ARGUMENT...`",
        "packages": "`packages FOLDER NAME...`",
        "virtualenv": "`virtualenv FOLDER`",
        "remove": "`remove NAME...`",
    }
    return f"expected {forms[kind]}" if kind in forms else did_you_mean(kind, forms)


def _absolute(place: str, folder: Path) -> Path:
    return Path(os.path.normpath(folder / place))


def _relative(place: Path, folder: Path) -> str:
    below = folder != Path("/") and place.is_relative_to(folder)
    return place.relative_to(folder).as_posix() if below else str(place)

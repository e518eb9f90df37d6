"""The settings: the one truth for `[tool.obelisk]`, the command line and the reference page.

Worked example: `optimize = 2` in `[tool.obelisk]` is read by `request.py` as a table, checked here
against the type of `Settings.optimize`, and may then be replaced by `--optimize`. A default is
overruled by the file, and the file by the command line; there is no other layer.
"""

from __future__ import annotations

import ast
import inspect
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from obelisk.errors import ConfigError, did_you_mean
from obelisk.target import DEFAULT_TARGET


class Compression(StrEnum):
    """What of the payload is compressed."""

    OFF = "off"
    SOURCES = "sources"
    ZSTD = "zstd"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What can be set, with its default."""

    name: str | None = None
    """File name of the executable. Default: the name of the script, command or project."""
    target: str = DEFAULT_TARGET
    """Target triple to build for."""
    python: str = "3.14"
    """Python version in the executable: `3.14` or `3.13`."""
    script: str | None = None
    """The one of `[project.scripts]` to build. Default: all of them, an executable each."""
    entry: str | None = None
    """`module:function` to call, in place of a script of the project."""
    module: str | None = None
    """Module to run as `python -m` does, in place of a script of the project."""
    include: tuple[str, ...] = ()
    """Patterns of modules or files that go in although a default or `exclude` leaves them out."""
    exclude: tuple[str, ...] = ()
    """Patterns of modules (`package.tests`) or files (`package/*.so`) to leave out."""
    pure: tuple[str, ...] = ()
    """Packages whose native code is left out: they must work, if slower, as pure Python."""
    no_binary: tuple[str, ...] = ()
    """Packages to build from source although they have wheels; `:all:` is every one."""
    build_packages: tuple[str, ...] = ()
    """C libraries for packages that are built from source: recipes (`openssl`) or folders."""
    native_libraries: tuple[str, ...] = ()
    """Glob patterns of shared libraries (`lib/libgeo.so`), built for musl, that are linked in."""
    data: tuple[str, ...] = ()
    """Glob patterns of files beside the project or script that go in at the same relative path."""
    requirements: tuple[str, ...] = ()
    """Requirement files to install as well; hashes in them are checked."""
    optimize: int = 0
    """Bytecode optimisation as of `python -O`: 0, 1 (no asserts) or 2 (no docstrings either)."""
    sources: bool = True
    """Whether source text goes in, for tracebacks and `inspect`."""
    compression: Compression = Compression.SOURCES
    """`off`, `sources` (source text only) or `zstd` (all; smaller, and slower to start)."""
    unbuffered: bool = False
    """Whether stdout and stderr are unbuffered, as with `python -u`."""
    smoke_test: tuple[str, ...] = ()
    """Arguments with which the executable must exit with status 0, such as `["--version"]`."""
    debug: bool = False
    """Whether the executable keeps its symbols, for gdb and perf."""


_CHOICES: Final[Mapping[str, tuple[object, ...]]] = {"optimize": (0, 1, 2)}


def apply_table(settings: Settings, table: Mapping[str, Any], where: str) -> Settings:
    """Return `settings` with the values of a TOML table; raise `ConfigError` for wrong ones."""
    known = {_key(field.name): field.name for field in fields(Settings)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            message = f"unknown key `{key}` in {where}"
            raise ConfigError(message, hint=did_you_mean(key, known))
        values[known[key]] = _convert(key, value, getattr(settings, known[key]), where)
    return replace(settings, **values)


def documented_fields() -> list[tuple[str, str, object, str]]:
    """Return (key, type, default, meaning) of every setting, for the generated reference."""
    tree = ast.parse(inspect.getsource(Settings))
    (settings,) = tree.body
    assert isinstance(settings, ast.ClassDef)  # noqa: S101 - for mypy
    meanings = {
        ast.unparse(one.target): ast.literal_eval(two.value)
        for one, two in pairwise(settings.body)
        if isinstance(one, ast.AnnAssign) and isinstance(two, ast.Expr)
    }
    defaults = Settings()
    return [
        (_key(field.name), str(field.type), getattr(defaults, field.name), meanings[field.name])
        for field in fields(Settings)
    ]


def read_table_of(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file; raise `ConfigError` when it cannot be read."""
    try:
        return tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"cannot read {path}: {error}"
        raise ConfigError(message) from error


def _key(name: str) -> str:
    return name.replace("_", "-")


def _convert(key: str, value: object, current: object, where: str) -> object:
    wanted = _kind(current)
    problem = None
    if wanted == "list of strings":
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        problem = "a list of strings"
    elif wanted == "compression":
        if isinstance(value, str) and value in tuple(Compression):
            return Compression(value)
        problem = "one of " + ", ".join(f'"{choice}"' for choice in Compression)
    elif type(value).__name__ != wanted:
        problem = {"str": "a string", "int": "a whole number", "bool": "true or false"}[wanted]
    elif key in _CHOICES and value not in _CHOICES[key]:
        problem = "one of " + ", ".join(map(str, _CHOICES[key]))
    if problem is None:
        return value
    message = f"`{key}` in {where} is {value!r}, which is not {problem}"
    raise ConfigError(message)


def _kind(current: object) -> str:
    match current:
        case Compression():
            return "compression"
        case tuple():
            return "list of strings"
        case bool() | int():
            return type(current).__name__
        case _:
            return "str"

"""The settings: the one truth for `[tool.obelisk]`, the command line and the reference page.

Worked example: `optimize = 2` in `[tool.obelisk]` is read by `request.py` as a table, checked by
`tables.py` against the type of `Settings.optimize`, and may then be replaced by `--optimize`. A
default is overruled by the file, and the file by the command line; there is no other layer.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from obelisk.config.interpreter import Interpreter
from obelisk.config.tables import Range, apply_table
from obelisk.errors import ConfigError
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
    optimize: Annotated[int, Range(0, 2)] = 0
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
    allocator_hardening: bool = False
    """Whether the allocator detects heap corruption: guard pages, encrypted free lists in random
    order, double frees."""
    multicall: bool = False
    """Whether all console scripts go into one executable, which is the one of its own name, or the
    one that the first argument names."""
    bundle_certificates: bool = True
    """Whether certifi's certificates go in, for machines that have none; with `ssl` only."""
    bundle_time_zones: bool = True
    """Whether the `tzdata` package goes in, for machines without zones; with `zoneinfo` only."""
    interpreter: Interpreter = field(default_factory=Interpreter)
    """How Python is configured: a table of its own, below."""


def apply_assignments(settings: Settings, assignments: Iterable[str]) -> Settings:
    """Return `settings` with those of the command line, each `key=value` as a line of TOML.

    A value that TOML does not understand is taken as a string. Raises `ConfigError`.
    """
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        try:
            try:
                table = tomllib.loads(f"{key} = {value}")
            except tomllib.TOMLDecodeError:
                table = tomllib.loads(f"{key} = {json.dumps(value)}")
        except tomllib.TOMLDecodeError as error:
            message = f"`--set {assignment}` is not `key=value`"
            raise ConfigError(message, hint=str(error)) from error
        if not equals:
            message = f"`--set {assignment}` has no value"
            raise ConfigError(message, hint="write `--set key=value`")
        settings = apply_table(settings, table, f"`--set {assignment}`")
    return settings


def read_table_of(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file; raise `ConfigError` when it cannot be read."""
    try:
        return tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"cannot read {path}: {error}"
        raise ConfigError(message) from error

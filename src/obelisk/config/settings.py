"""The settings: the one truth for `[tool.obelisk]`, the command line and the reference page.

Worked example: `optimize = 2` in `[tool.obelisk]` is read by `request.py` as a table, checked by
`tables.py` against the type of `Settings.optimize`, and may then be replaced by `--optimize`. A
default is overruled by the file, and the file by the command line; there is no other layer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final

from obelisk.config.interpreter import Interpreter
from obelisk.config.tables import OldNames, Range, apply_table
from obelisk.config.toml import parse_toml
from obelisk.errors import ConfigError
from obelisk.target import DEFAULT_TARGET

_KEY: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
"""A key as `--set` takes it: TOML's bare and dotted ones."""
_SHOWN: Final = 80
"""Characters of an assignment that a message repeats."""


class Compression(StrEnum):
    """What of the payload is compressed."""

    OFF = "off"
    TEXT = "text"
    UNUSED = "unused"
    ZSTD = "zstd"


class Stdlib(StrEnum):
    """How much of the standard library goes in."""

    ALL = "all"
    USED = "used"


class Integrity(StrEnum):
    """When the executable is checked for damage."""

    USE = "use"
    START = "start"


class Profile(StrEnum):
    """What an executable is to be good at: a value for each field of `Storage`."""

    DEFAULT = "default"
    SMALL = "small"
    FAST = "fast"


@dataclass(frozen=True, kw_only=True, slots=True)
class Storage:
    """How much of the standard library and of source text is included, and how it is stored."""

    compression: Compression
    stdlib: Stdlib
    source_text: bool


PROFILES: Final = {
    Profile.DEFAULT: Storage(compression=Compression.UNUSED, stdlib=Stdlib.ALL, source_text=True),
    Profile.SMALL: Storage(compression=Compression.ZSTD, stdlib=Stdlib.USED, source_text=False),
    Profile.FAST: Storage(compression=Compression.OFF, stdlib=Stdlib.ALL, source_text=True),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What can be set, with its default."""

    OLD_NAMES: ClassVar[OldNames] = OldNames(
        keys={"sources": "source-text"}, values={"compression": {"sources": "text"}}
    )

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
    """Glob patterns of files beside the project or script that go in, with their relative paths."""
    extra_requirements: tuple[str, ...] = ()
    """Requirements to install besides the application's own, such as `["uvloop"]`."""
    requirements: tuple[str, ...] = ()
    """Requirement files to install as well; hashes in them are checked."""
    optimize: Annotated[int, Range(0, 2)] = 0
    """Bytecode optimisation as of `python -O`: 0, 1 (no asserts) or 2 (no docstrings either)."""
    profile: Profile = Profile.DEFAULT
    """`default`, `small` (all compressed, the used part of the standard library, no source text)
    or `fast` (nothing compressed). `compression`, `stdlib` and `source-text` override it."""
    stdlib: Stdlib | None = None
    """`all` of the standard library, or what is `used`: what the program and its packages can
    import, as far as their bytecode tells; `include` adds what they import by computed names.
    Default: as `profile` says."""
    source_text: bool | None = None
    """Whether source text goes in, for tracebacks and `inspect`. Default: as `profile` says."""
    compression: Compression | None = None
    """`off`, `text` (source text only), `unused` (also bytecode and data that a start does not
    use) or `zstd` (all; smaller, and slower to start). Default: as `profile` says."""
    unbuffered: bool = False
    """Whether stdout and stderr are unbuffered, as with `python -u`."""
    smoke_test: tuple[str, ...] = ()
    """Arguments with which the executable must exit with status 0, such as `["--version"]`."""
    train: tuple[str, ...] = ()
    """Arguments of typical starts, such as `["--help"]`: the executable is run with each, and what
    it uses first is stored together, which starts faster from a disk. Each must end by itself."""
    train_record: str | None = None
    """File that keeps what training saw. If it is there, nothing is run; remove it to train."""
    debug: bool = False
    """Whether the executable keeps its symbols, for gdb and perf."""
    allocator_hardening: bool = False
    """Whether the allocator detects heap corruption: guard pages, encrypted free lists in random
    order, double frees."""
    multicall: bool = False
    """Whether all console scripts go into one executable, which is the one of its own name, or the
    one that the first argument names."""
    integrity: Integrity = Integrity.USE
    """`use`: modules and files are checked when they are used. `start`: every byte of the
    executable is checked at each start as well, code too; reading 30 MB takes about 20 ms."""
    bundle_certificates: bool = True
    """Whether certifi's certificates go in, for machines that have none; with `ssl` only."""
    bundle_time_zones: bool = True
    """Whether the `tzdata` package goes in, for machines without zones; with `zoneinfo` only."""
    interpreter: Interpreter = field(default_factory=Interpreter)
    """How Python is configured: a table of its own, below."""

    @property
    def storage(self) -> Storage:
        """What `profile` says, but for what is set by itself."""
        chosen = PROFILES[self.profile]
        return Storage(
            compression=self.compression or chosen.compression,
            stdlib=self.stdlib or chosen.stdlib,
            source_text=chosen.source_text if self.source_text is None else self.source_text,
        )


def apply_assignments(
    settings: Settings, assignments: Iterable[str], warn: Callable[[str], None] = lambda _: None
) -> Settings:
    """Return `settings` with those of the command line, each `key=value` as a line of TOML.

    A value that TOML does not understand is taken as a string. Raises `ConfigError`.
    """
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        where = f"`--set {assignment[:_SHOWN]}`"
        if not equals:
            message = f"{where} has no value"
            raise ConfigError(message, hint="write `--set key=value`")
        if not _KEY.fullmatch(key.strip()):
            message = f"{where} does not begin with a key"
            raise ConfigError(message, hint="write `--set key=value`")
        try:
            table: Any = parse_toml(f"{key} = {value}", where)
        except ConfigError:
            table = value
            for part in reversed(key.strip().split(".")):
                table = {part: table}
        settings = apply_table(settings, table, where, warn)
    return settings

"""The settings: one definition for `[tool.obelisk]`, command line and reference.

Worked example: `optimize = 2` in `[tool.obelisk]` is read by `request.py` as a table, checked by
`tables.py` against the type of `Settings.optimize`, and may then be replaced by `--optimize`. A
default is overridden by the file, and the file by the command line; there is no other layer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final

from obelisk.config.interpreter import Interpreter
from obelisk.config.licenses import Licenses
from obelisk.config.own_pins import OwnPins
from obelisk.config.tables import OldNames, Range, apply_table
from obelisk.config.toml import parse_toml
from obelisk.config.windows import Windows
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
    """How much of the standard library is included."""

    ALL = "all"
    USED = "used"


class Integrity(StrEnum):
    """When checksums are verified."""

    USE = "use"
    START = "start"


class Profile(StrEnum):
    """A trade-off between size and speed: a value for each field of `Storage`."""

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


ENTRIES: Final = ("script", "entry", "module", "file", "code")
"""Settings that choose what is run; at most one of them is set."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The settings, with their defaults."""

    OLD_NAMES: ClassVar[OldNames] = OldNames(
        keys={"sources": "source-text"}, values={"compression": {"sources": "text"}}
    )

    name: str | None = None
    """File name of the executable. Default: the name of the script, command or project."""
    target: str = DEFAULT_TARGET
    """Target triple to build for."""
    python: str = "3.14"
    """Python version of the executable: `3.14` or `3.13`."""
    script: str | None = None
    """The console script of `[project.scripts]` to build. Default: all of them, one executable
    each."""
    entry: str | None = None
    """Entry point to call, as `module:function`, instead of a console script."""
    module: str | None = None
    """Module to run as `python -m` does, instead of a console script."""
    file: str | None = None
    """Python file to run, relative to the project, with the modules beside it that it imports."""
    code: str | None = None
    """Python code to run, as by `python -c`."""
    parts: tuple[str, ...] | None = None
    """What to install instead of the project, in this order and each on its own: `install
    ARGUMENT...` (as of `pip install`), `packages FOLDER NAME...`, `virtualenv FOLDER`, `remove
    NAME...`. A later part replaces a distribution of an earlier one."""
    include: tuple[str, ...] = ()
    """Patterns of modules or files to include although they are excluded, by default or by
    `exclude`."""
    exclude: tuple[str, ...] = ()
    """Patterns of modules (`package.tests`) or files (`package/*.so`) to exclude."""
    pure: tuple[str, ...] = ()
    """Packages to include without their native code; they must work, if slower, as pure Python."""
    no_binary: tuple[str, ...] = ()
    """Packages to build from source even if they have wheels; `:all:` for every package."""
    build_packages: tuple[str, ...] = ()
    """C libraries for packages built from source: recipes (`openssl`) or directories."""
    native_libraries: tuple[str, ...] = ()
    """Glob patterns of shared libraries to link in (`lib/libgeo.so`); they must be built for
    musl."""
    data: tuple[str, ...] = ()
    """Glob patterns of files to include, relative to the project or script; they keep their
    relative paths."""
    extra_requirements: tuple[str, ...] = ()
    """Requirements to install in addition to the application's own, such as `["uvloop"]`."""
    requirements: tuple[str, ...] = ()
    """Requirements files to install as well; hashes in them are checked."""
    optimize: Annotated[int, Range(0, 2)] = 0
    """Bytecode optimization level, as of `python -O`: 0, 1 (no asserts) or 2 (no docstrings
    either)."""
    profile: Profile = Profile.DEFAULT
    """Trade-off between size and speed: `default`, `small` (everything compressed, only the used
    part of the standard library, no source text) or `fast` (nothing compressed). `compression`,
    `stdlib` and `source-text` override it."""
    stdlib: Stdlib | None = None
    """`all` of the standard library, or only the `used` modules: those that the program and its
    packages can import, according to their bytecode. Modules imported by computed names need
    `include`. Default: set by `profile`."""
    source_text: bool | None = None
    """Whether to include source text, for tracebacks and `inspect`. Default: set by `profile`."""
    compression: Compression | None = None
    """What to compress: nothing (`off`), source text (`text`), also bytecode and data that are not
    needed at startup (`unused`), or everything (`zstd`; smaller, slower to start). Default: set by
    `profile`."""
    unbuffered: bool = False
    """Whether stdout and stderr are unbuffered, like `python -u`."""
    smoke_test: tuple[str, ...] = ()
    """Arguments to run the new executable with, such as `["--version"]`; the build fails unless it
    exits with status 0."""
    train: tuple[str, ...] = ()
    """Arguments of typical runs, such as `["--help"]`. The build runs the executable with each and
    stores what it reads first together, for a faster start from disk; with `snapshot`, what it
    imports is in the snapshot. Each run must terminate by itself, unless there are
    `train-requests`."""
    train_requests: tuple[str, ...] = ()
    """URLs of a service, such as `["http://127.0.0.1:8000/items/1"]`. Each run of `train` is asked
    for them by GET until it has answered all, and is then stopped as by ctrl-C."""
    train_record: str | None = None
    """File to save the result of training to. If it exists, it is used and nothing is run; delete
    it to train again."""
    snapshot: bool = False
    """Whether the executable starts from a snapshot of its memory, in which its modules are already
    imported: the build runs it once up to its main program. See `docs/explanation/snapshot.md`."""
    snapshot_imports: tuple[str, ...] = ()
    """Modules to import into the snapshot besides those that the main module imports before it does
    anything else."""
    snapshot_exclude: tuple[str, ...] = ()
    """Modules to leave out of the snapshot: they are imported when the program imports them. What
    cannot be kept in a snapshot is left out by itself."""
    debug: bool = False
    """Whether to keep debug symbols, for gdb and perf."""
    allocator_hardening: bool = False
    """Whether the allocator detects heap corruption: guard pages, encrypted and randomized free
    lists, double-free detection."""
    multicall: bool = False
    """Build one executable with all console scripts; it runs the one that matches its own file
    name, or its first argument."""
    integrity: Integrity = Integrity.USE
    """When checksums are verified: of modules and files when they are used (`use`), or also of
    the whole executable, code included, at every `start` (about 20 ms for 30 MB)."""
    bundle_certificates: bool = True
    """Whether to include certifi's CA certificates, for machines without any; only with `ssl`."""
    bundle_time_zones: bool = True
    """Whether to include the `tzdata` package, for machines without time zone data; only with
    `zoneinfo`."""
    interpreter: Interpreter = field(default_factory=Interpreter)
    """Configuration of the Python interpreter: a table of its own, below."""
    pins: OwnPins = field(default_factory=OwnPins)
    """The user's own pins: tables of their own, below."""
    licenses: Licenses = field(default_factory=Licenses)
    """Which licenses the executable may contain: a table of its own, below."""
    windows: Windows = field(default_factory=Windows)
    """How Windows starts and shows the executable: a table of its own, below."""

    @property
    def storage(self) -> Storage:
        """The values of `profile`, overridden by those that are set on their own."""
        chosen = PROFILES[self.profile]
        return Storage(
            compression=self.compression or chosen.compression,
            stdlib=self.stdlib or chosen.stdlib,
            source_text=chosen.source_text if self.source_text is None else self.source_text,
        )


def without_entry(settings: Settings) -> Settings:
    """Return settings that choose nothing to run."""
    nothing: dict[str, Any] = dict.fromkeys(ENTRIES)
    return replace(settings, **nothing)


def without_snapshot(settings: Settings) -> Settings:
    """Return settings that take no snapshot, and say nothing of one."""
    return replace(settings, snapshot=False, snapshot_imports=(), snapshot_exclude=())


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
            raise ConfigError(message, hint="use `--set key=value`")
        if not _KEY.fullmatch(key.strip()):
            message = f"{where} does not start with a key"
            raise ConfigError(message, hint="use `--set key=value`")
        try:
            table: Any = parse_toml(f"{key} = {value}", where)
        except ConfigError:
            table = value
            for part in reversed(key.strip().split(".")):
                table = {part: table}
        settings = apply_table(settings, table, where, warn)
    return settings

"""The values that pass from stage to stage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Self

RESERVED_FOLDER: Final = ".obelisk"
"""Folder in the executable of files that belong to no package; nothing else may be in it."""
LIBRARY_FOLDER: Final = f"{RESERVED_FOLDER}/lib"
"""Folder in the executable of libraries that belong to no package."""
CERTIFICATES: Final = f"{RESERVED_FOLDER}/cacert.pem"
"""Where runtime/c/host/certificates.c looks when the application has no certifi."""
LICENSES: Final = f"{RESERVED_FOLDER}/licenses"
"""Folder in the executable of license texts that no package has among its files."""
LOADER: Final = f"{LIBRARY_FOLDER}/ld-musl.so.1"
"""musl's dynamic linker, by which runtime/c/exec/programs.c executes programs that ask for it."""
COMMANDS: Final = "bin"
"""Folder in the executable of commands and programs, as in a prefix."""


def ancestors(name: str, separator: str = ".") -> list[str]:
    """Return what is above a name, outermost first: `a` and `a.b` for `a.b.c`."""
    parts = name.split(separator)
    return [separator.join(parts[:count]) for count in range(1, len(parts))]


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Folders in the executable, the same as below the prefix of an installation.

    Scripts, the modules beside them and `data` are at the top, above these.
    """

    stdlib: str
    """The standard library, `lib/pythonX.Y`; runtime/c/vfs/layout.h has the same."""
    site: str
    """What packages install."""

    @classmethod
    def of(cls, python: str) -> Self:
        """Return the layout for a version of Python."""
        stdlib = "lib/python" + ".".join(python.split(".")[:2])
        return cls(stdlib=stdlib, site=f"{stdlib}/site-packages")


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryPoint:
    """A function to call: `module:function`, as a console script names it."""

    module: str
    function: str
    command: str | None = None
    """The name of that console script, where it has another than the executable."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunModule:
    """A module to run as the main program, as `python -m` does."""

    module: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RunScript:
    """A file to run as the main program, as `python script.py` does."""

    path: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class RunCode:
    """Code to run as the main program, as `python -c` does."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsoleScript:
    """A console script of an installed package, known when it is installed."""

    package: str
    command: str | None
    """None: the only one, or the one that has the package's name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AllConsoleScripts:
    """All console scripts of an installed package, in one executable."""

    package: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Multicall:
    """Several functions to call, chosen when the executable is started."""

    commands: tuple[tuple[str, EntryPoint], ...]
    """(command, its entry point), sorted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptFile:
    """A Python script in a wheel, besides its entry points."""

    name: str
    source: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class RunProgram:
    """A program in a wheel, which is executed instead of Python."""

    path: str
    """Where it is in the executable."""


Entry = EntryPoint | RunModule | RunScript | RunCode | ConsoleScript | AllConsoleScripts
"""What a plan runs."""
ResolvedEntry = EntryPoint | RunModule | RunScript | RunCode | Multicall | ScriptFile | RunProgram
"""The same after installation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """An included file."""

    path: str
    """Where it is in the executable, with `/` between the parts."""
    source: Path
    base: str = ""
    """The folder of the executable that users' patterns start from: it is searched for modules."""

    @property
    def relative(self) -> str:
        """The path below that folder."""
        return self.path.removeprefix(f"{self.base}/") if self.base else self.path


@dataclass(frozen=True, kw_only=True, slots=True)
class Module(Placed):
    """A Python module with its source on disk, or with its bytecode if there is no source."""

    name: str
    """Dotted name, by which it is imported."""
    from_stdlib: bool = False
    alias: str | None = None
    """Another such name: that in a folder which a `.pth` file adds to the search path."""
    package: str | None = None
    """The package that installed it, if known."""
    digest: str | None = None
    """The hash of its source in the RECORD of that package."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names by which it is imported."""
        return (self.name, self.alias) if self.alias else (self.name,)

    @property
    def is_package(self) -> bool:
        """Whether it is the `__init__` of a package."""
        return self.path.rpartition("/")[2].startswith("__init__.")

    @property
    def is_sourceless(self) -> bool:
        """Whether there is bytecode in place of a source."""
        return self.path.endswith(".pyc")


@dataclass(frozen=True, kw_only=True, slots=True)
class DataFile(Placed):
    """Any other included file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedObjectFile(Placed):
    """A shared object, which is linked in."""

    package: str | None
    """The package that installed it."""

    @property
    def module(self) -> str | None:
        """The dotted name by which it can be imported, None for what is no extension module."""
        if not self.relative.endswith((".so", ".pyd")):
            return None
        folder, _, file = self.relative.rpartition("/")
        stem = file.split(".")[0]
        parts = [*(folder.split("/") if folder else []), *([] if stem == "__init__" else [stem])]
        # Not only identifiers: mypyc makes names that begin with a digit.
        return ".".join(parts) if parts and all(p and "." not in p for p in parts) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """An installed package, as its metadata describes it."""

    name: str
    version: str
    commands: tuple[tuple[str, str], ...]
    """(command, `module:function`) of its console scripts."""
    info: Path | None = None
    """Its folder `*.dist-info` on disk."""
    scripts: tuple[ScriptFile, ...] = ()
    """Its other commands in Python."""
    programs: tuple[str, ...] = ()
    """Names of its commands that are not in Python."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Collection:
    """The contents of an executable, as files on disk."""

    modules: tuple[Module, ...]
    files: tuple[DataFile, ...]
    natives: tuple[SharedObjectFile, ...]
    packages: tuple[Package, ...]
    entry: ResolvedEntry
    main: str
    """The path of the file that is run, in the executable."""
    command: Path | None = None
    """The installed command that is run, if it is one; otherwise it is generated."""
    search_path: tuple[str, ...]
    """Folders in the executable that imports look in, in their order; empty text is the top."""
    own: frozenset[str] = frozenset()
    """Names at the top that are the application's, not those of an installation."""
    pth: tuple[str, ...] = ()
    """Names of the `.pth` files with lines that are run at start, in their order."""
    asked: frozenset[str] = frozenset()
    """Settings that the application's own code asks for (collect/freezers.py)."""
    first_use_log: Path | None = None
    """Where a runtime for training records what is used; shipped executables have none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bytecode:
    """A module's compiled code."""

    module: Module
    code: bytes
    """A marshalled code object of the target's Python version."""


class Import(NamedTuple):
    """An import statement, or a call that does the same."""

    level: int
    """How many dots precede the name."""
    name: str
    names: tuple[str, ...]
    """What is taken from the module: attributes or modules in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """What runs when a module is imported, or one of its functions."""

    name: str
    """Empty for the module; `*` for functions that are called although nothing names them; `<main>`
    for what runs if it is the main program."""
    imports: tuple[Import, ...]
    computed: tuple[int, ...]
    """Lines at which something is imported whose name is computed."""
    mentions: frozenset[str]
    """Names that it loads or has as text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModuleUnits:
    """A module with its units; the first one is the module itself."""

    module: Module
    units: tuple[Unit, ...]

"""The values that pass from stage to stage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

RESERVED_FOLDER: Final = ".obelisk"
"""Folder in the executable of files that belong to no package; nothing else may be in it."""
LIBRARY_FOLDER: Final = f"{RESERVED_FOLDER}/lib"
"""Folder in the executable of libraries that belong to no package."""
CERTIFICATES: Final = f"{RESERVED_FOLDER}/cacert.pem"
"""Where runtime/certificates.c looks when the application has no certifi."""


def ancestors(name: str, separator: str = ".") -> list[str]:
    """Return what is above a name, outermost first: `a` and `a.b` for `a.b.c`."""
    parts = name.split(separator)
    return [separator.join(parts[:count]) for count in range(1, len(parts))]


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryPoint:
    """A function to call: `module:function`, as a console script names it."""

    module: str
    function: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RunModule:
    """A module to run as the main program, as `python -m` and `python script.py` do."""

    module: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandOf:
    """A console script of an installed distribution, known when it is installed."""

    distribution: str
    command: str | None
    """None: the only one, or the one that has the distribution's name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandsOf:
    """All console scripts of an installed distribution, in one executable."""

    distribution: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Multicall:
    """Several functions to call, chosen when the executable is started."""

    commands: tuple[tuple[str, EntryPoint], ...]
    """(command, its entry point), sorted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptFile:
    """A Python script that a wheel brings as it is, beside its entry points."""

    name: str
    source: Path


Entry = EntryPoint | RunModule | CommandOf | CommandsOf
"""What a plan says is to be run."""
ResolvedEntry = EntryPoint | RunModule | Multicall | ScriptFile
"""The same when all is installed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Module:
    """A Python module with its source on disk, or with its bytecode if that is all there is."""

    name: str
    """Dotted name."""
    is_package: bool
    source: Path
    """A file that ends in `.py`, or in `.pyc`."""
    from_stdlib: bool

    @property
    def is_sourceless(self) -> bool:
        """Whether there is bytecode in place of a source."""
        return self.source.suffix == ".pyc"

    @property
    def path(self) -> str:
        """Where it is in the executable, with `/` between the parts."""
        folder = self.name.replace(".", "/")
        return f"{folder}/__init__.py" if self.is_package else f"{folder}.py"


@dataclass(frozen=True, kw_only=True, slots=True)
class DataFile:
    """Any other file that goes in."""

    path: str
    """Where it is in the executable, with `/` between the parts."""
    source: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class NativeFile:
    """A shared object, which is linked in."""

    path: str
    """Where it is in the executable, with `/` between the parts."""
    source: Path
    package: str | None
    """The distribution that brought it."""

    @property
    def module(self) -> str | None:
        """The dotted name by which it can be imported, None for what is no extension module."""
        if not self.path.endswith(".so"):
            return None
        folder, _, file = self.path.rpartition("/")
        stem = file.split(".")[0]
        parts = [*(folder.split("/") if folder else []), *([] if stem == "__init__" else [stem])]
        # Not only identifiers: mypyc makes names that begin with a digit.
        return ".".join(parts) if parts and all(p and "." not in p for p in parts) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """An installed distribution, as its metadata describes it."""

    name: str
    version: str
    license: str | None
    """Its License-Expression, or License field."""
    commands: tuple[tuple[str, str], ...]
    """(command, `module:function`) of its console scripts."""
    scripts: tuple[ScriptFile, ...] = ()
    """Its other commands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Collection:
    """All that goes into an executable, as files on disk."""

    modules: tuple[Module, ...]
    files: tuple[DataFile, ...]
    natives: tuple[NativeFile, ...]
    packages: tuple[Package, ...]
    entry: ResolvedEntry


@dataclass(frozen=True, kw_only=True, slots=True)
class Bytecode:
    """A module's compiled code."""

    module: Module
    code: bytes
    """A marshalled code object of the target's Python version."""

"""Following a program's imports: which modules a start needs, and which it can need at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from obelisk.compile.imports import obtain_imports, read_imports
from obelisk.compile.reach import at_start, reachable
from obelisk.model import Bytecode, Import, ModuleUnits, SharedObjectFile, ancestors
from obelisk.services.cache import Cache

IMPORTED_BY_C: Final = {
    "_asyncio": ("asyncio",),
    "_ctypes": ("ctypes", "ctypes._layout"),
    "_curses": ("curses",),
    "_datetime": ("_strptime", "time"),
    "_decimal": ("_pydecimal", "collections", "collections.abc", "numbers"),
    "_elementtree": ("copy", "pyexpat", "xml.etree.ElementPath"),
    "_interpqueues": ("concurrent.interpreters._queues",),
    "_interpreters": ("pickle", "runpy", "traceback"),
    "_operator": ("functools",),
    "_pickle": ("_compat_pickle", "codecs", "copyreg", "functools"),
    "_sqlite3": ("functools", "sqlite3.dump"),
    "_sre": ("re",),
    "_zoneinfo": ("io", "pickle", "weakref", "zoneinfo._common", "zoneinfo._tzpath"),
    "array": ("collections.abc",),
    "posix": ("resource",),
    "select": ("posix",),
    "time": ("_strptime",),
}
"""What extension modules of the standard library import from C."""
IMPORTED_BY_COMPUTED_NAMES: Final = {
    "dbm": ("dbm.dumb", "dbm.gnu", "dbm.ndbm", "dbm.sqlite3"),
    "sysconfig": ("_sysconfigdata_*",),
    "xml.dom.domreg": ("xml.dom.minidom",),
    "xml.sax": ("xml.sax.expatreader",),
}
"""What modules of the standard library import by names that they compute, as patterns."""
IMPORTED_BY_PYTHON: Final = (
    *("_pylong", "_sitebuiltins", "copyreg", "encodings", "importlib", "io", "linecache", "os"),
    *("runpy", "site", "string.templatelib", "struct", "traceback", "typing", "unicodedata"),
    *("warnings", "zipimport"),
)
"""What the interpreter itself imports, and the runtime's own modules."""
_NOT_FOLLOWED: Final = frozenset(
    {
        # Where an extension module is missing, which is not left out.
        ("datetime", "_pydatetime"),
        ("random", "hashlib"),
        # Tests of themselves, by functions that run where they are the main program.
        ("difflib", "doctest"),
        ("pickle", "doctest"),
        ("pickletools", "doctest"),
        ("_sitebuiltins", "pydoc"),  # help(), which is for a prompt
        ("site", "_pyrepl"),  # the prompt
        ("site", "readline"),
        ("site", "rlcompleter"),
        ("site", "sitecustomize"),
        ("site", "usercustomize"),
    }
)
"""(module, top of another): what it imports only in circumstances that an executable has not."""
_WORD: Final = re.compile(rb"[A-Za-z_][A-Za-z0-9_.]{1,63}")

_NAME_IN_C: Final = re.compile(r"STRUCT_FOR_ID\((\w+)\)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Used:
    """What of the standard library a program can need."""

    paths: frozenset[str]
    """Paths of modules."""
    extensions: frozenset[str]
    """Names of extension modules, and of others that are imported and not there."""
    computed: tuple[tuple[str, int], ...]
    """(path, line) of imports by computed names in the program and its packages."""


def start_units(cache: Cache, bytecodes: Iterable[Bytecode], *, python: Path) -> list[ModuleUnits]:
    """Return what modules do when they are imported, for `imported_at_start`."""
    return _units(cache, bytecodes, python=python, functions=False)


def imported_at_start(units: Sequence[ModuleUnits], roots: AbstractSet[str]) -> list[str]:
    """Return the paths of the modules that are imported when those of the names `roots` are.

    They are in the order in which they are read. Imports of functions and by computed names are
    not among them.
    """
    paths = {
        one.module.path
        for one in units
        if not roots.isdisjoint({*one.module.names, one.module.path})
    }
    return at_start(units, paths)


def used_by_program(
    cache: Cache,
    bytecodes: Iterable[Bytecode],
    natives: Iterable[SharedObjectFile],
    included: AbstractSet[str],
    distribution: tuple[AbstractSet[str], Path],
) -> Used:
    """Return what of the standard library any of the other modules can need.

    `included` are names of its modules that are needed in any case; `distribution` is the names of
    its extension modules, and its interpreter. Shared objects may import and call all that their
    bytes name.
    """
    extensions, python = distribution
    units = [_followed(one) for one in _units(cache, bytecodes, python=python, functions=True)]
    words = {word.decode() for one in natives for word in _words(one.source)}
    names = {name for one in units for name in one.module.names if one.module.from_stdlib}
    roots = {*IMPORTED_BY_PYTHON, *(name for name in names if name.startswith("encodings."))}
    roots |= (names | extensions) & (words | _named(units)) | included
    called = {part for word in words for part in word.split(".")} | _names_in_c(python)
    used: AbstractSet[str] = frozenset()
    more = set(roots)
    found = reachable(units, (), called)
    while more:
        roots |= more
        found = reachable(units, {one.module.path for one in units if _is_root(one, roots)}, called)
        used = (found.others | roots) & extensions
        more = {name for one in used for name in IMPORTED_BY_C.get(one, ())}
        more |= _computed(units, found.modules, names)
        more -= roots
    own = {one.module.path for one in units if not one.module.from_stdlib}
    return Used(
        paths=found.modules,
        extensions=frozenset(used),
        computed=tuple(pair for pair in found.computed if pair[0] in own),
    )


def _named(units: Iterable[ModuleUnits]) -> set[str]:
    """Return the names that packages have as text and may import.

    Dotted ones, as configurations have them, and any in modules that import by computed names.
    """
    found: set[str] = set()
    for one in units:
        if not one.module.from_stdlib:
            computes = any(unit.computed for unit in one.units)
            for unit in one.units:
                found |= {name for name in unit.mentions if computes or "." in name}
    return found | {above for name in found for above in ancestors(name)}


def _computed(
    units: Iterable[ModuleUnits], reached: AbstractSet[str], names: AbstractSet[str]
) -> set[str]:
    """Return what modules that were reached import by names that they compute."""
    patterns = [
        pattern
        for one in units
        if one.module.path in reached
        for pattern in IMPORTED_BY_COMPUTED_NAMES.get(one.module.name, ())
    ]
    return {name for name in names if any(fnmatchcase(name, one) for one in patterns)}


def _is_root(one: ModuleUnits, roots: AbstractSet[str]) -> bool:
    return not one.module.from_stdlib or not roots.isdisjoint(one.module.names)


def _followed(module: ModuleUnits) -> ModuleUnits:
    """Leave out the imports of a module that are not followed."""
    name = module.module.name
    if not module.module.from_stdlib or all(name != one for one, _ in _NOT_FOLLOWED):
        return module

    def kept(one: Import) -> bool:
        return (name, one.name.partition(".")[0]) not in _NOT_FOLLOWED

    units = tuple(replace(unit, imports=tuple(filter(kept, unit.imports))) for unit in module.units)
    return replace(module, units=units)


def _words(path: Path) -> Iterator[bytes]:
    yield from set(_WORD.findall(path.read_bytes()))


def _names_in_c(python: Path) -> frozenset[str]:
    """Return the names by which CPython's C code calls methods."""
    folder = python.parent.parent / "include" / python.name
    text = (folder / "internal/pycore_global_strings.h").read_text(encoding="utf-8")
    return frozenset(_NAME_IN_C.findall(text))


def _units(
    cache: Cache, bytecodes: Iterable[Bytecode], *, python: Path, functions: bool
) -> list[ModuleUnits]:
    """Return the units of modules; those of the standard library and of packages are kept."""
    groups: dict[tuple[bool, bool], list[Bytecode]] = {}
    for one in bytecodes:
        kind = (one.module.from_stdlib, bool(one.module.base))
        groups.setdefault(kind, []).append(one)
    found: list[ModuleUnits] = []
    for (_, is_installed), group in groups.items():
        if is_installed:
            found += obtain_imports(cache, group, python=python, functions=functions)
        else:
            found += read_imports(group, python=python, functions=functions)
    return found

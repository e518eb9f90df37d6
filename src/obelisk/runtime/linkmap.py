"""What of the runtime comes from which library, as the linker's map tells it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from obelisk.components.pinned import COMPILER_RT
from obelisk.distribution.components import ARCHIVES, INTERPRETER
from obelisk.errors import ToolError
from obelisk.recipes import RECIPES

PARTS: Final = ("code", "constants", "data", "unwind", "names")
"""Machine code; what is only read; what is written to, or relocated; tables for exceptions and
debuggers; names of symbols."""
_LINE: Final = re.compile(r" *([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+) +\d+ (\S| {8}(?! ))(.*)")
_SYMBOLS: Final = 57
"""The column where lines of symbols, which are most, still have spaces."""
_MEMBER: Final = re.compile(r"([^/]+)\.a\([^)]*\)$")
_FILE: Final = re.compile(r"\b(?:\d+-|src_)?(\w+?)(?:\.c)?\.o\)?:\(")
"""An object of ours or of a static library."""
_VARIABLE: Final = re.compile(rf"{_FILE.pattern}\.(bss|data)\.(\w+)\)$")
"""A variable's own section in an object of ours or of a static library."""
_PART_OF: Final = {
    ".text": "code",
    ".init": "code",
    ".fini": "code",
    ".rodata": "constants",
    ".eh_frame": "unwind",
    ".eh_frame_hdr": "unwind",
    ".gcc_except_table": "unwind",
    ".dynsym": "names",
    ".dynstr": "names",
    ".gnu.hash": "names",
}
_NOTHING: Final = (".bss", ".tbss", ".relro_padding", ".comment", ".shstrtab", ".symtab", ".strtab")
"""Sections that take no bytes of the file, or that no segment has."""
_OWN: Final = "obelisk"
_SHARED: Final = "merged by the linker"
"""Strings and tables that the linker makes from those of all."""
_PYTHON: Final = "python"
_BUILTINS: Final = "clang_rt.builtins"
"""How the names of libpython, and of the compiler's own library, begin."""

Sizes = dict[str, dict[str, int]]
"""Library, and the bytes of each of `PARTS`."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a map has of one input file in one section of the output."""

    address: int
    size: int
    section: str
    library: str


def stretches(text: str, own: Path) -> Iterator[Stretch]:
    """Yield the lines of a map of lld; objects in the folder `own` are the runtime's C files.

    Lines have address, load address, size and alignment in hexadecimal columns, and then a section
    of the output, eight columns further what it has of an input, and behind that symbols.
    """
    section = ""
    for line in text.splitlines():
        match = None if line[_SYMBOLS:].startswith(" ") else _LINE.match(line)
        if match is None:
            continue
        address, size, lead, rest = match.groups()
        if lead.strip():
            section = lead + rest
        else:
            library = library_of(rest.rpartition(":(")[0], own)
            yield Stretch(int(address, 16), int(size, 16), section, library)


def variables(
    text: str, names: Mapping[str, Iterable[str]], sections: Container[str] = ("bss",)
) -> list[tuple[int, int]]:
    """Return (address, size) of variables by their names, each of which has a section of its own.

    `names` has them by their files of C; a file may have been left out as a whole. Raises
    `ToolError` for one that is not in such a section.
    """
    linked = {match[1] for match in _FILE.finditer(text)}
    wanted = {(file, name) for file in names if file in linked for name in names[file]}
    found = {}
    for line in text.splitlines():
        match = None if line[_SYMBOLS:].startswith(" ") else _LINE.match(line)
        variable = match and _VARIABLE.search(line)
        if match is None or not variable or variable[2] not in sections:
            continue
        if (variable[1], variable[3]) in wanted:
            found[variable[1], variable[3]] = (int(match[1], 16), int(match[2], 16))
    for file, name in sorted(wanted - found.keys()):
        message = f"the runtime has no variable `{name}` of {file}.c"
        raise ToolError(message, hint="this is a bug in Obelisk; please report it")
    return sorted(found.values())


def library_sizes(text: str, own: Path) -> Sizes:
    """Add up a map of lld by library, for what takes bytes of the file."""
    found: dict[str, Counter[str]] = {}
    for one in stretches(text, own):
        if one.section not in _NOTHING:
            found.setdefault(one.library, Counter())[_part(one.section)] += one.size
    return {
        library: {part: found[library][part] for part in PARTS if found[library][part]}
        for library in sorted(found)
        if found[library].total()
    }


def _part(section: str) -> str:
    """Return what a section of the output holds; code that runs often has one of its own, etc."""
    return "code" if section.startswith(".text.") else _PART_OF.get(section, "data")


def library_of(file: str, own: Path) -> str:
    """Return whose an input file is, by the name of its source where that is known."""
    if file.startswith(f"{own}/"):
        return _OWN
    member = _MEMBER.search(file)
    if member is None:
        return "musl" if file.endswith("crt1.o") or "/crt" in file else _SHARED
    name = member[1].removeprefix("lib")
    if name.startswith(_PYTHON):
        return INTERPRETER
    if name.startswith(_BUILTINS):
        return COMPILER_RT
    for beginning, bundled in ARCHIVES.items():
        if name.startswith(beginning):
            return bundled
    known = (recipe.name for recipe in RECIPES.values() if name in recipe.provides)
    return next(known, name.split("-")[0])

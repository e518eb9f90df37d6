"""What a file of machine code says of itself: the libraries in it, its crates, its compiler."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from obelisk.components import known
from obelisk.components.crates import SECTION, Crate, read_crates
from obelisk.pe.headers import DOS_MAGIC, PeError, SectionFlag, read_headers
from obelisk.toolchain.marks import Mark, marks_in

DAMAGE: Final = (
    *(ELFError, ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError),
    *(RecursionError, TypeError, ValueError, struct.error),
)
"""What pyelftools raises for malformed tables, and our own readers for what is in them."""
_COMMENT: Final = ".comment"
_BUILD_ID: Final = ".note.gnu.build-id"
_LARGEST_COMMENT: Final = 1 << 20
"""Bytes; it has a line for each compiler and each library that its objects are of."""
_NO_TEXTS: Final = (".eh_frame", ".gcc_except_table")
_GCC: Final = re.compile(rb"GCC: \([^)\0]*\) (\d+\.\d+\.\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What was read of one file."""

    marks: tuple[Mark, ...] = ()
    """Libraries of ours whose objects are linked into it."""
    crates: tuple[Crate, ...] = ()
    soname: str | None = None
    build_id: str | None = None
    gcc: str | None = None
    """The version of the GCC that compiled it, if that did."""
    texts: tuple[tuple[str, str | None], ...] = ()
    """Libraries that its texts name, with their versions where they say so."""
    own_version: str | None = None
    """What its texts say, if it is a library of the table itself."""
    faults: tuple[str, ...] = ()
    """What could not be read, for a warning."""


def evidence_of(path: Path) -> Evidence:
    """Read what a file says of itself; whatever is malformed in it is among the `faults`.

    One build asks for a file once for each executable.
    """
    found = path.stat()
    return _of_file(path, (found.st_size, found.st_mtime_ns))


@lru_cache(maxsize=4096)
def _of_file(path: Path, stamp: tuple[int, int]) -> Evidence:
    del stamp
    try:
        with path.open("rb") as stream:
            if stream.read(len(DOS_MAGIC)) == DOS_MAGIC:
                return _read_pe(path.read_bytes(), path.name)
            return _read(ELFFile(stream), path.name)
    except PeError as error:
        return Evidence(faults=(f"malformed PE file: {error}",))
    except DAMAGE as error:
        return Evidence(faults=(f"malformed ELF file: {str(error) or type(error).__name__}",))


def _read(elf: ELFFile, name: str) -> Evidence:
    sections = {section.name: section for section in elf.iter_sections()}
    faults: list[str] = []
    comment = _comment(sections)
    gcc = _GCC.search(comment)
    data = _constants(sections.values())
    library, _ = known.of_file(name)
    return Evidence(
        marks=marks_in(comment),
        crates=tuple(_crates(sections, faults)),
        soname=next(_sonames(elf), None),
        build_id=_build_id(sections),
        gcc=gcc[1].decode() if gcc else None,
        texts=tuple((one.name, version) for one, version in known.found_in(data)),
        own_version=known.version_in(data, library) if library else None,
        faults=tuple(faults),
    )


def _read_pe(content: bytes, name: str) -> Evidence:
    """Read a file for Windows, of which only its texts tell: nothing in it is marked."""
    kinds = SectionFlag.INITIALIZED | SectionFlag.EXECUTE | SectionFlag.WRITE
    found = (
        content[section.offset : section.offset + section.stored]
        for section in read_headers(content).sections
        if section.flags & kinds == SectionFlag.INITIALIZED
    )
    data = b"\0".join(found)
    library, _ = known.of_file(name)
    return Evidence(
        texts=tuple((one.name, version) for one, version in known.found_in(data)),
        own_version=known.version_in(data, library) if library else None,
    )


def _constants(sections: Iterable[Any]) -> bytes:
    """Return what a program only reads: texts are there, and not in its code."""
    kinds = SH_FLAGS.SHF_ALLOC | SH_FLAGS.SHF_EXECINSTR | SH_FLAGS.SHF_WRITE
    found = (
        section.data()
        for section in sections
        if section["sh_type"] == "SHT_PROGBITS"
        and section["sh_flags"] & kinds == SH_FLAGS.SHF_ALLOC
        and not section.name.startswith(_NO_TEXTS)
    )
    return b"\0".join(found)


def _comment(sections: dict[str, Any]) -> bytes:
    section = sections.get(_COMMENT)
    if section is None or section["sh_size"] > _LARGEST_COMMENT:
        return b""
    data: bytes = section.data()
    return data


def _crates(sections: dict[str, Any], faults: list[str]) -> list[Crate]:
    if SECTION not in sections:
        return []
    try:
        return read_crates(sections[SECTION].data())
    except ValueError as error:
        faults.append(f"malformed section `{SECTION}`: {error}")
        return []


def _sonames(elf: ELFFile) -> Iterator[str]:
    for segment in elf.iter_segments("PT_DYNAMIC"):
        for tag in segment.iter_tags("DT_SONAME"):  # type: ignore[attr-defined]
            yield tag.soname


def _build_id(sections: dict[str, Any]) -> str | None:
    section = sections.get(_BUILD_ID)
    if section is None:
        return None
    for note in section.iter_notes():
        if note["n_type"] == "NT_GNU_BUILD_ID":
            return str(note["n_desc"])
    return None

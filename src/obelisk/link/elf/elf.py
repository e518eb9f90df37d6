"""Views of ELF files: the header, segments and sections as values, and back to bytes.

Follows the System V ABI's object file format, for 64-bit little-endian files, the only ones that
Obelisk's targets have.
"""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass, fields
from enum import IntEnum, IntFlag
from typing import Final, TypeVar

from obelisk.errors import LinkError

_IDENT: Final = b"\x7fELF\x02\x01\x01"
_HEADER: Final = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT: Final = struct.Struct("<IIQQQQQQ")
_SECTION: Final = struct.Struct("<IIQQQQIIQQ")
SEGMENT_SIZE: Final = _SEGMENT.size
SECTION_SIZE: Final = _SECTION.size
HEADER_SIZE: Final = _HEADER.size


class SegmentType(IntEnum):
    """Types of program headers that `link` cares for."""

    LOAD = 1
    DYNAMIC = 2
    INTERP = 3
    NOTE = 4
    TLS = 7
    RELRO = 0x6474E552
    PAYLOAD = 0x6F626C6B
    """Ours: where the payload is mapped. See runtime/c/os/linux/os.c."""
    OBJECTS = 0x6F626C6D
    """Ours: the table of the linked shared objects. See runtime/c/elf/dso.h."""
    DIGEST = 0x6F626C6E
    """Ours: the digest of the file. See link/digest.py."""
    SNAPSHOT = 0x6F626C6F
    """Ours: the snapshot. See runtime/c/snapshot/format.h."""


class SectionType(IntEnum):
    """Types of sections that `link` cares for."""

    NULL = 0
    PROGBITS = 1
    SYMTAB = 2
    NOBITS = 8


EXECUTE: Final = 1
WRITE: Final = 2
READ: Final = 4
"""Flags of a segment."""


class SectionFlag(IntFlag):
    """Flags of sections."""

    WRITE = 1
    ALLOC = 2
    """It is part of the memory image."""
    EXECUTE = 4
    TLS = 0x400
    """It holds initial values of thread-local variables."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """The ELF header, field by field."""

    ident: bytes
    type: int
    machine: int
    version: int
    entry: int
    segments_at: int
    sections_at: int
    flags: int
    header_size: int
    segment_size: int
    segment_count: int
    section_size: int
    section_count: int
    names_section: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A program header."""

    type: int
    flags: int
    offset: int
    address: int
    physical: int
    file_size: int
    memory_size: int
    alignment: int

    @property
    def writable(self) -> bool:
        """Whether it can be written to."""
        return bool(self.flags & WRITE)

    @property
    def executable(self) -> bool:
        """Whether its content can be run."""
        return bool(self.flags & EXECUTE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A section header."""

    name: int
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int


_Table = TypeVar("_Table", Header, Segment, Section)

NULL_SECTION: Final = Section(**dict.fromkeys((field.name for field in fields(Section)), 0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Elf:
    """A whole file's tables."""

    header: Header
    segments: tuple[Segment, ...]
    sections: tuple[Section, ...]


def read_elf(data: bytes | memoryview) -> Elf:
    """Read the tables of an ELF file; raise `LinkError` when it is none."""
    try:
        header = _unpack(Header, _HEADER, data, 0)
        if not header.ident.startswith(_IDENT) or header.segment_size != SEGMENT_SIZE:
            message = "not a 64-bit little-endian ELF file"
            raise LinkError(message)
        segments = tuple(
            _unpack(Segment, _SEGMENT, data, header.segments_at + index * SEGMENT_SIZE)
            for index in range(header.segment_count)
        )
        sections = tuple(
            _unpack(Section, _SECTION, data, header.sections_at + index * SECTION_SIZE)
            for index in range(header.section_count)
        )
    except (struct.error, OverflowError) as error:
        message = f"truncated ELF file: {error}"
        raise LinkError(message) from error
    return Elf(header=header, segments=segments, sections=sections)


def section_content(data: bytes | memoryview, section: Section) -> bytes:
    """Return a section's bytes in the file."""
    return bytes(data[section.offset : section.offset + section.size])


def section_name(data: bytes | memoryview, elf: Elf, section: Section) -> str:
    """Return a section's name; raise `LinkError` when the table of names does not hold it."""
    if elf.header.names_section < len(elf.sections):
        table = section_content(data, elf.sections[elf.header.names_section])
        end = table.find(0, section.name)
        if end >= 0:
            return table[section.name : end].decode(errors="replace")
    message = "malformed section name table"
    raise LinkError(message)


def pack_header(header: Header) -> bytes:
    """Return the bytes of an ELF header."""
    return _HEADER.pack(*astuple(header))


def pack_segments(segments: tuple[Segment, ...]) -> bytes:
    """Return the bytes of a program header table."""
    return b"".join(_SEGMENT.pack(*astuple(segment)) for segment in segments)


def pack_sections(sections: tuple[Section, ...]) -> bytes:
    """Return the bytes of a section header table."""
    return b"".join(_SECTION.pack(*astuple(section)) for section in sections)


def _unpack(
    kind: type[_Table], layout: struct.Struct, data: bytes | memoryview, offset: int
) -> _Table:
    names = (field.name for field in fields(kind))
    return kind(**dict(zip(names, layout.unpack_from(data, offset), strict=True)))

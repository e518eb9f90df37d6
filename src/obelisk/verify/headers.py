"""The ELF headers of an executable, read apart from the code that wrote them.

Follows the System V ABI's object file format, for 64-bit little-endian files.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from typing import Final

from obelisk.errors import VerifyError

_IDENT: Final = b"\x7fELF\x02\x01\x01"
_HEADER: Final = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT: Final = struct.Struct("<IIQQQQQQ")
_SECTION_SIZE: Final = 64
_MOST_SEGMENTS: Final = 256
"""`link` writes two dozen: more would only take time to compare."""

EXECUTE, WRITE, READ = 1, 2, 4
"""Flags of a segment."""
LOAD, DYNAMIC, INTERP, NOTE, PHDR, TLS = 1, 2, 3, 4, 6, 7
GNU_STACK, GNU_RELRO, GNU_PROPERTY = 0x6474E551, 0x6474E552, 0x6474E553
PAYLOAD, OBJECTS, DIGEST, SNAPSHOT = 0x6F626C6B, 0x6F626C6D, 0x6F626C6E, 0x6F626C6F
_NAMES: Final = {
    LOAD: "LOAD",
    DYNAMIC: "DYNAMIC",
    INTERP: "INTERP",
    NOTE: "NOTE",
    PHDR: "PHDR",
    TLS: "TLS",
    0x6474E550: "GNU_EH_FRAME",
    GNU_STACK: "GNU_STACK",
    GNU_RELRO: "GNU_RELRO",
    GNU_PROPERTY: "GNU_PROPERTY",
    PAYLOAD: "payload",
    OBJECTS: "table of shared objects",
    DIGEST: "digest",
    SNAPSHOT: "snapshot",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A program header."""

    number: int
    kind: int
    flags: int
    offset: int
    address: int
    file_size: int
    memory_size: int
    alignment: int

    @property
    def file_end(self) -> int:
        """Where it ends in the file."""
        return self.offset + self.file_size

    @property
    def memory_end(self) -> int:
        """Where it ends in memory."""
        return self.address + self.memory_size

    def __str__(self) -> str:
        """Name it as in `segment 3 (LOAD)`; numbers are those of `readelf -l`, from 0."""
        return f"segment {self.number} ({_NAMES.get(self.kind, hex(self.kind))})"

    def contains(self, other: Segment) -> bool:
        """Whether another one's bytes are those of this one, in memory and in the file."""
        return (
            self.address <= other.address
            and other.memory_end <= self.memory_end
            and other.offset - self.offset == other.address - self.address
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Headers:
    """What the ELF header and the program headers say."""

    kind: int
    machine: int
    version: int
    entry: int
    segments: tuple[Segment, ...]
    sections_at: int
    section_size: int
    section_count: int
    names_section: int
    size: int
    """Bytes of the file."""

    @property
    def loads(self) -> list[Segment]:
        """What is loaded."""
        return self.of(LOAD)

    @property
    def sections_end(self) -> int:
        """Where the section headers end in the file; 0 without any."""
        count = self.section_count
        return self.sections_at + count * self.section_size if count else 0

    def of(self, kind: int) -> list[Segment]:
        """Return the segments of a kind."""
        return [segment for segment in self.segments if segment.kind == kind]

    def outside(self) -> list[str]:
        """Return what is not inside the file."""
        faults = [
            f"{segment} ends at offset {segment.file_end}, {segment.file_end - self.size} bytes "
            "beyond the end of the file"
            for segment in self.segments
            if segment.file_size and segment.file_end > self.size
        ]
        if self.sections_end > self.size:
            beyond = self.sections_end - self.size
            faults.append(f"section headers end {beyond} bytes beyond the end of the file")
        return faults


def read_headers(data: mmap.mmap) -> Headers:
    """Read the headers; raise `VerifyError` if there are none, or they cannot be read."""
    try:
        fields = _HEADER.unpack_from(data)
    except struct.error as error:
        message = "not an ELF file"
        raise VerifyError(message) from error
    ident, kind, machine, version, entry, segments_at, sections_at = fields[:7]
    header_size, segment_size, segment_count, section_size, section_count, names = fields[8:]
    if not ident.startswith(_IDENT):
        message = "not a 64-bit little-endian ELF file"
        raise VerifyError(message)
    if (header_size, segment_size) != (_HEADER.size, _SEGMENT.size):
        message = f"malformed ELF headers: sizes {header_size} and {segment_size}"
        raise VerifyError(message)
    if segment_count > _MOST_SEGMENTS:
        message = f"malformed ELF headers: {segment_count} program headers"
        raise VerifyError(message)
    if segments_at + segment_count * segment_size > len(data):
        message = "malformed ELF headers: program headers are beyond the end of the file"
        raise VerifyError(message)
    return Headers(
        kind=kind,
        machine=machine,
        version=version,
        entry=entry,
        segments=tuple(
            _segment(data, number, segments_at + number * _SEGMENT.size)
            for number in range(segment_count)
        ),
        sections_at=sections_at,
        section_size=section_size,
        section_count=section_count,
        names_section=names,
        size=len(data),
    )


def faults_of(headers: Headers) -> list[str]:
    """Return what is wrong with the ELF header."""
    faults = []
    if headers.version != 1:
        faults.append(f"unknown version {headers.version}")
    if headers.section_count and headers.section_size != _SECTION_SIZE:
        faults.append(f"section headers of {headers.section_size} bytes")
    if headers.names_section and headers.names_section >= headers.section_count:
        faults.append(
            f"the names of sections are in section {headers.names_section}, which is none"
        )
    starts = [load for load in headers.loads if load.address <= headers.entry < load.memory_end]
    if not any(load.flags & EXECUTE for load in starts):
        faults.append(f"the program starts at {headers.entry:#x}, which is not executable")
    return faults


def _segment(data: mmap.mmap, number: int, place: int) -> Segment:
    kind, flags, offset, address, _, stored, size, alignment = _SEGMENT.unpack_from(data, place)
    return Segment(
        number=number,
        kind=kind,
        flags=flags,
        offset=offset,
        address=address,
        file_size=stored,
        memory_size=size,
        alignment=alignment,
    )

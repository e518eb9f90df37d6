"""The headers of a PE32+ file as values, and back to bytes.

Follows Microsoft's "PE Format" (learn.microsoft.com/windows/win32/debug/pe-format), for 64-bit
images. Nothing in a file is trusted: whatever it says of offsets and sizes is checked before it is
followed.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

Bytes = bytes | bytearray | memoryview
"""A file's content; slices of a memoryview copy nothing."""

DOS_MAGIC: Final = b"MZ"
_PE_MAGIC: Final = b"PE\0\0"
_PE_OFFSET: Final = 0x3C
"""Where the DOS header says where the PE header is."""
_COFF: Final = struct.Struct("<HHIIIHH")
_OPTIONAL: Final = struct.Struct("<HBBIIIIIQIIHHHHHHIIIIHHQQQQII")
_PE32_PLUS: Final = 0x20B
_DIRECTORY: Final = struct.Struct("<II")
_SECTION: Final = struct.Struct("<8sIIIIIIHHI")
SECTION_SIZE: Final = _SECTION.size
_DEBUG_SIZE: Final = 28
"""Bytes of an entry of the debug directory."""
_MOST_SECTIONS: Final = 96
"""What Windows's loader takes."""
_MOST_DIRECTORIES: Final = 16
CHECKSUM_OFFSET: Final = 64
"""Where in the optional header the checksum is."""
SUBSYSTEM_OFFSET: Final = 68
DIRECTORIES_OFFSET: Final = 112

AMD64: Final = 0x8664
"""The number of x86-64."""


class PeError(ValueError):
    """A file is no PE32+ image, or a malformed one; the text says what of it."""


class DirectoryEntry(IntEnum):
    """Numbers of the data directories that matter here."""

    EXPORT = 0
    IMPORT = 1
    RESOURCE = 2
    EXCEPTION = 3
    CERTIFICATE = 4
    """The only one with an offset in the file in place of an address."""
    RELOCATION = 5
    DEBUG = 6
    TLS = 9
    LOAD_CONFIG = 10
    BOUND_IMPORT = 11
    DELAY_IMPORT = 13
    CLR = 14


class Characteristic(IntFlag):
    """Flags of the COFF header."""

    RELOCS_STRIPPED = 0x1
    EXECUTABLE = 0x2
    LARGE_ADDRESS_AWARE = 0x20
    DLL = 0x2000


class DllCharacteristic(IntFlag):
    """Flags of the optional header: what the loader may do, and what it protects."""

    HIGH_ENTROPY_VA = 0x20
    DYNAMIC_BASE = 0x40
    FORCE_INTEGRITY = 0x80
    NX_COMPAT = 0x100
    NO_SEH = 0x400
    GUARD_CF = 0x4000
    TERMINAL_SERVER_AWARE = 0x8000


class SectionFlag(IntFlag):
    """Flags of sections."""

    CODE = 0x20
    INITIALIZED = 0x40
    UNINITIALIZED = 0x80
    DISCARDABLE = 0x0200_0000
    SHARED = 0x1000_0000
    EXECUTE = 0x2000_0000
    READ = 0x4000_0000
    WRITE = 0x8000_0000


class Subsystem(IntEnum):
    """How Windows starts a program."""

    GUI = 2
    """Without a console."""
    CONSOLE = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Directory:
    """A data directory: a table of the image, by its address."""

    address: int
    """From the image's base, in bytes."""
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A section header."""

    number: int
    name: str
    virtual_size: int
    address: int
    """From the image's base, in bytes."""
    raw_size: int
    """Bytes in the file, a multiple of the file alignment."""
    offset: int
    """Where they are in the file."""
    flags: int

    @property
    def memory_end(self) -> int:
        """Where it ends in memory, from the image's base."""
        return self.address + max(self.virtual_size, 1)

    @property
    def file_end(self) -> int:
        """Where it ends in the file."""
        return self.offset + self.raw_size

    @property
    def stored(self) -> int:
        """Bytes of the file that are loaded: what pads them to the file alignment is not."""
        return min(self.raw_size, self.virtual_size)

    def __str__(self) -> str:
        """Name it as in `section .text`."""
        return f"section {self.name}"

    def pack(self) -> bytes:
        """Return its bytes in the table; COFF relocations and line numbers are for objects."""
        return _SECTION.pack(
            *(self.name.encode(), self.virtual_size, self.address, self.raw_size, self.offset),
            *(0, 0, 0, 0, self.flags),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Headers:
    """What the headers of an image say; sizes and offsets are bytes."""

    machine: int
    timestamp: int
    symbols_at: int
    """Where COFF symbols are in the file; 0 for none."""
    characteristics: int
    optional_at: int
    """Where the optional header begins in the file."""
    table_at: int
    """Where the section headers begin in the file."""
    entry: int
    """Address of the first instruction, from the base."""
    base: int
    initialized_size: int
    section_alignment: int
    file_alignment: int
    image_size: int
    headers_size: int
    checksum: int
    subsystem: int
    dll_characteristics: int
    directories: tuple[Directory, ...]
    sections: tuple[Section, ...]
    size: int
    """Of the file."""

    @property
    def table_end(self) -> int:
        """Where the section headers end in the file."""
        return self.table_at + len(self.sections) * SECTION_SIZE

    @property
    def checksum_at(self) -> int:
        """Where the checksum is in the file."""
        return self.optional_at + CHECKSUM_OFFSET

    def directory(self, entry: DirectoryEntry) -> Directory:
        """Return a data directory; an empty one if the file has none."""
        found = self.directories[entry : entry + 1]
        return found[0] if found else Directory(address=0, size=0)

    def directory_at(self, entry: DirectoryEntry) -> int:
        """Return where the header has a data directory."""
        return self.optional_at + DIRECTORIES_OFFSET + entry * _DIRECTORY.size

    def unsigned_fields(self) -> tuple[tuple[int, int], ...]:
        """Return the (start, end) of what a signature added later changes.

        Authenticode's hash leaves out the same: "Windows Authenticode Portable Executable Signature
        Format", "Calculating the PE image hash".
        """
        certificate = self.directory_at(DirectoryEntry.CERTIFICATE)
        return (
            (self.checksum_at, self.checksum_at + 4),
            (certificate, certificate + _DIRECTORY.size),
        )

    def section(self, name: str) -> list[Section]:
        """Return the sections of a name."""
        return [section for section in self.sections if section.name == name]

    def offset_of(self, address: int, size: int) -> int:
        """Return where bytes of the image are in the file; raise `PeError` if they are not."""
        for section in self.sections:
            start = address - section.address
            if start >= 0 and start + size <= section.stored:
                if section.offset + start + size > self.size:
                    break
                return section.offset + start
        message = f"reference to {size} bytes at {address:#x}, which are not in the file"
        raise PeError(message)


def read_headers(data: Bytes) -> Headers:
    """Read the headers of a PE32+ image; raise `PeError` for anything else."""
    try:
        return _read(data)
    except struct.error as error:
        message = "truncated headers"
        raise PeError(message) from error


def _read(data: Bytes) -> Headers:
    if bytes(data[:2]) != DOS_MAGIC:
        message = "not a PE file"
        raise PeError(message)
    (pe,) = struct.unpack_from("<I", data, _PE_OFFSET)
    if bytes(data[pe : pe + 4]) != _PE_MAGIC:
        message = f"no PE header at offset {pe}"
        raise PeError(message)
    coff_at = pe + 4
    machine, count, timestamp, symbols_at, _, optional_size, characteristics = _COFF.unpack_from(
        data, coff_at
    )
    optional_at = coff_at + _COFF.size
    fields = _OPTIONAL.unpack_from(data, optional_at)
    directory_count = fields[-1]
    expected = _OPTIONAL.size + _DIRECTORY.size * directory_count
    if fields[0] != _PE32_PLUS:
        message = f"not a 64-bit image: its optional header is {fields[0]:#x}"
        raise PeError(message)
    if directory_count > _MOST_DIRECTORIES or optional_size < expected:
        message = f"{directory_count} data directories in {optional_size} bytes"
        raise PeError(message)
    if count > _MOST_SECTIONS:
        message = f"{count} sections"
        raise PeError(message)
    table_at = optional_at + optional_size
    directories = tuple(
        Directory(address=address, size=size)
        for address, size in (
            _DIRECTORY.unpack_from(data, optional_at + _OPTIONAL.size + number * _DIRECTORY.size)
            for number in range(directory_count)
        )
    )
    return Headers(
        machine=machine,
        timestamp=timestamp,
        symbols_at=symbols_at,
        characteristics=characteristics,
        optional_at=optional_at,
        table_at=table_at,
        initialized_size=fields[4],
        entry=fields[6],
        base=fields[8],
        section_alignment=fields[9],
        file_alignment=fields[10],
        image_size=fields[18],
        headers_size=fields[19],
        checksum=fields[20],
        subsystem=fields[21],
        dll_characteristics=fields[22],
        directories=directories,
        sections=_sections(data, table_at, count),
        size=len(data),
    )


def _sections(data: Bytes, table_at: int, count: int) -> tuple[Section, ...]:
    found: list[Section] = []
    for number in range(count):
        row = _SECTION.unpack_from(data, table_at + number * SECTION_SIZE)
        name, virtual_size, address, raw_size, offset, *_, flags = row
        found.append(
            Section(
                number=number,
                name=name.rstrip(b"\0").decode(errors="replace"),
                virtual_size=virtual_size,
                address=address,
                raw_size=raw_size,
                offset=offset,
                flags=flags,
            )
        )
    return tuple(found)


def with_more_headers(data: bytes, headers: Headers) -> bytes:
    """Return an image with as much room for section headers as there can be in its first page.

    What follows the headers in the file is moved; tables for debuggers are all that names offsets
    of it.
    """
    room = min((one.address for one in headers.sections), default=0)
    distance = room - headers.headers_size
    if distance <= 0:
        return data
    head = bytearray(data[: headers.headers_size])
    head += bytes(distance)
    struct.pack_into("<I", head, headers.optional_at + 60, room)
    for section in headers.sections:
        place = headers.table_at + section.number * SECTION_SIZE
        if section.raw_size:
            struct.pack_into("<I", head, place + 20, section.offset + distance)
    body = bytearray(data[headers.headers_size :])
    debug = headers.directory(DirectoryEntry.DEBUG)
    for number in range(debug.size // _DEBUG_SIZE):
        entry = headers.offset_of(debug.address + number * _DEBUG_SIZE, _DEBUG_SIZE)
        place = entry + 24 - headers.headers_size
        (offset,) = struct.unpack_from("<I", body, place)
        struct.pack_into("<I", body, place, offset + distance if offset else 0)
    return bytes(head + body)


def patch_headers(head: bytearray, headers: Headers, added: Sequence[Section]) -> None:
    """Change `head`, the beginning of a file, so that it also has sections `added` at its end.

    The checksum becomes zero, and so does every timestamp that headers have. Raises `PeError` when
    there is no room for their headers.
    """
    end = headers.table_end + len(added) * SECTION_SIZE
    if end > headers.headers_size or any(head[headers.table_end : end]):
        message = f"no room for {len(added)} section headers"
        raise PeError(message)
    coff_at, optional_at = headers.optional_at - _COFF.size, headers.optional_at
    struct.pack_into("<HI", head, coff_at + 2, len(headers.sections) + len(added), 0)
    initialized = headers.initialized_size + sum(section.raw_size for section in added)
    struct.pack_into("<I", head, optional_at + 8, initialized)
    image_size = aligned(max(one.memory_end for one in added), headers.section_alignment)
    struct.pack_into("<I", head, optional_at + 56, image_size)
    struct.pack_into("<I", head, headers.checksum_at, 0)
    head[headers.table_end : end] = b"".join(section.pack() for section in added)


def patch_checksum(head: bytearray, headers: Headers, checksum: int) -> None:
    """Write the checksum of the whole file."""
    struct.pack_into("<I", head, headers.checksum_at, checksum & 0xFFFF_FFFF)


def patch_subsystem(head: bytearray, headers: Headers, subsystem: Subsystem) -> None:
    """Let Windows start the program with or without a console."""
    struct.pack_into("<H", head, headers.optional_at + SUBSYSTEM_OFFSET, subsystem)


def patch_directory(
    head: bytearray, headers: Headers, entry: DirectoryEntry, directory: Directory
) -> None:
    """Let a data directory name another table."""
    place = headers.directory_at(entry)
    _DIRECTORY.pack_into(head, place, directory.address, directory.size)


def aligned(value: int, alignment: int) -> int:
    """Return the next multiple of an alignment."""
    return -(-value // alignment) * alignment

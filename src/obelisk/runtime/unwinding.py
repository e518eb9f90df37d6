"""Copies of static libraries without tables for unwinding the stack (`.eh_frame`)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_MAGIC: Final = b"!<arch>\n"
_MEMBER_HEADER: Final = 60
_SIZE: Final = slice(48, 58)
"""A member's size in its header, as decimal text."""
_ELF64: Final = b"\x7fELF\x02\x01"
_SECTION: Final = struct.Struct("<IIQQQQIIQQ")
"""A section's header: its name's offset, type, flags, address, offset, size and so on."""
_FLAGS_AT: Final = 8
_EXCLUDE: Final = 1 << 31
"""SHF_EXCLUDE: a linker leaves the section out, and what relocates it."""
_TABLE: Final = b".eh_frame"


def without_tables(library: Path, place: Path) -> None:
    """Copy a static library so that a linker takes no unwind tables from it.

    The linker's own means drop all tables or none.
    """
    data = bytearray(library.read_bytes())
    for start in _objects(data):
        _exclude(data, start)
    place.write_bytes(data)


def _objects(data: bytearray) -> Iterator[int]:
    """Yield where the ELF files in an archive begin."""
    offset = len(_MAGIC)
    while offset < len(data):
        start = offset + _MEMBER_HEADER
        size = int(data[offset:start][_SIZE])
        if data.startswith(_ELF64, start):
            yield start
        offset = start + size + size % 2


def _exclude(data: bytearray, start: int) -> None:
    (headers,) = struct.unpack_from("<Q", data, start + 40)
    size, count, names = struct.unpack_from("<HHH", data, start + 58)
    sections = [_SECTION.unpack_from(data, start + headers + i * size) for i in range(count)]
    text = start + sections[names][4]
    for number, (name, _, flags, *_) in enumerate(sections):
        if data.startswith(_TABLE + b"\0", text + name):
            at = start + headers + number * size + _FLAGS_AT
            struct.pack_into("<Q", data, at, flags | _EXCLUDE)

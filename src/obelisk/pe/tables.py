"""Tables of an image that a linker works with: exports, imports, base relocations, unwinding.

Follows Microsoft's "PE Format" and "x64 exception handling". Addresses are relative to the base of
the image, whose memory is given: whatever a table says of addresses is checked before it is
followed, and `PeError` is raised for what is outside.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from obelisk.pe.headers import Directory, DirectoryEntry, Headers, PeError

_EXPORTS: Final = struct.Struct("<IIHHIIIIIII")
IMPORT: Final = struct.Struct("<IIIII")
"""Address of the lookup table, timestamp, forwarder, addresses of the name and of the table that
the loader fills in."""
_BLOCK: Final = struct.Struct("<II")
FUNCTION: Final = struct.Struct("<III")
"""Addresses of a function's beginning, its end, and its unwind information."""
_BY_ORDINAL: Final = 1 << 63
_LONGEST: Final = 4096
_MOST: Final = 1 << 20
_LARGEST: Final = 1 << 29
"""Bytes of an image that is linked in memory."""
ABSOLUTE, DIR64 = 0, 10
"""Types of relocations: padding, and 64 bits."""
_HANDLERS, _CHAINED = 3, 4
"""Flags of unwind information."""


class Memory:
    """What an image has in memory before it is relocated."""

    def __init__(self, data: bytes | memoryview, headers: Headers) -> None:
        if headers.image_size > _LARGEST:
            message = f"an image of {headers.image_size} bytes"
            raise PeError(message)
        self.content = bytearray(headers.image_size)
        self.content[: headers.headers_size] = data[: headers.headers_size]
        for section in headers.sections:
            stored = data[section.offset : section.offset + section.stored]
            end = section.address + len(stored)
            if end > len(self.content) or len(stored) != section.stored:
                message = f"{section} is outside the image or the file"
                raise PeError(message)
            self.content[section.address : end] = stored

    def read(self, address: int, size: int) -> bytes:
        """Return bytes; raise `PeError` if they are not inside."""
        if address < 0 or address + size > len(self.content):
            message = f"reference to {size} bytes at {address:#x}, which are outside the image"
            raise PeError(message)
        return bytes(self.content[address : address + size])

    def unpack(self, layout: struct.Struct, address: int) -> tuple[int, ...]:
        """Return the numbers at an address."""
        return layout.unpack(self.read(address, layout.size))

    def number(self, address: int, size: int) -> int:
        """Return the number of some bytes at an address."""
        return int.from_bytes(self.read(address, size), "little")

    def put(self, address: int, size: int, value: int) -> None:
        """Write a number of some bytes."""
        self.read(address, size)
        self.content[address : address + size] = (value % (1 << 8 * size)).to_bytes(size, "little")

    def text(self, address: int) -> str:
        """Return the text up to the next zero byte."""
        end = self.content.find(b"\0", address, address + _LONGEST)
        if address <= 0 or end < 0:
            message = f"malformed name at {address:#x}"
            raise PeError(message)
        return self.content[address:end].decode(errors="replace")


def exports(memory: Memory, directory: Directory) -> dict[str, int]:
    """Return the addresses of what an image exports by name; what is forwarded is left out."""
    if not directory.address:
        return {}
    *_, count, addresses, names, ordinals = memory.unpack(_EXPORTS, directory.address)
    found = {}
    if count > _MOST:
        message = f"{count} exported names"
        raise PeError(message)
    inside = range(directory.address, directory.address + directory.size)
    for number in range(count):
        name = memory.text(memory.number(names + 4 * number, 4))
        position = memory.number(ordinals + 2 * number, 2)
        address = memory.number(addresses + 4 * position, 4)
        if address not in inside:
            found[name] = address
    return found


@dataclass(frozen=True, slots=True)
class Slot:
    """What the loader would fill in: the address of one imported function or variable."""

    address: int
    name: str | None
    """None: it is imported by a number."""


@dataclass(frozen=True, slots=True)
class Import:
    """One library that an image imports from."""

    library: str
    row: tuple[int, ...]
    """The fields of `IMPORT`."""
    slots: tuple[Slot, ...]


def imports(memory: Memory, directory: Directory) -> Iterator[Import]:
    """Yield the libraries of an import table."""
    for place in range(directory.address, directory.address + directory.size, IMPORT.size):
        row = memory.unpack(IMPORT, place)
        if not row[3]:
            return
        yield Import(memory.text(row[3]), row, tuple(_slots(memory, row[0] or row[4], row[4])))


def _slots(memory: Memory, lookup: int, table: int) -> Iterator[Slot]:
    for place in range(_MOST):
        value = memory.number(lookup + 8 * place, 8)
        if not value:
            return
        name = None if value & _BY_ORDINAL else memory.text((value & 0x7FFFFFFF) + 2)
        yield Slot(table + 8 * place, name)


def relocations(memory: Memory, directory: Directory) -> Iterator[int]:
    """Yield the addresses of all 64-bit addresses in an image; raise `PeError` for other kinds."""
    place, end = directory.address, directory.address + directory.size
    while place < end:
        page, size = memory.unpack(_BLOCK, place)
        if size < _BLOCK.size or size % 2:
            message = f"malformed relocations at {place:#x}"
            raise PeError(message)
        for entry in range(place + _BLOCK.size, place + size, 2):
            value = memory.number(entry, 2)
            if value >> 12 == DIR64:
                yield page + (value & 0xFFF)
            elif value >> 12 != ABSOLUTE:
                message = f"relocation of type {value >> 12} at {page + (value & 0xFFF):#x}"
                raise PeError(message)
        place += size


def pack_relocations(addresses: list[int]) -> bytes:
    """Return a table of 64-bit addresses, ascending."""
    blocks: dict[int, list[int]] = {}
    table = bytearray()
    for address in sorted(set(addresses)):
        blocks.setdefault(address & ~0xFFF, []).append(DIR64 << 12 | (address & 0xFFF))
    for page, entries in blocks.items():
        if len(entries) % 2:
            entries.append(ABSOLUTE)
        table += _BLOCK.pack(page, _BLOCK.size + 2 * len(entries))
        table += struct.pack(f"<{len(entries)}H", *entries)
    return bytes(table)


def functions(memory: Memory, directory: Directory) -> list[tuple[int, ...]]:
    """Return the rows of a table of functions."""
    content = memory.read(directory.address, directory.size // FUNCTION.size * FUNCTION.size)
    return [row for row in FUNCTION.iter_unpack(content) if row[0]]


def move_unwinding(memory: Memory, rows: list[tuple[int, ...]], distance: int) -> None:
    """Let unwind information name addresses that are further by a distance."""
    for place in sorted({row[2] for row in rows}):
        head = memory.read(place, 4)
        flags, codes = head[0] >> 3, head[2]
        after = place + 4 + 2 * (codes + codes % 2)
        if flags & _CHAINED:
            for offset in (0, 4, 8):
                memory.put(after + offset, 4, memory.number(after + offset, 4) + distance)
        elif flags & _HANDLERS:
            memory.put(after, 4, memory.number(after, 4) + distance)


def directory_of(headers: Headers, entry: DirectoryEntry) -> Directory:
    """Return a data directory, empty where it has no size."""
    found = headers.directory(entry)
    return found if found.size else Directory(address=0, size=0)

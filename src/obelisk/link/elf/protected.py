"""Data that is read-only once it is relocated (PT_GNU_RELRO), stored as it is at one address.

An executable with a snapshot has it as the snapshot needs it, not twice. A cold start takes that
back before libc relocates it (runtime/c/snapshot/protected.c).
"""

from __future__ import annotations

import struct
from typing import Final

from obelisk.link.elf import relr
from obelisk.link.elf.dynamic import Tag, read_dynamic
from obelisk.link.elf.elf import Elf, SegmentType, read_elf
from obelisk.link.elf.memory import memory_of

_WORD: Final = struct.Struct("<Q")
_MASK: Final = (1 << 64) - 1


def relative_places(data: bytes, elf: Elf) -> memoryview:
    """Return the words of an executable's RELR table."""
    memory = memory_of(memoryview(data), elf)
    dynamic = read_dynamic(elf, memory)
    return memory.at(dynamic.get(Tag.RELR), dynamic.get(Tag.RELRSZ)).cast("Q")


def relocate_protected(data: bytearray, elf: Elf, table: memoryview, address: int) -> None:
    """Relocate what an executable protects, where its first byte is at `address`.

    `table` has the words of its RELR table. Each word of the ELF file `data` changes in place.
    """
    protected = next((one for one in elf.segments if one.type == SegmentType.RELRO), None)
    if protected is None:
        return
    start, end = protected.address, protected.address + protected.file_size - _WORD.size
    for place in relr.decode(table):
        if start <= place <= end:
            at = place - start + protected.offset
            (value,) = _WORD.unpack_from(data, at)
            _WORD.pack_into(data, at, (value + address) & _MASK)


def with_protected(executable: bytes, address: int) -> memoryview:
    """Return an executable's bytes, with what it protects relocated for an address."""
    data = bytearray(executable)
    elf = read_elf(executable)
    relocate_protected(data, elf, relative_places(executable, elf), address)
    return memoryview(data)

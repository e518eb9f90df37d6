"""What of a file is in memory, read by address; every read is checked."""

from __future__ import annotations

from dataclasses import dataclass, field

from obelisk.errors import LinkError
from obelisk.link.elf.elf import Elf, Segment, SegmentType


def aligned(place: int, alignment: int) -> int:
    """Return the first multiple of `alignment` that is not below `place`."""
    return -(-place // alignment) * alignment


def page_start(address: int, page: int) -> int:
    """Return where the page of an address begins, by the size of pages."""
    return address // page * page


def page_end(address: int, page: int) -> int:
    """Return where the last page below an address ends."""
    return aligned(address, page)


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """A file and its loaded segments."""

    data: memoryview = field(repr=False)
    loads: tuple[Segment, ...]

    def at(self, address: int, size: int) -> memoryview:
        """Return bytes that lie in the file part of one segment; else raise `LinkError`."""
        if size == 0:
            return self.data[:0]
        for one in self.loads:
            if one.address <= address and address + size <= one.address + one.file_size:
                start = one.offset + address - one.address
                if start + size <= len(self.data):
                    return self.data[start : start + size]
        message = f"reference to {size} unmapped bytes at {address:#x}"
        raise LinkError(message)

    def rest(self, address: int) -> memoryview:
        """Return all bytes from an address to the end of its segment's file part."""
        for one in self.loads:
            if one.address <= address < one.address + one.file_size:
                return self.at(address, one.address + one.file_size - address)
        return self.data[:0]


def memory_of(data: memoryview, elf: Elf) -> Memory:
    """Return what of a file is in memory."""
    loads = tuple(one for one in elf.segments if one.type == SegmentType.LOAD)
    return Memory(data=data, loads=loads)

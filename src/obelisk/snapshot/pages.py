"""Which pages a snapshot stores: those that are neither zero nor in the executable's file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from obelisk.link.elf.elf import EXECUTE, READ, WRITE, Segment, SegmentType, read_elf
from obelisk.snapshot.format import Range, Source
from obelisk.snapshot.layout import Addresses
from obelisk.snapshot.memory import Mapping, ProcessMemory

_GAP: Final = 2
"""Pages that are stored although they need not be, so that what surrounds them is one range: each
costs a system call and a mapping of the process."""
_EXECUTE = 4
"""A right, as mmap(2) has it."""
_STEP: Final = 1 << 20
"""Bytes that are compared at once."""

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """What a snapshot's part is made of."""

    ranges: tuple[Range, ...]
    """Offsets are counted from the first page."""
    pages: bytearray


class Pages:
    """Collects ranges and their pages."""

    def __init__(self, executable: memoryview, addresses: Addresses, page: int, end: int) -> None:
        """Take an executable's bytes; from the address `end` on, nothing of it is kept."""
        self._file = executable
        self._base = addresses.image
        self._page = page
        loads = [one for one in read_elf(executable).segments if one.type == SegmentType.LOAD]
        self._loads = [one for one in loads if one.address < end]
        self._ranges: list[Range] = []
        self._pages = bytearray()

    def store(self, memory: ProcessMemory) -> Stored:
        """Return what of a process's memory must be stored."""
        for mapping in memory.heap:
            self._add_heap(mapping)
        for mapping in memory.image:
            for segment in self._loads:
                self._add_image(mapping, segment)
        return Stored(ranges=tuple(self._ranges), pages=self._pages)

    def _add_heap(self, mapping: Mapping) -> None:
        size = mapping.end - mapping.start
        whole = Range(
            address=mapping.start,
            size=size,
            rights=mapping.rights & ~_EXECUTE,  # zeros are no code
            source=Source.ZEROS,
            is_free=True,
        )
        self._ranges.append(whole)
        if mapping.content is not None:
            self._add_data(mapping, mapping.start, mapping.content, None)

    def _add_image(self, mapping: Mapping, segment: Segment) -> None:
        """Add what of a mapping is a segment's: first what is in the file, then what is zero."""
        start = self._base + segment.address
        stored = start + -(-segment.file_size // self._page) * self._page
        end = start + -(-segment.memory_size // self._page) * self._page
        for first, last, offset in ((start, stored, segment.offset), (stored, end, None)):
            low, high = max(first, mapping.start), min(last, mapping.end)
            if low >= high or mapping.content is None:
                continue
            expected = None
            if offset is not None:
                expected = self._file[offset + low - first : offset + high - first]
            if _rights(segment) != mapping.rights:
                at = None if offset is None else offset + low - first
                self._change_rights(mapping, low, high, at)
            content = mapping.content[low - mapping.start : high - mapping.start]
            self._add_data(mapping, low, content, expected)

    def _change_rights(self, mapping: Mapping, low: int, high: int, offset: int | None) -> None:
        self._ranges.append(
            Range(
                address=low,
                size=high - low,
                offset=offset or 0,
                rights=mapping.rights,
                source=Source.ZEROS if offset is None else Source.FILE,
            )
        )

    def _add_data(
        self, mapping: Mapping, address: int, content: memoryview, expected: memoryview | None
    ) -> None:
        """Store the pages that are not as `expected`, or not zero where that is None."""
        for start, end in joined(_different(content, expected, self._page), _GAP * self._page):
            self._ranges.append(
                Range(
                    address=address + start,
                    size=end - start,
                    offset=len(self._pages),
                    rights=mapping.rights,
                    source=Source.PART,
                )
            )
            self._pages += content[start:end]


def _rights(segment: Segment) -> int:
    """Return a segment's rights as mmap(2) has them."""
    pairs = ((READ, 1), (WRITE, 2), (EXECUTE, 4))
    return sum(bit for flag, bit in pairs if segment.flags & flag)


def _different(content: memoryview, expected: memoryview | None, page: int) -> Iterator[Span]:
    """Yield the pages that are not as `expected`, or not zero where that is None."""
    for start in range(0, len(content), _STEP):
        step = bytes(content[start : start + _STEP])
        other = bytes(len(step)) if expected is None else bytes(expected[start : start + _STEP])
        if step == other:
            continue
        for place in range(0, len(step), page):
            end = place + page
            if step[place:end] != other[place:end]:
                yield start + place, start + end


def joined(spans: Iterable[Span], gap: int) -> Sequence[Span]:
    """Join spans between which there are some bytes at most."""
    found: list[Span] = []
    for start, end in spans:
        if found and start - found[-1][1] <= gap:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found

"""Which pages of a snapshot a process wrote to that went on from it."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from obelisk.snapshot.layout import PLACES_DISTANCE, Addresses
from obelisk.snapshot.memory import Mapping, ProcessMemory
from obelisk.snapshot.pages import joined

_GAP: Final = 2
"""Pages that are copied although nobody writes to them, so that what surrounds them is one range:
each costs a system call."""
_WRITE: Final = 2
"""The right to, as mmap(2) has it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What a run left of its memory."""

    memory: ProcessMemory
    pages: array[int]
    """Addresses of the pages that are its own: it wrote to them, if only what was there before."""


class Views:
    """Finds bytes of a memory by their address."""

    def __init__(self, memory: ProcessMemory) -> None:
        """Look at mappings that can be written to."""
        kept = [one for one in (*memory.image, *memory.heap) if one.rights & _WRITE]
        self._mappings = sorted(kept, key=lambda one: one.start)
        self._starts = [one.start for one in self._mappings]

    def find(self, address: int) -> Mapping | None:
        """Return the mapping that holds an address."""
        number = bisect_right(self._starts, address) - 1
        found = self._mappings[number] if number >= 0 else None
        return found if found is not None and address < found.end else None

    def read(self, address: int, size: int) -> memoryview | None:
        """Return bytes; None where they are not of one mapping."""
        found = self.find(address)
        if found is None or found.content is None or address + size > found.end:
            return None
        return found.content[address - found.start : address - found.start + size]


def hot_spans(
    snapshot: ProcessMemory,
    start: Written,
    trained: Iterable[Written],
    addresses: Addresses,
    page: int,
    allocators: Iterable[tuple[int, int]] = (),
) -> list[tuple[int, int]]:
    """Return (address, size) of what is to be copied at each start, since runs wrote to it.

    Of training runs only what lies where it lies in each process, and is not of the variables of
    `allocators`, (address, size) in the executable: how long the path of a folder is decides where
    new memory is and how much, and is to change nothing.
    """
    views, heap = Views(snapshot), addresses.heap
    new = range(heap, heap + PLACES_DISTANCE)
    noted = {one for span in allocators for one in _pages(addresses.image + span[0], span[1], page)}
    pages = {one for run in trained for one in run.pages if one not in new} - noted
    kept = sorted(one for one in {*start.pages, *pages} if views.find(one) is not None)
    spans = joined(((one, one + page) for one in kept), page * _GAP)
    # Between two pages there may be the end of a mapping: nothing is mapped, or it is not written.
    return [piece for low, high in spans for piece in _inside(low, high, views, page)]


def _pages(address: int, size: int, page: int) -> range:
    return range(address // page * page, address + size, page)


def _inside(start: int, end: int, views: Views, page: int) -> list[tuple[int, int]]:
    found = [(one, one + page) for one in range(start, end, page) if views.find(one) is not None]
    return [(low, high - low) for low, high in joined(found, 0)]

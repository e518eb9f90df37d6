"""Where the blocks of memory are placed that a snapshot is made of.

An attempt at a snapshot gives all requests for memory keys (runtime/c/snapshot/requests.c), and
leaves a list of the blocks that are alive (blocks.c there). The next attempt asks for the same, and
is given a place for each key: what runs wrote to is together, and so is all else that stays.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from obelisk.link.elf.memory import aligned
from obelisk.snapshot.memory import ProcessMemory
from obelisk.snapshot.writing import Views, Written

_BLOCK: Final = struct.Struct("<QQII")
"""Address, key, size, kind."""
_HEAD: Final = struct.Struct("<5Q")
"""How many keys follow, and the size of each place."""
_KEY: Final = struct.Struct("<Q")
_OF_OBJECT: Final = 1 << 31
"""Beside the size of a block: that it is an object's."""
_IS_DENSE: Final = 1
"""A kind of block: an object that needs the alignment of pointers."""
_IS_CODE: Final = 2
"""A code object."""
_COUNT: Final = struct.Struct("<I")
_GC_HEAD: Final = 16
"""Bytes in front of an object that the garbage collector knows."""
_IMMORTAL: Final = frozenset((3 << 30, (1 << 32) - 1))
"""Counts of references of objects that live as long as the process, of 3.14 and of 3.13."""
_ALIGNMENT: Final = 16
_DENSE_ALIGNMENT: Final = 8
_LARGE: Final = 4096
"""Bytes of a block of which a part may be written to."""
_SPARE: Final = 1 << 20
"""Bytes that a place has left: where keys differ between attempts, another block is placed than was
there. What stays zero is not stored."""
_UNCHANGED: Final = 0x80
"""Beside a place: no run changed the block."""

EMPTY: Final = _HEAD.pack(0, 0, 0, 0, 0)
"""The plan of the first attempt."""


class Place(IntEnum):
    """Where a block is placed; 0 is wherever Python has it."""

    WRITTEN = 1
    COUNTED = 2
    """Objects whose references are counted, beside those that runs wrote to."""
    KEPT = 3
    DENSE = 4
    """What is kept of kinds of objects that may lie closer together."""


@dataclass(frozen=True, slots=True)
class _Block:
    address: int
    key: int
    size: int
    is_object: bool
    is_dense: bool
    is_code: bool

    @property
    def end(self) -> int:
        return self.address + self.size


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What runs did to the blocks of an attempt, by their keys."""

    places: Mapping[int, Place]
    """Of those that are not merely kept."""
    unchanged: AbstractSet[int]
    """Those that have the same content at the end of each run."""


def seen_in(blocks: bytes, memory: ProcessMemory, runs: Iterable[Written], page: int) -> Seen:
    """Return what runs did; `memory` is what the attempt had when its blocks were listed."""
    known = sorted(_parsed(blocks), key=lambda one: one.address)
    places: dict[int, Place] = {}
    changed: set[int] = set()
    starts = [one.address for one in known]
    before = Views(memory)
    for run in runs:
        after = Views(run.memory)
        for address in run.pages:
            first = max(bisect_right(starts, address) - 1, 0)
            for block in known[first : bisect_right(starts, address + page - 1)]:
                place = _place(block, before, after)
                if place == Place.WRITTEN:
                    changed.add(block.key)
                    place = Place.KEPT if _is_executed(block, before, after) else place
                if block.size < _LARGE and place < places.get(block.key, Place.KEPT):
                    places[block.key] = place
    return Seen(places=places, unchanged={one.key for one in known} - changed)


def plan_of(blocks: bytes, seen: Seen, page: int, *, deferring: bool = False) -> bytes:
    """Return the plan for the next attempt, in which these blocks are alive.

    If it is `deferring`, it takes the code from functions if no run changed it.
    """
    chosen = dict.fromkeys(seen.unchanged if deferring else (), _UNCHANGED)
    sizes = dict.fromkeys(Place, 0)
    for one in _parsed(blocks):
        kept = Place.DENSE if one.is_dense and one.size < _LARGE else Place.KEPT
        place = seen.places.get(one.key, kept)
        chosen[one.key] = chosen.get(one.key, 0) | place
        alignment = _DENSE_ALIGNMENT if place == Place.DENSE else _ALIGNMENT
        sizes[place] += max(aligned(one.size, alignment), alignment)
    rooms = (aligned(size + _SPARE, page) if size else 0 for size in sizes.values())
    keys = sorted(chosen)
    listed = b"".join(_KEY.pack(key) for key in keys)
    return _HEAD.pack(len(keys), *rooms) + listed + bytes(chosen[key] for key in keys)


def _parsed(blocks: bytes) -> Iterable[_Block]:
    for address, key, size, kind in _BLOCK.iter_unpack(blocks):
        yield _Block(
            address,
            key,
            size & ~_OF_OBJECT,
            is_object=bool(size & _OF_OBJECT),
            is_dense=bool(kind & _IS_DENSE),
            is_code=bool(kind & _IS_CODE),
        )


def _place(block: _Block, before: Views, after: Views) -> Place:
    """Return the place of a block in a page that a run wrote to."""
    old, new = before.read(block.address, block.size), after.read(block.address, block.size)
    if old is None or new is None or old != new:
        return Place.WRITTEN
    return Place.COUNTED if block.is_object and not _is_immortal(old) else Place.KEPT


def _is_executed(block: _Block, before: Views, after: Views) -> bool:
    """Say whether a changed block is code that a run executed, and changed nothing else of.

    It does so in the first attempt only, whose code is marked (runtime/c/snapshot/defer.c).
    """
    old, new = (view.read(block.address, block.size) for view in (before, after))
    if not block.is_code or old is None or new is None:
        return False
    return sum(one != other for one, other in zip(old, new, strict=True)) == 1


def _is_immortal(content: memoryview) -> bool:
    places = [place for place in (0, _GC_HEAD) if place + _COUNT.size <= len(content)]
    return any(_COUNT.unpack_from(content, place)[0] in _IMMORTAL for place in places)

"""Where everything of the linked shared objects is in memory, thread-local variables too.

An object's code refers to its data by their distance, so an object stays one piece, and the pieces
follow one another. Thread-local blocks follow variant II of Drepper's "ELF Handling For
Thread-Local Storage": below the thread pointer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from obelisk.errors import LinkError
from obelisk.link.elf.dso import SharedObject
from obelisk.link.elf.elf import Segment
from obelisk.link.elf.graph import Node
from obelisk.link.elf.memory import aligned


@dataclass(frozen=True, kw_only=True, slots=True)
class RuntimeTls:
    """The runtime's own thread-local block."""

    segment: Segment
    pool_at: int
    """Where room for others is in it."""
    pool_size: int

    @property
    def below(self) -> int:
        """How far below the thread pointer the block begins, in bytes."""
        one = self.segment
        return one.memory_size + ((-one.address - one.memory_size) & (one.alignment - 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Addresses of all objects. Distances are in bytes below the thread pointer."""

    start: int
    end: int
    bases: tuple[int, ...]
    tls_below: tuple[int, ...]
    """Where each object's thread-local block begins; 0 without one."""
    tls_all_below: int
    """Where the whole block begins, which is the only module there is."""
    tls_initialised: frozenset[int]
    """Numbers of the objects whose initial values stand below the runtime's block."""


def lay_out(nodes: Sequence[Node], *, start: int, tls: RuntimeTls) -> Layout:
    """Place all objects from the address `start` on.

    Raises `LinkError` when there is no room for thread-local variables.
    """
    place, bases = start, []
    for node in nodes:
        place = aligned(place, node.object.alignment)
        bases.append(place)
        place += node.object.span
    tls_below, initialised, all_below = _lay_out_tls([node.object for node in nodes], tls)
    return Layout(
        start=start,
        end=place,
        bases=tuple(bases),
        tls_below=tls_below,
        tls_all_below=all_below,
        tls_initialised=initialised,
    )


def _lay_out_tls(
    objects: Sequence[SharedObject], tls: RuntimeTls
) -> tuple[tuple[int, ...], frozenset[int], int]:
    """Put blocks of zeros into the runtime's pool, and those with initial values below its block.

    The values are copied for every thread that starts; zeros cost nothing there.
    """
    below = [0] * len(objects)
    initialised = set()
    pool = tls.below - tls.pool_at
    pool_end = pool - tls.pool_size
    lowest = tls.below
    for number, one in enumerate(objects):
        if one.tls is None:
            continue
        if one.tls.alignment > tls.segment.alignment:
            message = f"{one} aligns thread-local variables to {one.tls.alignment} bytes"
            raise LinkError(message)
        if any(one.memory.at(one.tls.address, one.tls.file_size)):
            lowest = _down_to(lowest + one.tls.memory_size, one.tls)
            below[number] = lowest
            initialised.add(number)
            continue
        start = pool - (pool + one.tls.address) % max(1, one.tls.alignment)
        pool = start - one.tls.memory_size
        if pool < pool_end:
            message = f"{one} has {one.tls.memory_size} bytes of thread-local variables"
            hint = f"there is room for {tls.pool_size} bytes in all; `exclude` what is not needed"
            raise LinkError(message, hint=hint)
        below[number] = start
    if initialised:
        lowest = aligned(lowest, tls.segment.alignment)
    return tuple(below), frozenset(initialised), lowest


def _down_to(distance: int, block: Segment) -> int:
    """Return the least distance from `distance` on at which the block is aligned as it asks."""
    return distance + (-distance - block.address) % max(1, block.alignment)

"""Where the thread-local variables of all objects are: one rule for every machine.

A static executable has one thread-local block, the runtime's. In it the runtime keeps room, the
pool, and all objects' blocks go there, those with initial values first. So the block keeps its size
and its place, wherever that is: above the thread pointer (variant I of Drepper's "ELF Handling For
Thread-Local Storage") or below it (variant II).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from obelisk.errors import LinkError
from obelisk.link.elf.dso import SharedObject
from obelisk.link.elf.elf import Segment


@dataclass(frozen=True, kw_only=True, slots=True)
class RuntimeTls:
    """The runtime's own thread-local block."""

    segment: Segment
    pool_offset: int
    """Where room for objects' blocks is in it."""
    pool_size: int
    thread_gap: int | None
    """See `Target.thread_gap`."""

    @property
    def from_thread(self) -> int:
        """Where the block begins, in bytes from the thread pointer, as libc and linkers put it."""
        block = self.segment
        if self.thread_gap is not None:
            return self.thread_gap + ((block.address - self.thread_gap) & (block.alignment - 1))
        return -block.memory_size - ((-block.address - block.memory_size) & (block.alignment - 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsLayout:
    """Where each object's variables are."""

    from_thread: int
    """Where the one block begins, in bytes from the thread pointer."""
    offsets: tuple[int | None, ...]
    """Where each object's block begins in it; None without one."""
    initialised: tuple[int, ...]
    """Numbers of the objects whose variables have initial values."""

    def below(self, number: int) -> int:
        """Return the bytes from an object's block up to the thread pointer; 0 without one."""
        offset = self.offsets[number]
        return 0 if offset is None else -(self.from_thread + offset)


def lay_out_tls(objects: Sequence[SharedObject], tls: RuntimeTls) -> TlsLayout:
    """Put the blocks of all objects into the pool, those with initial values first.

    Up to the last of these, libc copies the block for every thread; zeros behind it cost nothing.
    Raises `LinkError` when a block does not fit.
    """
    offsets: list[int | None] = [None] * len(objects)
    initialised = tuple(number for number, one in enumerate(objects) if _has_values(one))
    others = (number for number in range(len(objects)) if number not in initialised)
    offset = tls.pool_offset
    for number in (*initialised, *others):
        one = objects[number]
        if one.tls is None:
            continue
        if one.tls.alignment > tls.segment.alignment:
            message = f"{one} has an unsupported TLS alignment of {one.tls.alignment} bytes"
            raise LinkError(message)
        offset += (one.tls.address - tls.from_thread - offset) % max(1, one.tls.alignment)
        offsets[number] = offset
        offset += one.tls.memory_size
        if offset > tls.pool_offset + tls.pool_size:
            message = f"{one} needs {one.tls.memory_size} bytes of thread-local variables"
            hint = f"the limit is {tls.pool_size} bytes in all; `exclude` what is not needed"
            raise LinkError(message, hint=hint)
    return TlsLayout(from_thread=tls.from_thread, offsets=tuple(offsets), initialised=initialised)


def _has_values(one: SharedObject) -> bool:
    return one.tls is not None and any(one.memory.at(one.tls.address, one.tls.file_size))

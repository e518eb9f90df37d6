"""One image of the initial values of all thread-local variables, the runtime's and the objects'.

A static executable has one thread-local block. Objects' blocks with initial values stand below the
runtime's own, so libc must copy a longer image for each thread; addresses in it are relocated
where it is now.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from typing import Final

from obelisk.errors import LinkError
from obelisk.link.elf import relr
from obelisk.link.elf.dynamic import Tag, read_dynamic
from obelisk.link.elf.elf import READ, Elf, Segment
from obelisk.link.elf.memory import memory_of
from obelisk.link.elf.shared_objects import Linked

_WORD: Final = struct.Struct("<Q")


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsImage:
    """The image, and the runtime's relative relocations that apply to it."""

    segment: Segment
    """To take the place of the runtime's own; its offset in the file is not known yet."""
    content: bytes = field(repr=False)
    relative: bytes = field(repr=False)
    """A RELR table, to take the place of the runtime's own."""


def merge_tls(linked: Linked, runtime: bytes, elf: Elf, place: int) -> TlsImage | None:
    """Return the image, to stand at the aligned address `place`; None when none is needed."""
    layout, own = linked.layout, linked.tls.segment
    if not layout.tls_initialised:
        return None
    whole, below = layout.tls_all_below, linked.tls.below
    own_at = whole - below
    content = bytearray(own_at + own.file_size)
    content[own_at:] = runtime[own.offset : own.offset + own.file_size]
    pointers = [
        address - own.address + place + own_at
        if own.address <= address < own.address + own.file_size
        else address
        for address in relr.decode(_relative(runtime, elf))
    ]
    for number in sorted(layout.tls_initialised):
        block = linked.nodes[number].object.tls
        part = linked.relocated[number]
        if block is None or block.address < part.start:
            message = f"{linked.nodes[number].object} has thread-local values that are read-only"
            raise LinkError(message)
        at = whole - layout.tls_below[number]
        start = block.address - part.start
        content[at : at + block.file_size] = part.content[start : start + block.file_size]
        pointers += [
            address - block.address + place + at
            for address in part.pointers
            if block.address <= address < block.address + block.file_size
        ]
    segment = replace(
        own,
        address=place,
        physical=place,
        flags=READ,
        file_size=len(content),
        memory_size=whole - (below - own.memory_size),
    )
    words = relr.encode(sorted(pointers))
    relative = b"".join(_WORD.pack(word) for word in words)
    return TlsImage(segment=segment, content=bytes(content), relative=relative)


def _relative(runtime: bytes, elf: Elf) -> memoryview:
    """Return the runtime's own table of relative relocations."""
    memory = memory_of(memoryview(runtime), elf)
    dynamic = read_dynamic(elf, memory)
    return memory.at(dynamic.get(Tag.RELR), dynamic.get(Tag.RELRSZ)).cast("Q")

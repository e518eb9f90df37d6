"""One image of the initial values of all thread-local variables, the runtime's and the objects'.

Where an object's variables have initial values (tls.py), the runtime's image of its own, which libc
copies for each thread, is too short. A longer one takes its place; addresses in it are relocated
where it is now.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from typing import Final

from obelisk.errors import LinkError
from obelisk.link.elf import relr
from obelisk.link.elf.dynamic import relative_words
from obelisk.link.elf.elf import READ, Elf, Segment
from obelisk.link.elf.shared_objects import Linked

_WORD: Final = struct.Struct("<Q")


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsImage:
    """The image, and the runtime's relative relocations that apply to it."""

    segment: Segment
    """To take the place of the runtime's own; its offset in the file is counted from `content`."""
    content: bytes = field(repr=False)
    """The image, and before it what makes its address as aligned as the runtime's."""
    relative: bytes = field(repr=False)
    """A RELR table, to take the place of the runtime's own."""


def merge_tls(linked: Linked, runtime: bytes, elf: Elf, place: int) -> TlsImage | None:
    """Return the image, whose content is to stand at `place`, where a page begins.

    None when none is needed.
    """
    blocks, own = linked.layout.tls, linked.tls.segment
    if not blocks.initialised:
        return None
    # libc counts from the thread pointer by the image's address and its alignment.
    gap = (own.address - place) % max(1, own.alignment)
    start = place + gap
    image = bytearray(runtime[own.offset : own.offset + own.file_size])
    pointers = [
        address - own.address + start
        if own.address <= address < own.address + own.file_size
        else address
        for address in relr.decode(relative_words(memoryview(runtime), elf))
    ]
    for number in blocks.initialised:
        block, offset = linked.nodes[number].object.tls, blocks.offsets[number]
        part = linked.relocated[number]
        if block is None or offset is None or block.address < part.start:
            message = f"{linked.nodes[number].object} has thread-local values in read-only memory"
            raise LinkError(message)
        at = block.address - part.start
        image += bytes(offset - len(image))
        image += part.content[at : at + block.file_size]
        pointers += [
            address - block.address + start + offset
            for address in part.pointers
            if block.address <= address < block.address + block.file_size
        ]
    segment = replace(
        own, offset=gap, address=start, physical=start, flags=READ, file_size=len(image)
    )
    words = relr.encode(sorted(pointers))
    relative = b"".join(_WORD.pack(word) for word in words)
    return TlsImage(segment=segment, content=bytes(gap) + image, relative=relative)

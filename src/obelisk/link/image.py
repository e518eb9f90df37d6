"""The stage `link`: from runtime and payload to the executable.

No linker runs: the payload becomes one more segment of the runtime, read-only, at the next free
pages of file and memory. Its header goes where runtime/reserve.c kept room; a section header
describes it too, so that `strip` and `objcopy` keep it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from obelisk.errors import LinkError
from obelisk.link.elf import (
    ALLOC,
    NULL_SECTION,
    READ,
    SEGMENT_SIZE,
    Elf,
    Section,
    SectionType,
    Segment,
    SegmentType,
    pack_header,
    pack_sections,
    pack_segments,
    read_elf,
    section_name,
)

_RESERVE: Final = ".note.obelisk"
_PAYLOAD_NAME: Final = b".obelisk\0"


def link(runtime: bytes, payload: bytes, *, page_size: int) -> bytes:
    """Return the executable's bytes. `page_size` is the largest that its kernels use.

    Raises `LinkError` when `runtime` is no runtime.
    """
    elf = read_elf(runtime)
    reserve = _find_reserve(runtime, elf)
    loads = [s for s in elf.segments if s.type == SegmentType.LOAD]
    end = max((s.address + s.memory_size for s in loads), default=0)
    # Without the section table, which stands last and is written anew.
    kept = runtime[: elf.header.sections_at]
    mapped = Segment(
        type=SegmentType.LOAD,
        flags=READ,
        offset=_aligned(len(kept), page_size),
        address=_aligned(end, page_size),
        physical=_aligned(end, page_size),
        file_size=len(payload),
        memory_size=len(payload),
        alignment=page_size,
    )
    segments = _with_payload(elf, reserve, mapped)
    body = _padded(kept, page_size) + payload
    names_at = len(body)
    names = _section_names(runtime, elf) + _PAYLOAD_NAME
    body = _padded(body + names, 16)
    sections = _sections(elf, reserve, mapped, names_at, len(names))
    header = replace(
        elf.header,
        segment_count=len(segments),
        section_count=len(sections),
        sections_at=len(body),
    )
    head = pack_header(header) + pack_segments(segments)
    return head + body[len(head) :] + pack_sections(sections)


def _find_reserve(runtime: bytes, elf: Elf) -> Section:
    for section in elf.sections:
        if section_name(runtime, elf, section) == _RESERVE:
            table_end = elf.header.segments_at + len(elf.segments) * SEGMENT_SIZE
            if section.offset == table_end and elf.segments[0].offset == elf.header.segments_at:
                return section
    message = "the runtime has no room for program headers"
    raise LinkError(message, hint="this is a bug of Obelisk: please report it")


def _with_payload(elf: Elf, reserve: Section, mapped: Segment) -> tuple[Segment, ...]:
    """Add the payload's segments, in the order of addresses as loaders expect."""
    own = [
        s for s in elf.segments if not (s.type == SegmentType.NOTE and s.offset == reserve.offset)
    ]
    last = max((index for index, s in enumerate(own) if s.type == SegmentType.LOAD), default=0)
    own.insert(last + 1, mapped)
    own.append(replace(mapped, type=SegmentType.PAYLOAD, alignment=16))
    used = len(own) * SEGMENT_SIZE
    if elf.header.segments_at + used > reserve.offset + reserve.size:
        message = f"no room for {len(own)} program headers"
        raise LinkError(message, hint="this is a bug of Obelisk: please report it")
    # The table describes itself.
    return tuple(
        replace(s, file_size=used, memory_size=used) if s.offset == elf.header.segments_at else s
        for s in own
    )


def _sections(
    elf: Elf, reserve: Section, mapped: Segment, names_at: int, names_size: int
) -> tuple[Section, ...]:
    names = elf.sections[elf.header.names_section]
    described = Section(
        name=names_size - len(_PAYLOAD_NAME),
        type=SectionType.PROGBITS,
        flags=ALLOC,
        address=mapped.address,
        offset=mapped.offset,
        size=mapped.file_size,
        link=0,
        info=0,
        alignment=16,
        entry_size=0,
    )
    changed = {
        # The room is used up: what stands there now is the table.
        reserve: NULL_SECTION,
        names: replace(names, offset=names_at, size=names_size),
    }
    return (*(changed.get(section, section) for section in elf.sections), described)


def _section_names(runtime: bytes, elf: Elf) -> bytes:
    names = elf.sections[elf.header.names_section]
    return runtime[names.offset : names.offset + names.size]


def _aligned(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment


def _padded(data: bytes, alignment: int) -> bytes:
    return data + bytes(_aligned(len(data), alignment) - len(data))

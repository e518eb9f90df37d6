"""The first page of an executable: headers, room for more of them, and the code that runs first.

See runtime/c/elf/*/phdr_reserve.c. The page, as large as pages of its machine can be, becomes
executable by a segment of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from obelisk.errors import LinkError
from obelisk.link.elf.elf import (
    EXECUTE,
    READ,
    SEGMENT_SIZE,
    Elf,
    Section,
    Segment,
    SegmentType,
    section_name,
)
from obelisk.link.elf.sections import Named, describe

_RESERVE: Final = ".note.obelisk"


def find_reserve(runtime: bytes, elf: Elf) -> Section:
    """Return the section that keeps room; raise `LinkError` when the file is no runtime."""
    for section in elf.sections:
        if section_name(runtime, elf, section) == _RESERVE:
            table_end = elf.header.segments_at + len(elf.segments) * SEGMENT_SIZE
            if section.offset == table_end and elf.segments[0].offset == elf.header.segments_at:
                return section
    message = "no space for program headers in the runtime"
    raise LinkError(message, hint="this is a bug in Obelisk; please report it")


def has_start(elf: Elf, reserve: Section) -> bool:
    """Say whether a runtime begins to run in the page of its headers."""
    return reserve.offset <= elf.header.entry < reserve.offset + reserve.size


def headers_limit(elf: Elf, reserve: Section) -> int:
    """Return where program headers must end."""
    return elf.header.entry if has_start(elf, reserve) else reserve.offset + reserve.size


def split_first_page(elf: Elf, reserve: Section, page: int) -> list[Segment]:
    """Return the runtime's segments, and the first page by itself and executable."""
    segments: list[Segment] = []
    for segment in elf.segments:
        if segment.type != SegmentType.LOAD or segment.offset or not has_start(elf, reserve):
            segments.append(segment)
            continue
        flags = segment.flags | EXECUTE
        segments += [
            replace(segment, flags=flags, file_size=page, memory_size=page),
            replace(
                segment,
                offset=page,
                address=page,
                physical=page,
                file_size=segment.file_size - page,
                memory_size=segment.memory_size - page,
            ),
        ]
    return segments


def describe_start(elf: Elf, reserve: Section, page: int) -> list[Named]:
    """Describe what follows the headers, for `strip` keeps only what is in a section."""
    start, end = elf.header.entry, reserve.offset + reserve.size
    if not has_start(elf, reserve):
        return []
    return [
        _describe(".obelisk.start", READ | EXECUTE, start, page),
        _describe(".obelisk.room", READ, page, end),
    ]


def _describe(name: str, flags: int, start: int, end: int) -> Named:
    segment = Segment(
        type=SegmentType.LOAD,
        flags=flags,
        offset=start,
        address=start,
        physical=start,
        file_size=end - start,
        memory_size=end - start,
        alignment=1,
    )
    named = describe(name, segment)
    return replace(named, section=replace(named.section, alignment=1))

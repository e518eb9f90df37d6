"""The section headers of the executable: tools read them, nothing at run time does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from obelisk.link.elf.elf import (
    NULL_SECTION,
    Elf,
    Section,
    SectionFlag,
    SectionType,
    Segment,
    pack_sections,
    section_content,
)
from obelisk.link.elf.memory import aligned
from obelisk.payload.content import Piece

_ALIGNMENT: Final = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A section with its name, whose place among the names is not known yet."""

    name: str
    section: Section
    content: bytes | None = field(default=None, repr=False)
    """Bytes that are to be written for it; None for what is in memory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tail:
    """The end of the file: what only sections have, their names, their headers."""

    pieces: tuple[Piece, ...] = field(repr=False)
    """The last one is the section headers."""
    start: int
    headers_at: int
    count: int
    end: int


class Sections:
    """The sections of the runtime, and what is added to them."""

    def __init__(self, elf: Elf, runtime: bytes) -> None:
        self._elf = elf
        self._names = section_content(runtime, elf.sections[elf.header.names_section])
        self._own = {
            number: Named(name="", section=section, content=section_content(runtime, section))
            for number, section in enumerate(elf.sections)
            if not section.flags & SectionFlag.ALLOC
            and section.type not in (SectionType.NULL, SectionType.NOBITS)
        }
        self._added: list[Named] = []

    @property
    def count(self) -> int:
        """How many there are so far; the number of the next one."""
        return len(self._elf.sections) + len(self._added)

    def add(self, sections: Iterable[Named]) -> None:
        """Add sections behind all others."""
        self._added += sections

    def remove(self, section: Section) -> None:
        """Leave a header of the runtime empty: what it describes is no more."""
        self._own[self._elf.sections.index(section)] = Named(name="", section=NULL_SECTION)

    def replace_tls(self, segment: Segment) -> None:
        """Let another segment hold the initial values of thread-local variables.

        `strip` and `objcopy` make the segment's header anew, of the sections that say so.
        """
        for number, section in enumerate(self._elf.sections):
            if section.flags & SectionFlag.TLS:
                plain = replace(section, flags=section.flags & ~SectionFlag.TLS)
                is_empty = section.type == SectionType.NOBITS
                self._own[number] = Named(name="", section=NULL_SECTION if is_empty else plain)
        values = replace(
            NULL_SECTION,
            type=SectionType.PROGBITS,
            flags=SectionFlag.WRITE | SectionFlag.ALLOC | SectionFlag.TLS,
            address=segment.address,
            offset=segment.offset,
            size=segment.file_size,
            alignment=segment.alignment,
        )
        zeros = replace(
            values,
            type=SectionType.NOBITS,
            address=segment.address + segment.file_size,
            offset=segment.offset + segment.file_size,
            size=segment.memory_size - segment.file_size,
            alignment=1,
        )
        self.add([Named(name=".tdata", section=values), Named(name=".tbss", section=zeros)])

    def extend(self, number: int, content: bytes) -> None:
        """Give a section of the runtime, which is not in memory, other bytes."""
        self._own[number] = Named(
            name="", section=replace(self._elf.sections[number], size=len(content)), content=content
        )

    def write(self, start: int, last: Iterable[Named] = ()) -> Tail:
        """Return what follows at `start` in the file; sections of `last` are the last ones."""
        end, added = start, [*self._added, *last]
        names, texts = self._names, {"": 0}
        for name in sorted({one.name for one in added} - {""}):
            texts[name] = len(names)
            names += name.encode() + b"\0"
        self.extend(self._elf.header.names_section, names)
        rows = [
            self._own.get(n, Named(name="", section=s)) for n, s in enumerate(self._elf.sections)
        ]
        rows += [replace(one, section=replace(one.section, name=texts[one.name])) for one in added]
        pieces: list[Piece] = []
        headers = []
        for row in rows:
            section = row.section
            if row.content is not None:
                place = aligned(end, _ALIGNMENT)
                section = replace(section, offset=place)
                pieces.append((place, row.content))
                end = place + len(row.content)
            headers.append(section)
        headers_at = aligned(end, _ALIGNMENT)
        table = pack_sections(tuple(headers))
        pieces.append((headers_at, table))
        return Tail(
            pieces=tuple(pieces),
            start=start,
            headers_at=headers_at,
            count=len(headers),
            end=headers_at + len(table),
        )


def describe(name: str, segment: Segment) -> Named:
    """Return the section that describes a whole segment."""
    flags = SectionFlag.ALLOC
    if segment.writable:
        flags |= SectionFlag.WRITE
    if segment.executable:
        flags |= SectionFlag.EXECUTE
    section = replace(
        NULL_SECTION,
        type=SectionType.PROGBITS if segment.file_size else SectionType.NOBITS,
        flags=flags,
        address=segment.address,
        offset=segment.offset,
        size=segment.file_size or segment.memory_size,
        alignment=_ALIGNMENT,
    )
    return Named(name=name, section=section)

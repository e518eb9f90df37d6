"""The stage `link`: from runtime, shared objects and payload to the executable.

No linker runs: what is added becomes more segments of the runtime, at the next free pages of file
and memory. Their headers go where runtime/reserve.c kept room; section headers describe them too,
so that `strip` and `objcopy` keep them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Final

from obelisk.errors import LinkError
from obelisk.link.debug import add_debug_info
from obelisk.link.dynamic import Tag, with_tags
from obelisk.link.elf import (
    EXECUTE,
    READ,
    SEGMENT_SIZE,
    WRITE,
    Elf,
    Section,
    SectionType,
    Segment,
    SegmentType,
    pack_header,
    pack_segments,
    read_elf,
    section_content,
    section_name,
)
from obelisk.link.memory import aligned
from obelisk.link.native import Linked, Natives, Piece, link_natives
from obelisk.link.sections import Sections, describe
from obelisk.link.tls import TlsImage, merge_tls
from obelisk.target import Target

_RESERVE: Final = ".note.obelisk"
_TLS: Final = ".tdata"
"""Name of the part that holds the initial values of all thread-local variables."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """The bytes of an executable, as pieces at their places in the file."""

    pieces: tuple[Piece, ...] = field(repr=False)
    size: int

    def write(self, file: BinaryIO) -> None:
        """Write the whole file; what is between the pieces is zero, and takes no room on disk."""
        for place, piece in self.pieces:
            file.seek(place)
            file.write(piece)
        file.truncate(self.size)


def link(runtime: bytes, payload: bytes, natives: Natives, target: Target) -> Image:
    """Return the executable.

    Raises `LinkError` when `runtime` is no runtime, or an object cannot be linked in.
    """
    elf = read_elf(runtime)
    reserve = _find_reserve(runtime, elf)
    build = _Build(runtime, elf, target.page_size)
    linked = link_natives(natives, target, runtime, elf, build.next_address)
    if linked is not None:
        _add_objects(build, linked)
    build.add(".obelisk", READ, SegmentType.PAYLOAD, [(0, payload)], len(payload))
    names = section_content(runtime, elf.sections[elf.header.names_section])
    sections = Sections(elf, names)
    # The room is used up: what stands there now is the table.
    sections.remove(reserve)
    parts = build.parts
    if linked is not None and any(one.type == SectionType.SYMTAB for one in elf.sections):
        # In place of the one section of all objects: no two sections may hold the same address.
        add_debug_info(sections, linked, runtime, elf, parts[0].segment)
        parts = parts[1:]
    sections.add(describe(part.name, part.segment) for part in parts if part.name != _TLS)
    if any(part.name == _TLS for part in parts):
        sections.replace_tls(next(one for one in build.segments if one.type == SegmentType.TLS))
    return _assemble(build, sections, reserve)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """Something added: a segment, a section that describes it, its content."""

    name: str
    segment: Segment
    marked: SegmentType | None
    """Type of a second header by which the runtime finds it."""
    pieces: tuple[Piece, ...]


class _Build:
    """The executable while parts are added to the runtime."""

    def __init__(self, runtime: bytes, elf: Elf, page_size: int) -> None:
        self.elf = elf
        # Without the section table, which stands last and is written anew.
        self.kept = bytearray(runtime[: elf.header.sections_at])
        self.segments = list(elf.segments)
        self.parts: list[_Part] = []
        self._page_size = page_size
        self._end = len(self.kept)
        loads = [one for one in elf.segments if one.type == SegmentType.LOAD]
        self._last = max((one.address + one.memory_size for one in loads), default=0)

    @property
    def next_address(self) -> int:
        """Where in memory the next part will be."""
        return aligned(self._last, self._page_size)

    @property
    def end(self) -> int:
        """Bytes of the file so far."""
        return self._end

    def add(
        self,
        name: str,
        flags: int,
        marked: SegmentType | None,
        pieces: Iterable[Piece],
        size: int,
    ) -> Segment:
        """Add a part of `size` bytes; the places of its pieces are counted from its start."""
        offset, address = aligned(self._end, self._page_size), self.next_address
        segment = Segment(
            type=SegmentType.LOAD,
            flags=flags,
            offset=offset,
            address=address,
            physical=address,
            file_size=size,
            memory_size=size,
            alignment=self._page_size,
        )
        placed = tuple((offset + place, piece) for place, piece in pieces)
        self.parts.append(_Part(name=name, segment=segment, marked=marked, pieces=placed))
        self._end, self._last = offset + size, address + size
        return segment

    def replace_tls(self, image: TlsImage, offset: int) -> None:
        """Put the merged image of thread-local values in place of the runtime's."""
        self.segments = [
            replace(image.segment, offset=offset) if one.type == SegmentType.TLS else one
            for one in self.segments
        ]

    def patch_relr(self, address: int, size: int) -> None:
        """Let the runtime apply another table of relative relocations."""
        table = next(one for one in self.segments if one.type == SegmentType.DYNAMIC)
        place = slice(table.offset, table.offset + table.file_size)
        changed = {Tag.RELR: address, Tag.RELRSZ: size}
        self.kept[place] = with_tags(bytes(self.kept[place]), changed)


def _add_objects(build: _Build, linked: Linked) -> None:
    layout = linked.layout
    pieces = [(address - layout.start, piece) for address, piece in linked.pieces()]
    build.add(".obelisk.objects", READ | EXECUTE, None, pieces, layout.end - layout.start)
    image = merge_tls(linked, bytes(build.kept), build.elf, build.next_address)
    if image is not None:
        content = image.content
        part = build.add(_TLS, READ | WRITE, None, [(0, content)], len(content))
        build.replace_tls(image, part.offset)
        relative = build.add(
            ".obelisk.relr", READ, None, [(0, image.relative)], len(image.relative)
        )
        build.patch_relr(relative.address, relative.file_size)
    table = linked.table(build.next_address)
    build.add(".obelisk.table", READ, SegmentType.OBJECTS, [(0, table)], len(table))


def _assemble(build: _Build, sections: Sections, reserve: Section) -> Image:
    segments = _segments(build, reserve)
    tail = sections.write(build.end)
    header = replace(
        build.elf.header,
        segment_count=len(segments),
        section_count=tail.count,
        sections_at=tail.headers_at,
    )
    head = pack_header(header) + pack_segments(segments)
    build.kept[: len(head)] = head
    pieces = [(0, build.kept), *(piece for part in build.parts for piece in part.pieces)]
    return Image(pieces=(*pieces, *tail.pieces), size=tail.end)


def _find_reserve(runtime: bytes, elf: Elf) -> Section:
    for section in elf.sections:
        if section_name(runtime, elf, section) == _RESERVE:
            table_end = elf.header.segments_at + len(elf.segments) * SEGMENT_SIZE
            if section.offset == table_end and elf.segments[0].offset == elf.header.segments_at:
                return section
    message = "the runtime has no room for program headers"
    raise LinkError(message, hint="this is a bug of Obelisk: please report it")


def _segments(build: _Build, reserve: Section) -> tuple[Segment, ...]:
    """Add the parts' segments, in the order of addresses as loaders expect."""
    elf = build.elf
    own = [
        s for s in build.segments if not (s.type == SegmentType.NOTE and s.offset == reserve.offset)
    ]
    last = max((index for index, s in enumerate(own) if s.type == SegmentType.LOAD), default=0)
    own[last + 1 : last + 1] = [part.segment for part in build.parts]
    own += [
        replace(part.segment, type=part.marked, alignment=16)
        for part in build.parts
        if part.marked is not None
    ]
    used = len(own) * SEGMENT_SIZE
    if elf.header.segments_at + used > reserve.offset + reserve.size:
        message = f"no room for {len(own)} program headers"
        raise LinkError(message, hint="this is a bug of Obelisk: please report it")
    # The table describes itself.
    return tuple(
        replace(s, file_size=used, memory_size=used) if s.offset == elf.header.segments_at else s
        for s in own
    )

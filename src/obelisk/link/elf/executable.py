"""From runtime, shared objects and payload to an ELF executable.

No linker runs: what is added becomes more segments of the runtime, at the next free pages of file
and memory. Their headers go where runtime/c/elf/*/phdr_reserve.c kept room; section headers
describe them too, so that `strip` and `objcopy` keep them. The last part is a digest of all before
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from obelisk.errors import LinkError
from obelisk.link.digest import digest_size, write_digest
from obelisk.link.elf.debug import add_debug_info
from obelisk.link.elf.dynamic import Tag, with_tags
from obelisk.link.elf.elf import (
    EXECUTE,
    READ,
    SEGMENT_SIZE,
    WRITE,
    Elf,
    Section,
    SectionFlag,
    SectionType,
    Segment,
    SegmentType,
    pack_header,
    pack_segments,
    read_elf,
    section_name,
)
from obelisk.link.elf.holes import stretches
from obelisk.link.elf.memory import aligned
from obelisk.link.elf.sections import Sections, Tail, describe
from obelisk.link.elf.shared_objects import Linked, SharedObjects, link_natives
from obelisk.link.elf.start import (
    describe_start,
    find_reserve,
    has_start,
    headers_limit,
    split_first_page,
)
from obelisk.link.elf.tls_image import TlsImage, merge_tls
from obelisk.link.image import Image, SnapshotPart
from obelisk.payload.content import Piece
from obelisk.payload.payload import Packed
from obelisk.target import Target

_PAYLOAD: Final = ".obelisk"
_OBJECTS: Final = ".obelisk.objects"
_ZEROS: Final = ".obelisk.zeros"
"""Name of what is among the objects in memory, and not in the file."""
_TLS: Final = ".tdata"
"""Name of the part that holds the initial values of all thread-local variables."""
_RELATIVE: Final = ".obelisk.relr"
_TABLE: Final = ".obelisk.table"
_SNAPSHOT: Final = ".obelisk.snapshot"
_DIGEST: Final = ".obelisk.digest"
_SHOWN: Final = {
    _PAYLOAD: "payload",
    _OBJECTS: "shared objects",
    _TLS: "thread-local variables",
    _RELATIVE: "relocations",
    _TABLE: "table of shared objects",
    _SNAPSHOT: "snapshot",
}
"""What `verify` calls the parts."""


def link_elf_objects(runtime: bytes, natives: SharedObjects, target: Target) -> Linked | None:
    """Link shared objects to a runtime, for all executables of the two; None when there are none.

    Raises `LinkError` when `runtime` is no runtime, or an object cannot be linked in.
    """
    elf = read_elf(runtime)
    build = _Build(runtime, elf, find_reserve(runtime, elf), target.page_size)
    return link_natives(natives, target, runtime, elf, build.next_address)


def link_elf(
    runtime: bytes,
    payload: Packed,
    linked: Linked | None,
    target: Target,
    snapshot: SnapshotPart | None = None,
) -> Image:
    """Return the executable; raise `LinkError` when `runtime` is no runtime."""
    elf = read_elf(runtime)
    reserve = find_reserve(runtime, elf)
    page = target.page_size
    build = _Build(runtime, elf, reserve, page)
    if linked is not None and snapshot is not None:
        linked = linked.at(snapshot.image)
    if linked is not None:
        _add_objects(build, linked)
    build.add(_PAYLOAD, READ, SegmentType.PAYLOAD, payload.pieces, payload.size)
    if snapshot is not None:
        _add_snapshot(build, snapshot)
    sections = Sections(elf, runtime)
    # The room is used up: what stands there now is the table.
    sections.remove(reserve)
    sections.add(describe_start(elf, reserve, page))
    parts = build.parts
    if linked is not None and any(section.type == SectionType.SYMTAB for section in elf.sections):
        # In place of the one section of all objects: no two sections may hold the same address.
        objects = [part.segment for part in parts if part.name in {_OBJECTS, _ZEROS}]
        add_debug_info(sections, linked, runtime, elf, objects)
        parts = parts[len(objects) :]
    sections.add(describe(part.name, part.segment) for part in parts if part.name != _TLS)
    if any(part.name == _TLS for part in parts):
        sections.replace_tls(next(one for one in build.segments if one.type == SegmentType.TLS))
    named = dict([*_runtime_parts(runtime, elf, reserve, page), *_added_parts(build, linked)])
    return _assemble(build, sections, headers_limit(elf, reserve), named)


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

    def __init__(self, runtime: bytes, elf: Elf, reserve: Section, page_size: int) -> None:
        self.elf = elf
        loads = [segment for segment in elf.segments if segment.type == SegmentType.LOAD]
        # Without what only sections have, and their table: they are written anew at the end.
        kept = max((one.offset + one.file_size for one in loads), default=0)
        self.kept = bytearray(memoryview(runtime)[:kept])
        self.kept += bytes(-len(self.kept) % page_size)
        self.page_size = page_size
        own = split_first_page(elf, reserve, page_size)
        self.segments = [self._filled(segment) for segment in own]
        self.parts: list[_Part] = []
        self._end = len(self.kept)
        self._last = max((segment.address + segment.memory_size for segment in loads), default=0)

    @property
    def next_address(self) -> int:
        """Where in memory the next part will be."""
        return aligned(self._last, self.page_size)

    @property
    def end(self) -> int:
        """Bytes of the file so far."""
        return self._end

    @property
    def next_offset(self) -> int:
        """Where in the file the next part will be."""
        return aligned(self._end, self.page_size)

    def skip_to(self, end: int) -> None:
        """Leave room in the file for what is in no segment."""
        self._end = end

    def add(
        self,
        name: str,
        flags: int,
        marked: SegmentType | None,
        pieces: Iterable[Piece],
        size: int,
        *,
        in_file: bool = True,
    ) -> Segment:
        """Add a part of `size` bytes; the places of its pieces are counted from its start.

        What is not in the file is zero when the executable starts.
        """
        offset, address = self.next_offset, self.next_address
        file_size = size if in_file else 0
        segment = Segment(
            type=SegmentType.LOAD,
            flags=flags,
            offset=offset,
            address=address,
            physical=address,
            file_size=file_size,
            memory_size=size,
            alignment=self.page_size,
        )
        placed = tuple((offset + place, piece) for place, piece in pieces)
        self.parts.append(_Part(name=name, segment=segment, marked=marked, pieces=placed))
        self._end, self._last = offset + file_size, address + size
        return segment

    def replace_tls(self, image: TlsImage, offset: int) -> None:
        """Put the merged image of thread-local values in place of the runtime's."""
        placed = replace(image.segment, offset=offset + image.segment.offset)
        self.segments = [placed if one.type == SegmentType.TLS else one for one in self.segments]

    def patch_relr(self, address: int, size: int) -> None:
        """Let the runtime apply another table of relative relocations."""
        table = next(segment for segment in self.segments if segment.type == SegmentType.DYNAMIC)
        place = slice(table.offset, table.offset + table.file_size)
        changed = {Tag.RELR: address, Tag.RELRSZ: size}
        self.kept[place] = with_tags(bytes(self.kept[place]), changed)

    def _filled(self, segment: Segment) -> Segment:
        """Let a segment reach to the end of its last page in the file, where that is zero there.

        The kernel would clear the rest of the page, and kills the process when it is not in the
        file, before any of our instructions could say so.
        """
        end = segment.offset + segment.file_size
        room = min(-end % self.page_size, segment.memory_size - segment.file_size)
        if segment.type != SegmentType.LOAD or room <= 0 or any(self.kept[end : end + room]):
            return segment
        return replace(segment, file_size=segment.file_size + room)


def _add_objects(build: _Build, linked: Linked) -> None:
    layout = linked.layout
    for one in stretches(linked.pieces(), layout.start, layout.end, build.page_size):
        size = one.end - one.start
        if one.pieces:
            pieces = [(address - one.start, piece) for address, piece in one.pieces]
            build.add(_OBJECTS, READ | EXECUTE, None, pieces, size)
        else:
            build.add(_ZEROS, READ | WRITE, None, (), size, in_file=False)
    image = merge_tls(linked, bytes(build.kept), build.elf, build.next_address)
    if image is not None:
        content = image.content
        part = build.add(_TLS, READ | WRITE, None, [(0, content)], len(content))
        build.replace_tls(image, part.offset)
        relative = build.add(_RELATIVE, READ, None, [(0, image.relative)], len(image.relative))
        build.patch_relr(relative.address, relative.file_size)
    table = linked.table(build.next_address)
    build.add(_TABLE, READ, SegmentType.OBJECTS, [(0, table)], len(table))


def _add_snapshot(build: _Build, snapshot: SnapshotPart) -> None:
    packed = snapshot.packed
    build.add(_SNAPSHOT, READ, SegmentType.SNAPSHOT, packed.pieces, packed.size)
    for offset, content in snapshot.own_data:
        build.kept[offset : offset + len(content)] = content


def _runtime_parts(
    runtime: bytes, elf: Elf, reserve: Section, page: int
) -> Iterator[tuple[int, str]]:
    """Yield (offset, name) of the runtime's parts in the file."""
    yield 0, "ELF header"
    yield elf.header.segments_at, "program headers"
    if has_start(elf, reserve):
        yield elf.header.entry, "first instructions"
    for segment in elf.segments:
        if segment.type == SegmentType.LOAD and segment.file_size % page:
            yield segment.offset + segment.file_size, "padding"
    headers_end = elf.header.segments_at + len(elf.segments) * SEGMENT_SIZE
    for section in elf.sections:
        is_loaded = section.flags & SectionFlag.ALLOC and section.type != SectionType.NOBITS
        if is_loaded and section.size and section.offset > headers_end:
            yield section.offset, section_name(runtime, elf, section)


def _added_parts(build: _Build, linked: Linked | None) -> Iterator[tuple[int, str]]:
    """Yield (offset, name) of the parts that were added; each shared object is one."""
    segments = [part.segment for part in build.parts if part.name == _OBJECTS]
    for part in build.parts:
        if part.name in _SHOWN:
            yield part.segment.offset, _SHOWN[part.name]
    if linked is not None:
        for node, base in zip(linked.nodes, linked.layout.bases, strict=True):
            for one in segments:
                # Of an object with a long run of zeros, there is more behind it.
                start = max(base, one.address)
                if start < min(base + node.object.span, one.address + one.file_size):
                    yield start - one.address + one.offset, node.object.name


def _assemble(build: _Build, sections: Sections, limit: int, named: dict[int, str]) -> Image:
    # The digest covers the section headers, which describe it: their size does not depend on its.
    draft = sections.write(build.end, [describe(_DIGEST, build.segments[0])])
    named |= {draft.pieces[0][0]: "section contents", draft.headers_at: "section headers"}
    ordered = sorted(named.items())
    build.skip_to(draft.end)
    size = digest_size(ordered, build.next_offset)
    digest = build.add(_DIGEST, READ, SegmentType.DIGEST, [], size)
    tail = sections.write(draft.start, [describe(_DIGEST, digest)])
    _write_headers(build, tail, limit)
    parts = [piece for part in build.parts for piece in part.pieces]
    pieces = [(0, build.kept), *parts, *tail.pieces]
    pieces.append((digest.offset, write_digest(pieces, ordered, digest.offset)))
    return Image(pieces=tuple(pieces), size=digest.offset + size)


def _write_headers(build: _Build, tail: Tail, limit: int) -> None:
    segments = _segments(build, limit)
    header = replace(
        build.elf.header,
        segment_count=len(segments),
        section_count=tail.count,
        sections_at=tail.headers_at,
    )
    head = pack_header(header) + pack_segments(segments)
    build.kept[: len(head)] = head


def _segments(build: _Build, limit: int) -> tuple[Segment, ...]:
    """Add the parts' segments, in the order of addresses as loaders expect."""
    start = build.elf.header.segments_at
    table_end = start + len(build.elf.segments) * SEGMENT_SIZE
    # Without the note that keeps the room.
    own = [s for s in build.segments if s.type != SegmentType.NOTE or s.offset != table_end]
    last = max((index for index, s in enumerate(own) if s.type == SegmentType.LOAD), default=0)
    own[last + 1 : last + 1] = [part.segment for part in build.parts]
    own += [
        replace(part.segment, type=part.marked, alignment=16)
        for part in build.parts
        if part.marked is not None
    ]
    used = len(own) * SEGMENT_SIZE
    if start + used > limit:
        message = f"no room for {len(own)} program headers"
        raise LinkError(message, hint="this is a bug in Obelisk; please report it")
    # The table describes itself.
    return tuple(
        replace(s, file_size=used, memory_size=used) if s.offset == start else s for s in own
    )

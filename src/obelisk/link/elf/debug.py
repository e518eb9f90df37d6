"""What gdb, perf and addr2line read of linked objects: sections, symbols, unwind tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from obelisk.errors import LinkError
from obelisk.link.elf.elf import (
    EXECUTE,
    NULL_SECTION,
    Elf,
    Section,
    SectionFlag,
    SectionType,
    Segment,
    section_content,
    section_name,
)
from obelisk.link.elf.frames import debug_frames
from obelisk.link.elf.graph import Node
from obelisk.link.elf.sections import Named, Sections, describe
from obelisk.link.elf.shared_objects import Linked
from obelisk.link.elf.symtab import SYMBOL, Kind, Symbol, unpack_symbols

_GLOBAL: Final = 1
_KEPT_FLAGS: Final = SectionFlag.WRITE | SectionFlag.ALLOC | SectionFlag.EXECUTE


def add_debug_info(
    sections: Sections, linked: Linked, runtime: bytes, elf: Elf, segments: Sequence[Segment]
) -> None:
    """Describe linked objects, which `segments` hold, in a runtime that kept its own symbols."""
    table = next(n for n, one in enumerate(elf.sections) if one.type == SectionType.SYMTAB)
    names = elf.sections[table].link
    strings = bytearray(section_content(runtime, elf.sections[names]))
    symbols = bytearray(section_content(runtime, elf.sections[table]))
    place = segments[0].address
    for node, base in zip(linked.nodes, linked.layout.bases, strict=True):
        numbers: dict[int, int] = {}
        for number, moved in _moved(node, base, segments):
            sections.add(_filling(place, moved.section.address, segments))
            numbers[number] = sections.count
            sections.add([moved])
            place = moved.section.address + moved.section.size
        for one in _symbols(node):
            if one.section in numbers and one.kind <= Kind.FUNCTION:
                row = (len(strings), _GLOBAL << 4 | one.kind, one.visibility, numbers[one.section])
                symbols += SYMBOL.pack(*row, one.value + base, one.size)
                strings += one.name + b"\0"
    end = segments[-1].address + segments[-1].memory_size
    sections.add(_filling(place, end, segments))
    frames = debug_frames(_eh_frames(linked))
    section = replace(NULL_SECTION, type=SectionType.PROGBITS, size=len(frames), alignment=8)
    sections.add([Named(name=".debug_frame", section=section, content=frames)])
    sections.extend(table, bytes(symbols))
    sections.extend(names, bytes(strings))


def _filling(start: int, end: int, segments: Sequence[Segment]) -> Iterator[Named]:
    """Yield sections for what no section of an object covers: `strip` keeps only sections."""
    for one in segments:
        address, stop = max(start, one.address), min(end, one.address + one.memory_size)
        if address < stop:
            part = replace(
                one,
                flags=one.flags & ~EXECUTE,
                offset=one.offset + (address - one.address if one.file_size else 0),
                address=address,
                physical=address,
                file_size=stop - address if one.file_size else 0,
                memory_size=stop - address,
                alignment=1,
            )
            yield describe(".obelisk.objects" if one.file_size else ".obelisk.zeros", part)


def _holder(address: int, segments: Sequence[Segment]) -> Segment | None:
    """Return the segment that has an address, or ends there, among those with bytes in the file."""
    found = (one for one in segments if one.file_size and address <= one.address + one.file_size)
    segment = next(found, None)
    return segment if segment and segment.address <= address else None


def _moved(node: Node, base: int, segments: Sequence[Segment]) -> list[tuple[int, Named]]:
    """Return an object's sections in memory by their numbers, by address, where they are now."""
    found = []
    for number, section in enumerate(node.object.elf.sections):
        if section.flags & SectionFlag.ALLOC and section.type != SectionType.NOBITS:
            address = section.address + base
            holder = _holder(address, segments)
            if holder is None:
                continue
            where = replace(
                section,
                address=address,
                offset=address - holder.address + holder.offset,
                type=SectionType.PROGBITS,
                flags=section.flags & _KEPT_FLAGS,
                link=0,
                info=0,
                entry_size=0,
            )
            # Tools that look for a name, as for `.eh_frame`, are to find the runtime's.
            file = node.object.name.rpartition("/")[2]
            found.append((number, Named(name=f"{_name(node, section)}:{file}", section=where)))
    return sorted(found, key=lambda one: (one[1].section.address, one[0]))


def _name(node: Node, section: Section) -> str:
    one = node.object
    try:
        return section_name(one.memory.data, one.elf, section)
    except LinkError:
        return ""


def _symbols(node: Node) -> Iterator[Symbol]:
    """Yield an object's named symbols: all if it was not stripped, else those it exports."""
    one = node.object
    table = next((s for s in one.elf.sections if s.type == SectionType.SYMTAB), None)
    if table is None or table.link >= len(one.elf.sections):
        yield from one.exports.values()
        return
    content = section_content(one.memory.data, table)
    strings = section_content(one.memory.data, one.elf.sections[table.link])
    whole = content[: len(content) // SYMBOL.size * SYMBOL.size]
    yield from (symbol for symbol in unpack_symbols(whole, strings) if symbol and symbol.name)


def _eh_frames(linked: Linked) -> Iterator[tuple[int, bytes]]:
    for node, base in zip(linked.nodes, linked.layout.bases, strict=True):
        for section in node.object.elf.sections:
            if section.flags & SectionFlag.ALLOC and _name(node, section) == ".eh_frame":
                yield base + section.address, section_content(node.object.memory.data, section)

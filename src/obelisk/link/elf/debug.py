"""What gdb, perf and addr2line read of linked objects: sections, symbols, unwind tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from obelisk.errors import LinkError
from obelisk.link.elf.elf import (
    NULL_SECTION,
    READ,
    Elf,
    Section,
    SectionFlag,
    SectionType,
    Segment,
    SegmentType,
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
    sections: Sections, linked: Linked, runtime: bytes, elf: Elf, segment: Segment
) -> None:
    """Describe linked objects, which `segment` holds, in a runtime that kept its own symbols."""
    table = next(n for n, one in enumerate(elf.sections) if one.type == SectionType.SYMTAB)
    names = elf.sections[table].link
    strings = bytearray(section_content(runtime, elf.sections[names]))
    symbols = bytearray(section_content(runtime, elf.sections[table]))
    shift = segment.offset - segment.address
    place = segment.address
    for node, base in zip(linked.nodes, linked.layout.bases, strict=True):
        numbers: dict[int, int] = {}
        for number, moved in _moved(node, base, shift):
            sections.add(_filling(place, moved.section.address, shift))
            numbers[number] = sections.count
            sections.add([moved])
            place = moved.section.address + moved.section.size
        for one in _symbols(node):
            if one.section in numbers and one.kind <= Kind.FUNCTION:
                row = (len(strings), _GLOBAL << 4 | one.kind, one.visibility, numbers[one.section])
                symbols += SYMBOL.pack(*row, one.value + base, one.size)
                strings += one.name + b"\0"
    sections.add(_filling(place, segment.address + segment.memory_size, shift))
    frames = debug_frames(_eh_frames(linked))
    section = replace(NULL_SECTION, type=SectionType.PROGBITS, size=len(frames), alignment=8)
    sections.add([Named(name=".debug_frame", section=section, content=frames)])
    sections.extend(table, bytes(symbols))
    sections.extend(names, bytes(strings))


def _filling(start: int, end: int, shift: int) -> Iterator[Named]:
    """Yield a section for what no section of an object covers: `strip` keeps only sections."""
    if start < end:
        segment = Segment(
            type=SegmentType.LOAD,
            flags=READ,
            offset=start + shift,
            address=start,
            physical=start,
            file_size=end - start,
            memory_size=end - start,
            alignment=1,
        )
        yield describe(".obelisk.objects", segment)


def _moved(node: Node, base: int, shift: int) -> list[tuple[int, Named]]:
    """Return an object's sections in memory by their numbers, by address, where they are now."""
    found = []
    for number, section in enumerate(node.object.elf.sections):
        if section.flags & SectionFlag.ALLOC and section.type != SectionType.NOBITS:
            address = section.address + base
            where = replace(
                section,
                # As far from its place in the file as all objects are.
                address=address,
                offset=address + shift,
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

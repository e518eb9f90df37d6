"""The dynamic section: by its tags a loader finds everything else of a shared object."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from obelisk.errors import LinkError
from obelisk.link.elf.elf import Elf, SegmentType
from obelisk.link.elf.memory import Memory, memory_of

_ENTRY: Final = struct.Struct("<qQ")


class Tag:
    """Tags of the dynamic section."""

    NEEDED = 1
    PLTRELSZ = 2
    STRTAB = 5
    SYMTAB = 6
    RELA = 7
    RELASZ = 8
    STRSZ = 10
    INIT = 12
    FINI = 13
    SONAME = 14
    RPATH = 15
    REL = 17
    PLTREL = 20
    TEXTREL = 22
    JMPREL = 23
    INIT_ARRAY = 25
    FINI_ARRAY = 26
    INIT_ARRAYSZ = 27
    FINI_ARRAYSZ = 28
    RUNPATH = 29
    FLAGS = 30
    RELRSZ = 35
    RELR = 36
    GNU_HASH = 0x6FFFFEF5
    VERSYM = 0x6FFFFFF0
    VERNEED = 0x6FFFFFFE
    VERNEEDNUM = 0x6FFFFFFF


@dataclass(frozen=True, kw_only=True, slots=True)
class Dynamic:
    """A dynamic section as it was read."""

    address: int
    tags: Mapping[int, int] = field(repr=False)
    """Values of all tags but NEEDED, the first of each."""
    needed: tuple[str, ...]
    strings: bytes = field(repr=False)
    """The table of strings that names lie in."""

    def get(self, tag: int) -> int:
        """Return the value of a tag, 0 without it."""
        return self.tags.get(tag, 0)

    def text(self, place: int) -> str:
        """Return the string at a place of the table; raise `LinkError` where there is none."""
        return _text(self.strings, place)


def read_dynamic(elf: Elf, memory: Memory) -> Dynamic:
    """Read the dynamic section of a shared object; raise `LinkError` when it has none."""
    table = next((one for one in elf.segments if one.type == SegmentType.DYNAMIC), None)
    if table is None:
        message = "no dynamic section"
        raise LinkError(message)
    content = memory.at(table.address, table.file_size // _ENTRY.size * _ENTRY.size)
    tags: dict[int, int] = {}
    needed = []
    for tag, value in _ENTRY.iter_unpack(content):
        if tag == 0:
            break
        if tag == Tag.NEEDED:
            needed.append(value)
        else:
            tags.setdefault(tag, value)
    strings = bytes(memory.at(tags.get(Tag.STRTAB, 0), tags.get(Tag.STRSZ, 0)))
    return Dynamic(
        address=table.address,
        tags=tags,
        needed=tuple(_text(strings, place) for place in needed),
        strings=strings,
    )


def with_tags(section: bytes, changed: Mapping[int, int]) -> bytes:
    """Return a dynamic section with other values of some tags that it has."""
    rows = _ENTRY.iter_unpack(section)
    return b"".join(_ENTRY.pack(tag, changed.get(tag, value)) for tag, value in rows)


def _text(strings: bytes, place: int) -> str:
    stop = strings.find(0, place) if place < len(strings) else -1
    if stop < 0:
        message = "string offset outside its string table"
        raise LinkError(message)
    return strings[place:stop].decode(errors="replace")


def relative_words(data: memoryview, elf: Elf) -> memoryview:
    """Return the words of a file's table of relative relocations (relr.py)."""
    memory = memory_of(data, elf)
    dynamic = read_dynamic(elf, memory)
    return memory.at(dynamic.get(Tag.RELR), dynamic.get(Tag.RELRSZ)).cast("Q")

"""Marks in static libraries: wherever their objects are linked in, they show.

A compiler writes its name into the section `.comment` of each object, and linkers keep one copy of
each line there. Libraries that packages are built with get another line: which source they are of.
So the shared objects of a package that is built from source say themselves what is in them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LINE: Final = re.compile(rb"Obelisk component: ([\w.+-]+) ([^\s\0]+)\0")
_MAGIC: Final = b"!<arch>\n"
_MEMBER: Final = 60
"""Bytes of a member's header; its name is in the first 16, its size as text at `_SIZE`."""
_SIZE: Final = slice(48, 58)
_INDEX: Final = b"/               "
"""Name of the member that lists where symbols are defined, which is the first."""
_ELF64: Final = b"\x7fELF\x02\x01"
_HEADERS_AT: Final = 40
"""Where a file's header says where its section headers are."""
_COUNTS_AT: Final = 58
"""Where it says their size, their number, and which one has the names."""
_SECTION: Final = struct.Struct("<IIQQQQIIQQ")
"""A section's header: its name's offset, type, flags, address, offset, size and so on."""
_COMMENT: Final = b".comment"
_PROGBITS: Final = 1
_MERGED_STRINGS: Final = 0x30
"""SHF_MERGE | SHF_STRINGS."""


@dataclass(frozen=True, order=True, slots=True)
class Mark:
    """A source that objects were compiled from."""

    name: str
    """What it is called among components."""
    version: str


def marks_in(comment: bytes) -> tuple[Mark, ...]:
    """Return the marks of a section `.comment`, sorted."""
    found = {Mark(*(text.decode() for text in line)) for line in _LINE.findall(comment + b"\0")}
    return tuple(sorted(found))


def mark_library(path: Path, mark: Mark) -> None:
    """Mark each object of a static library; other names of the same file keep what they had."""
    data = path.read_bytes()
    line = f"Obelisk component: {mark.name} {mark.version}\0".encode()
    made = bytearray(_MAGIC)
    places: dict[int, int] = {}
    for place, header, content in _members(data):
        places[place] = len(made)
        marked = _marked(content, line) if content.startswith(_ELF64) else content
        size = f"{len(marked):<10}".encode()
        made += header[: _SIZE.start] + size + header[_SIZE.stop :] + marked
        made += b"\n" * (len(made) % 2)
    _update_index(made, places)
    path.unlink()
    path.write_bytes(made)


def _members(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield where each member begins, its header and its content."""
    place = len(_MAGIC)
    while data.startswith(_MAGIC) and place + _MEMBER <= len(data):
        header = data[place : place + _MEMBER]
        size = int(header[_SIZE])
        yield place, header, data[place + _MEMBER : place + _MEMBER + size]
        place += _MEMBER + size + size % 2


def _update_index(made: bytearray, places: dict[int, int]) -> None:
    """Say in the index where the members are now: a count and as many offsets, big-endian."""
    if not made.startswith(_INDEX, len(_MAGIC)):
        return
    start = len(_MAGIC) + _MEMBER
    (count,) = struct.unpack_from(">I", made, start)
    offsets = struct.Struct(f">{count}I")
    old = offsets.unpack_from(made, start + 4)
    offsets.pack_into(made, start + 4, *(places[place] for place in old))


def _marked(data: bytes, line: bytes) -> bytes:
    """Return an object with a line more in its section `.comment`, which is added if need be.

    What changes is written behind the rest: that section, names, and the table of sections.
    """
    (headers,) = struct.unpack_from("<Q", data, _HEADERS_AT)
    size, count, names = struct.unpack_from("<HHH", data, _COUNTS_AT)
    sections = [list(_SECTION.unpack_from(data, headers + i * size)) for i in range(count)]
    if not sections:
        return data  # of more sections than that number can tell
    made = bytearray(data)

    def content(section: list[int]) -> bytes:
        return data[section[4] : section[4] + section[5]]

    def replace(section: list[int], text: bytes) -> None:
        section[4:6] = len(made), len(text)
        made.extend(text)

    texts = content(sections[names])
    found = [one for one in sections if texts.startswith(_COMMENT + b"\0", one[0])]
    if found:
        replace(found[0], content(found[0]) + line)
    else:
        added = [len(texts), _PROGBITS, _MERGED_STRINGS, 0, 0, 0, 0, 0, 1, 1]
        replace(sections[names], texts + _COMMENT + b"\0")
        replace(added, b"\0" + line)
        sections.append(added)
    made.extend(bytes(-len(made) % 8))
    struct.pack_into("<Q", made, _HEADERS_AT, len(made))
    struct.pack_into("<H", made, _COUNTS_AT + 2, len(sections))
    for section in sections:
        made.extend(_SECTION.pack(*section))
    return bytes(made)

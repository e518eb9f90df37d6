"""The table of linked objects that elf/libdl.c reads; its form is that of runtime/c/elf/dso.h."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Final

import xxhash

from obelisk.link.elf import relr
from obelisk.link.elf.dynamic import Tag
from obelisk.link.elf.elf import pack_segments
from obelisk.link.elf.graph import Node, bare_names
from obelisk.link.elf.layout import Layout
from obelisk.link.elf.memory import page_end
from obelisk.link.elf.relocate import Relocated

_VERSION: Final = 3
_HEADER: Final = struct.Struct("<8sIIQQQQQQQQQ")
_CHECK: Final = struct.Struct("<Q")
_HEAD_SIZE: Final = _HEADER.size + _CHECK.size
_OBJECT: Final = struct.Struct("<21Q8I")
_PAIR: Final = struct.Struct("<QQ")
_MASK: Final = (1 << 64) - 1
_MAGIC: Final = b"OBJECTS\0"

Span = tuple[int, int]


def write_table(
    nodes: Sequence[Node],
    layout: Layout,
    relocated: Sequence[Relocated],
    checks: Sequence[int],
    place: int,
    image: int,
) -> bytes:
    """Return the table, which will stand at the address `place`.

    `checks` are the XXH64 of each object's memory; `image` is the address of the executable's first
    byte that its words hold already.
    """
    writer = _Writer(place + _HEAD_SIZE)
    records = [
        _record(writer, number, node, layout, relocated[number], checks[number])
        for number, node in enumerate(nodes)
    ]
    names = sorted(_names(nodes).items())
    rows = [(writer.text(name), number) for name, number in names]
    objects_at = writer.add(b"".join(records))
    names_at = writer.pairs(rows)
    data = _data_spans(nodes, layout)
    data_at = writer.pairs(data)
    content = bytes(writer.content)
    head = _HEADER.pack(
        _MAGIC,
        _VERSION,
        len(nodes),
        objects_at,
        names_at,
        len(rows),
        data_at,
        len(data),
        layout.start,
        layout.end,
        image,
        _HEAD_SIZE + len(content),
    )
    check = xxhash.xxh64_intdigest(content, xxhash.xxh64_intdigest(head, 0))
    return head + _CHECK.pack(check) + content


def _data_spans(nodes: Sequence[Node], layout: Layout) -> list[Span]:
    """Return the pages between `layout.start` and its end that hold no code."""
    spans, place = [], layout.start
    for node, base in zip(nodes, layout.bases, strict=True):
        for load in node.object.loads:
            if load.executable:
                start, end = (base + address for address in node.object.pages(load))
                if start > place:
                    spans.append((place, start))
                place = end
    end = page_end(layout.end, nodes[-1].object.page)
    if end > place:
        spans.append((place, end))
    return spans


class _Writer:
    """The bytes behind the header; every part knows its address."""

    def __init__(self, place: int) -> None:
        self._place = place
        self.content = bytearray()

    def add(self, data: bytes) -> int:
        """Append bytes, aligned to words, and return their address."""
        self.content += bytes(-len(self.content) % 8)
        at = self._place + len(self.content)
        self.content += data
        return at

    def text(self, text: str) -> int:
        return self.add(text.encode() + b"\0")

    def numbers(self, values: Sequence[int]) -> int:
        return self.add(struct.pack(f"<{len(values)}I", *values))

    def words(self, values: Sequence[int]) -> int:
        return self.add(struct.pack(f"<{len(values)}Q", *values))

    def pairs(self, values: Iterable[tuple[int, int]]) -> int:
        return self.add(b"".join(_PAIR.pack(*pair) for pair in values))


def _record(
    writer: _Writer, number: int, node: Node, layout: Layout, relocated: Relocated, check: int
) -> bytes:
    one, base = node.object, layout.bases[number]

    def at(tag: int) -> int:
        return base + one.dynamic.get(tag) if one.dynamic.get(tag) else 0

    spans = [one.pages(load) for load in one.loads if load.writable]
    writable = [(base + start, base + end) for start, end in spans]
    words = relr.encode([base + place for place in relocated.pointers])
    relro = (base + one.relro[0], base + one.relro[1]) if one.relro else (0, 0)
    return _OBJECT.pack(
        writer.text(node.names[0]),
        base,
        base + one.span,
        # A copy: tools that edit objects may leave the headers outside of what is in memory.
        writer.add(pack_segments(one.elf.segments)),
        base + one.dynamic.address,
        at(Tag.SYMTAB),
        at(Tag.STRTAB),
        at(Tag.GNU_HASH),
        at(Tag.VERSYM),
        at(Tag.INIT),
        at(Tag.INIT_ARRAY),
        at(Tag.FINI),
        at(Tag.FINI_ARRAY),
        writer.numbers(node.closure),
        writer.numbers(node.order),
        writer.pairs(writable),
        writer.words(words),
        layout.tls.below(number) & _MASK,
        *relro,
        check,
        len(one.elf.segments),
        len(one.symbols),
        one.dynamic.get(Tag.INIT_ARRAYSZ) // 8,
        one.dynamic.get(Tag.FINI_ARRAYSZ) // 8,
        len(node.closure),
        len(writable),
        len(words),
        0,
    )


def _names(nodes: Sequence[Node]) -> dict[str, int]:
    """Return the numbers of the objects by path and, where no other has it, by bare name."""
    by_path = {path: number for number, node in enumerate(nodes) for path in node.names}
    bare: dict[str, int] = {}
    for number, node in enumerate(nodes):
        for name in bare_names(node.object, node.names):
            bare.setdefault(name, number)
    return bare | by_path

"""The payload format and its writer, see docs/reference/payload.md; payload/payload.c reads it.

A header, three tables of records sorted by name, names, and then the stored bytes. All numbers are
little-endian. XXH64 guards the header, every record with its name, and every record's bytes.
Equal bytes are stored once; large ones have pages of their own, so that they can be mapped.
Several records may share a frame.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

import xxhash

from obelisk.errors import CollectError
from obelisk.model import ancestors
from obelisk.payload.content import Content, Piece, chunks, hash_stored
from obelisk.payload.filetimes import content_time, default_time, folder_times
from obelisk.payload.shared import Stored, shared
from obelisk.payload.stored import (
    ALIGNMENT,
    Dictionaries,
    Frame,
    Store,
    aligned,
    compressed,
    possible,
    worthwhile,
)

MAGIC: Final = b"\x89OBELISK\r\n\x1a\n"
VERSION: Final = 6
HEADER: Final = struct.Struct("<12sIQQQQQQQQQ")
CHECK: Final = struct.Struct("<Q")
RECORD: Final = struct.Struct("<QQQQQQQIHBB")
_FACTS: Final = struct.Struct("<QQQQQQQ")
LARGE: Final = 1 << 20
"""Bytes from which a file that is stored as it is begins and ends at a page: runtime/c/vfs/large.c
reads it in place, where copying a smaller one costs less than looking twice."""
_PAGE: Final = 4096
_LONGEST_NAME: Final = 0xFFFF


class Kind(IntEnum):
    """What a record stands for; the numbers are those of `enum payload_kind`."""

    CODE = 0
    PACKAGE = 1
    NAMESPACE = 2
    FILE = 3
    FOLDER = 4
    OTHER = 5
    CONTROL = 6
    PROGRAM = 7
    MODULE = 8


class Table(IntEnum):
    """The tables, in the order of the header; the numbers are those of `enum payload_table`."""

    MODULES = 0
    FILES = 1
    CONTROLS = 2


class Control:
    """Names of control records: what the runtime and `obelisk` itself read."""

    MAIN: Final = "main"
    """Path of the file to run."""
    MODULE: Final = "module"
    """Name of the module to run, if it is run as `python -m` runs one."""
    PATH: Final = "path"
    """What `sys.path` begins with: folders below the executable, each ended by a zero byte."""
    PTH: Final = "pth"
    """Names of `.pth` files with lines to run at start, each ended by a zero byte."""
    MANIFEST: Final = "manifest"
    """What is inside, as JSON."""
    RECIPE: Final = "recipe"
    """What it was built from, as JSON: config/recipe.py."""
    OBJECTS: Final = "objects"
    """Empty; there if shared objects are linked in, whose table must be found then."""
    SETTINGS: Final = "settings"
    """What payload/settings.c reads at start; missing when everything has its default."""
    LEFT_OUT: Final = "left-out"
    """Names of modules that `stdlib = "used"` left out, each ended by a zero byte."""
    DICTIONARIES: Final = {Frame.CODE: "dictionary.code", Frame.TEXT: "dictionary.text"}
    """What frames refer to; missing where no frame does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """Something to write, by its path; a control record by its name."""

    name: str
    kind: Kind
    data: Content = b""
    frame: Frame = Frame.NONE
    """As what the bytes are stored, if that pays."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Packed:
    """A payload to be written: its pieces in ascending order; what is between them is zero."""

    pieces: tuple[Piece, ...] = field(repr=False)
    size: int

    def joined(self) -> bytes:
        """Return the whole of it."""
        whole = bytearray(self.size)
        for place, piece in self.pieces:
            whole[place : place + len(piece)] = b"".join(chunks(piece))
        return bytes(whole)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """A record that is to be written."""

    table: Table
    position: int
    key: bytes
    item: Item
    time: int = 0


def write_payload(  # noqa: PLR0913 - all but three have defaults
    modules: Iterable[Item],
    files: Iterable[Item],
    controls: Mapping[str, bytes],
    *,
    epoch: int | None = None,
    first_use: Sequence[str] = (),
    groups: Sequence[Sequence[str]] = (),
    dictionaries: Dictionaries | None = None,
) -> bytes:
    """Return the bytes of a payload, as `pack_payload` lays them out."""
    packed = pack_payload(
        modules,
        files,
        controls,
        epoch=epoch,
        first_use=first_use,
        groups=groups,
        dictionaries=dictionaries,
    )
    return packed.joined()


def pack_payload(  # noqa: PLR0913 - all but three have defaults
    modules: Iterable[Item],
    files: Iterable[Item],
    controls: Mapping[str, bytes],
    *,
    epoch: int | None = None,
    first_use: Sequence[str] = (),
    groups: Sequence[Sequence[str]] = (),
    dictionaries: Dictionaries | None = None,
    page: int = _PAGE,
) -> Packed:
    """Lay out a payload. Folders above the files are added; `epoch` is the files' time.

    The bytes that `first_use` names by their keys (`use_key`) are stored first, in its order, so
    that a start reads neighbouring pages. What a group in `groups` names shares a frame, in its
    order, where that pays. Those of `dictionaries` that pay go in. What is mapped by
    itself begins at a multiple of `page`. Raises `CollectError` when two items have one name.
    """
    modules, files = list(modules), _with_folders(files)
    dictionaries = worthwhile(
        ((item.data, item.frame) for item in (*modules, *files)), dictionaries or Dictionaries()
    )
    named = {Control.DICTIONARIES[frame]: data for frame, data in dictionaries.contents.items()}
    rows = [
        *_rows(Table.MODULES, ((_module_key(item), item) for item in modules)),
        *_dated(_rows(Table.FILES, ((_key(item.name), item) for item in files)), epoch),
        *_rows(
            Table.CONTROLS,
            (
                (name.encode(), Item(name=name, kind=Kind.CONTROL, data=data))
                for name, data in {**controls, **named}.items()
            ),
        ),
    ]
    names = bytearray()
    places = []
    for row in rows:
        places.append(len(names))
        names += row.key
    start = aligned(HEADER.size + CHECK.size)
    names_at = start + RECORD.size * len(rows)
    contents = _contents(rows, groups, dictionaries)
    first_use = [*first_use, *(key for group in groups for key in group)]
    store = Store(aligned(names_at + len(names)))
    offsets = _store(rows, contents, _storage_order(rows, first_use), store, page)
    records = _written_records(rows, contents, zip(places, offsets, strict=True))
    tables, place = [], start
    for table in Table:
        count = sum(row.table == table for row in rows)
        tables += [place, count]
        place += RECORD.size * count
    head = HEADER.pack(MAGIC, VERSION, store.end, names_at, len(names), *tables)
    head += CHECK.pack(xxhash.xxh64_intdigest(head, 0))
    pieces = ((0, head), (start, records + bytes(names)), *store.pieces)
    return Packed(pieces=pieces, size=store.end)


def _rows(table: Table, items: Iterable[tuple[bytes, Item]]) -> Iterator[_Row]:
    last = None
    ordered = sorted(items, key=lambda pair: pair[0])
    for position, (key, item) in enumerate(ordered):
        if key == last:
            message = f"two files have the path `{item.name}` in the executable"
            raise CollectError(message, hint="`exclude` one of them")
        if len(key) > _LONGEST_NAME:
            message = f"path too long (more than {_LONGEST_NAME} bytes): `{item.name[:80]}...`"
            raise CollectError(message)
        last = key
        yield _Row(table=table, position=position, key=key, item=item)


def _dated(rows: Iterable[_Row], epoch: int | None) -> list[_Row]:
    """Give files the time of their content, and folders that of the newest file in them."""
    dated = [replace(row, time=content_time(row.item.data, epoch)) for row in rows]
    files = [(row.item.name, row.time) for row in dated if row.item.kind != Kind.FOLDER]
    newest, default = folder_times(files, epoch), default_time(epoch)
    return [
        replace(row, time=newest.get(row.item.name, default))
        if row.item.kind == Kind.FOLDER
        else row
        for row in dated
    ]


def use_key(table: Table, path: str) -> str:
    """Return the key that an order of first use has for stored bytes: `code PATH`, `file PATH`."""
    return f"{'code' if table == Table.MODULES else 'file'} {path}"


def _contents(
    rows: list[_Row], groups: Sequence[Sequence[str]], dictionaries: Dictionaries
) -> list[Stored]:
    """Return how the content of each row is stored."""
    asked = possible(((row.item.data, row.item.frame) for row in rows), dictionaries)
    framed = {
        use_key(row.table, row.item.name): position
        for position, row in enumerate(rows)
        if row.item.frame and row.item.data
    }
    positions = [[framed[key] for key in group if key in framed] for group in groups]
    together = shared(asked, positions, dictionaries)
    alone = [
        (data, Frame.NONE if position in together else frame)
        for position, (data, frame) in enumerate(asked)
    ]
    return [
        together.get(position, Stored(data, frame))
        for position, (data, frame) in enumerate(compressed(alone, dictionaries))
    ]


def _storage_order(rows: list[_Row], first_use: Sequence[str]) -> list[int]:
    """Return the positions of rows as their bytes are stored.

    What the runtime itself reads comes first, then what is known to be used, then all else by name.
    """
    ranks = {key: rank for rank, key in enumerate(dict.fromkeys(first_use))}

    def rank(position: int) -> int:
        row = rows[position]
        if row.table == Table.CONTROLS and row.item.name not in Control.DICTIONARIES.values():
            return -1
        return ranks.get(use_key(row.table, row.item.name), len(ranks))

    return sorted(range(len(rows)), key=rank)


def _store(
    rows: list[_Row],
    contents: list[Stored],
    order: list[int],
    store: Store,
    page: int,
) -> list[int]:
    """Store the contents in that order; return the offset of each row's."""
    offsets = [0] * len(rows)
    for position in order:
        one = contents[position]
        is_file = rows[position].table == Table.FILES
        alone = is_file and not one.frame and len(one.data) >= LARGE
        offsets[position] = store.add(one.data, alignment=page if alone else ALIGNMENT)
    return offsets


def _written_records(
    rows: list[_Row],
    contents: list[Stored],
    places: Iterable[tuple[int, int]],
) -> bytes:
    """Return the records; `places` are the offsets of each name and of its stored bytes."""
    records = bytearray()
    for row, one, (name, offset) in zip(rows, contents, places, strict=True):
        where = (offset, len(one.data), len(row.item.data), one.begin, row.time)
        shape = (name, len(row.key), row.item.kind, one.frame)
        own = own_check(row.table, row.position, row.key, where, shape)
        check = hash_stored(one.data, own, offset)
        records += RECORD.pack(*where[:3], row.time, check, own, one.begin, *shape)
    return bytes(records)


def own_check(
    table: Table,
    position: int,
    key: bytes,
    where: tuple[int, int, int, int, int],
    shape: tuple[int, int, int, int],
) -> int:
    """Hash a record: where its bytes are (offset, stored, size, begin) and its time, its shape.

    That is the place and length of its name, its kind, and its frame.
    """
    place, length, kind, frame = shape
    facts = _FACTS.pack(
        table << 32 | position, *where, place << 32 | length << 16 | kind << 8 | frame
    )
    return xxhash.xxh64_intdigest(facts, xxhash.xxh64_intdigest(key, 0))


def _module_key(item: Item) -> bytes:
    """Return the key of code: its path, so that it differs from that of what imports find.

    A command `bin/tool` may lie beside `bin/tool.py`, which an import of `tool` finds there.
    """
    return item.name.encode() if item.kind == Kind.CODE else _key(item.name)


def _key(path: str) -> bytes:
    """Return the key of a path: folder, zero byte, own name; so a folder's files are neighbours."""
    folder, _, name = path.rpartition("/")
    return folder.encode() + b"\0" + name.encode()


def _with_folders(files: Iterable[Item]) -> list[Item]:
    """Add the folders above files. What is named twice with the same bytes is one file."""
    found: dict[str, Item] = {}
    for item in files:
        other = found.setdefault(item.name, item)
        if (other.kind, other.data) != (item.kind, item.data):
            message = f"two different files have the path `{item.name}` in the executable"
            raise CollectError(message, hint="`exclude` one of them")
    for path in list(found):
        for folder in ancestors(path, "/"):
            if found.setdefault(folder, Item(name=folder, kind=Kind.FOLDER)).kind != Kind.FOLDER:
                message = f"`{folder}` would be both a file and the directory of `{path}`"
                raise CollectError(message, hint="`exclude` one of them")
    return list(found.values())

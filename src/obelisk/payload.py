"""The payload format: what runtime/payload.c reads in place, see docs/reference/payload.md.

A header, three tables of records sorted by name, names, and then the stored bytes. All numbers are
little-endian. XXH64 guards the header, every record with its name, and every record's bytes.
Equal bytes are stored once; large ones have pages of their own, so that they can be mapped.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

import xxhash
import zstandard

from obelisk.errors import CollectError, VerifyError
from obelisk.filetimes import content_time, default_time, folder_times
from obelisk.model import ancestors
from obelisk.stored import ALIGNMENT, Piece, Store, aligned, compressed

MAGIC: Final = b"\x89OBELISK\r\n\x1a\n"
VERSION: Final = 4
_HEADER: Final = struct.Struct("<12sIQQQQQQQQQ")
_CHECK: Final = struct.Struct("<Q")
_RECORD: Final = struct.Struct("<QQQQQQIHBB")
_FACTS: Final = struct.Struct("<QQQQQQ")
LARGE: Final = 1 << 20
"""Bytes from which a file that is stored as it is begins and ends at a page: runtime/vfs_large.c
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
    OBJECTS: Final = "objects"
    """Empty; there if shared objects are linked in, whose table must be found then."""
    SETTINGS: Final = "settings"
    """What settings.c reads at start; missing when everything has its default."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """Something to write, by its path; a control record by its name."""

    name: str
    kind: Kind
    data: bytes | memoryview = b""
    compress: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One record as it was read."""

    name: str
    kind: Kind
    offset: int
    stored: int
    size: int
    time: int
    """When a file was modified, in nanoseconds since 1970; 0 for what is no file."""
    check: int
    compressed: bool
    own_check: int
    intact: bool
    """Whether the record itself and its name are as they were written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Payload:
    """A payload as it was read: its records, and the bytes that they lie in."""

    modules: tuple[Record, ...]
    files: tuple[Record, ...]
    controls: tuple[Record, ...]
    data: memoryview = field(repr=False)

    @property
    def records(self) -> tuple[Record, ...]:
        """All records."""
        return (*self.modules, *self.files, *self.controls)

    def read(self, record: Record) -> bytes:
        """Return a record's bytes, expanded; raise `VerifyError` when they are damaged."""
        if not record.intact or not self.content_intact(record):
            reason = f"checksum mismatch in `{record.name}`"
            raise _damaged(reason)
        stored = bytes(self._stored(record))
        if not record.compressed:
            return stored
        try:
            return zstandard.ZstdDecompressor().decompress(stored, max_output_size=record.size)
        except zstandard.ZstdError as error:
            reason = f"`{record.name}` does not expand: {error}"
            raise _damaged(reason) from error

    def content_intact(self, record: Record) -> bool:
        """Say whether the bytes of an intact record are as they were written."""
        return record.check == xxhash.xxh64_intdigest(self._stored(record), record.own_check)

    def file(self, path: str) -> Record | None:
        """Return the record of a file, or None."""
        return next((record for record in self.files if record.name == path), None)

    def control(self, name: str) -> bytes | None:
        """Return a control record's bytes, or None; raise `VerifyError` when it is damaged."""
        found = next((record for record in self.controls if record.name == name), None)
        return None if found is None else self.read(found)

    def _stored(self, record: Record) -> memoryview:
        return self.data[record.offset : record.offset + record.stored]


@dataclass(frozen=True, kw_only=True, slots=True)
class Packed:
    """A payload to be written: its pieces in ascending order; what is between them is zero."""

    pieces: tuple[Piece, ...] = field(repr=False)
    size: int

    def joined(self) -> bytes:
        """Return the whole of it."""
        whole = bytearray(self.size)
        for place, piece in self.pieces:
            whole[place : place + len(piece)] = piece
        return bytes(whole)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """A record that is to be written."""

    table: Table
    position: int
    key: bytes
    item: Item
    time: int = 0


def write_payload(
    modules: Iterable[Item],
    files: Iterable[Item],
    controls: Mapping[str, bytes],
    *,
    epoch: int | None = None,
    first_use: Sequence[str] = (),
) -> bytes:
    """Return the bytes of a payload, as `pack_payload` lays them out."""
    return pack_payload(modules, files, controls, epoch=epoch, first_use=first_use).joined()


def pack_payload(
    modules: Iterable[Item],
    files: Iterable[Item],
    controls: Mapping[str, bytes],
    *,
    epoch: int | None = None,
    first_use: Sequence[str] = (),
) -> Packed:
    """Lay out a payload. Folders above the files are added; `epoch` is the files' time.

    The bytes that `first_use` names by their keys (`use_key`) are stored first, in its order, so
    that a start reads neighbouring pages. Raises `CollectError` when two items have one name.
    """
    rows = [
        *_rows(Table.MODULES, ((_key(item.name), item) for item in modules)),
        *_dated(
            _rows(Table.FILES, ((_key(item.name), item) for item in _with_folders(files))),
            epoch,
        ),
        *_rows(
            Table.CONTROLS,
            (
                (name.encode(), Item(name=name, kind=Kind.CONTROL, data=data))
                for name, data in controls.items()
            ),
        ),
    ]
    names = bytearray()
    places = []
    for row in rows:
        places.append(len(names))
        names += row.key
    start = aligned(_HEADER.size + _CHECK.size)
    names_at = start + _RECORD.size * len(rows)
    order = _storage_order(rows, first_use)
    records, stored, end = _store(rows, places, order, aligned(names_at + len(names)))
    tables, place = [], start
    for table in Table:
        count = sum(row.table == table for row in rows)
        tables += [place, count]
        place += _RECORD.size * count
    head = _HEADER.pack(MAGIC, VERSION, end, names_at, len(names), *tables)
    head += _CHECK.pack(xxhash.xxh64_intdigest(head, 0))
    return Packed(pieces=((0, head), (start, records + bytes(names)), *stored), size=end)


def read_payload(data: memoryview) -> Payload:
    """Read a payload; raise `VerifyError` that says what is wrong with it."""
    if len(data) < _HEADER.size + _CHECK.size:
        reason = "it is truncated"
        raise _damaged(reason)
    magic, version, size, names_at, names_size, *places = _HEADER.unpack_from(data)
    (check,) = _CHECK.unpack_from(data, _HEADER.size)
    if magic != MAGIC or check != xxhash.xxh64_intdigest(data[: _HEADER.size], 0):
        reason = "checksum mismatch in its header"
        raise _damaged(reason)
    if version != VERSION:
        reason = f"it has version {version} instead of {VERSION}"
        raise _damaged(reason)
    tables = list(zip(Table, places[::2], places[1::2], strict=True))
    ends = [at + count * _RECORD.size for _, at, count in tables]
    if size > len(data) or max(*ends, names_at + names_size) > size:
        reason = "it is truncated"
        raise _damaged(reason)
    names = bytes(data[names_at : names_at + names_size])
    modules, files, controls = (
        tuple(_records(table, data[at:end], names, size))
        for (table, at, _), end in zip(tables, ends, strict=True)
    )
    return Payload(modules=modules, files=files, controls=controls, data=data[:size])


def _rows(table: Table, items: Iterable[tuple[bytes, Item]]) -> Iterator[_Row]:
    last = None
    ordered = sorted(items, key=lambda pair: pair[0])
    for position, (key, item) in enumerate(ordered):
        if key == last:
            message = f"`{item.name}` is to be in the executable twice"
            raise CollectError(message, hint="`exclude` one of them")
        if len(key) > _LONGEST_NAME:
            message = f"the name `{item.name[:80]}...` has more than {_LONGEST_NAME} bytes"
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


def _storage_order(rows: list[_Row], first_use: Sequence[str]) -> list[int]:
    """Return the positions of rows as their bytes are stored.

    What the runtime itself reads comes first, then what is known to be used, then all else by name.
    """
    ranks = {key: rank for rank, key in enumerate(dict.fromkeys(first_use))}

    def rank(position: int) -> int:
        row = rows[position]
        if row.table == Table.CONTROLS:
            return -1
        return ranks.get(use_key(row.table, row.item.name), len(ranks))

    return sorted(range(len(rows)), key=rank)


def _store(
    rows: list[_Row], places: list[int], order: list[int], start: int
) -> tuple[bytes, list[Piece], int]:
    """Return the records, the stored bytes that begin at `start`, and where these end."""
    records, store = bytearray(), Store(start)
    contents = compressed((row.item.data, row.item.compress) for row in rows)
    offsets: dict[int, int] = {}
    for position in order:
        row, data = rows[position], contents[position]
        alone = row.table == Table.FILES and data is row.item.data and len(data) >= LARGE
        offsets[position] = store.add(data, alignment=_PAGE if alone else ALIGNMENT)
    for position, (row, place, data) in enumerate(zip(rows, places, contents, strict=True)):
        item, offset = row.item, offsets[position]
        compress = data is not item.data
        where = (offset, len(data), len(item.data), row.time)
        shape = (place, len(row.key), item.kind, int(compress))
        own = _own_check(row.table, row.position, row.key, where, shape)
        check = xxhash.xxh64_intdigest(data, own)
        records += _RECORD.pack(*where, check, own, *shape)
    return bytes(records), store.pieces, store.end


def _own_check(
    table: Table,
    position: int,
    key: bytes,
    where: tuple[int, int, int, int],
    shape: tuple[int, int, int, int],
) -> int:
    """Hash a record: where its bytes are, its time, name and kind, whether it is packed."""
    place, length, kind, compressed = shape
    facts = _FACTS.pack(
        table << 32 | position, *where, place << 32 | length << 16 | kind << 8 | compressed
    )
    return xxhash.xxh64_intdigest(facts, xxhash.xxh64_intdigest(key, 0))


def _records(table: Table, data: memoryview, names: bytes, size: int) -> Iterator[Record]:
    for position, fields in enumerate(_RECORD.iter_unpack(data)):
        offset, stored, whole, time, check, own, place, length, kind, compressed = fields
        key = names[place : place + length]
        shape = (place, length, kind, compressed)
        expected = _own_check(table, position, key, (offset, stored, whole, time), shape)
        intact = own == expected and len(key) == length and offset + stored <= size
        if intact and (kind not in tuple(Kind) or not (compressed or stored == whole)):
            reason = f"malformed record of `{_shown(key)}`"
            raise _damaged(reason)
        yield Record(
            name=_shown(key),
            kind=Kind(kind) if intact else Kind.CONTROL,
            offset=offset,
            stored=stored,
            size=whole,
            time=time,
            check=check,
            compressed=bool(compressed),
            own_check=own,
            intact=intact,
        )


def _shown(key: bytes) -> str:
    return key.replace(b"\0", b"/", 1).removeprefix(b"/").decode(errors="replace")


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
            message = f"`{item.name}` is to be in the executable twice, with different content"
            raise CollectError(message, hint="`exclude` one of them")
    for path in list(found):
        for folder in ancestors(path, "/"):
            if found.setdefault(folder, Item(name=folder, kind=Kind.FOLDER)).kind != Kind.FOLDER:
                message = f"`{folder}` is to be a file and, because of `{path}`, a folder"
                raise CollectError(message, hint="`exclude` one of them")
    return list(found.values())


def _damaged(reason: str) -> VerifyError:
    return VerifyError(f"the payload is damaged: {reason}")

"""The payload format: what runtime/payload.c reads in place, see docs/reference/payload.md.

A header, records of modules and of files sorted by name, names, and then the stored bytes. All
numbers are little-endian. XXH64 guards the header, the index, and every record with its bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import xxhash
import zstandard

from obelisk.errors import VerifyError
from obelisk.model import ancestors

MAGIC: Final = b"\x89OBELISK\r\n\x1a\n"
VERSION: Final = 2
_HEADER: Final = struct.Struct("<12sIQQQQQIIIIIIQ")
_CHECK: Final = struct.Struct("<Q")
_RECORD: Final = struct.Struct("<QQQQIHBB")
_FACTS: Final = struct.Struct("<QQQQ")
_ALIGNMENT: Final = 16
_LEVEL: Final = 9
"""Of zstd: higher ones take many times as long for a twentieth less."""


class Kind(IntEnum):
    """What a record stands for; the numbers are those of `enum payload_kind`."""

    MODULE = 0
    PACKAGE = 1
    NAMESPACE = 2
    FILE = 3
    FOLDER = 4
    EXTENSION = 5


class Option(IntEnum):
    """Bits of the header's options."""

    CONFIGURED = 1
    """There are settings of the interpreter among the files."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """Something to write: a module by its dotted name, a file by its path."""

    name: str
    kind: Kind
    data: bytes = b""
    compress: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One record as it was read."""

    name: str
    kind: Kind
    offset: int
    stored: int
    size: int
    check: int
    compressed: bool
    key: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Payload:
    """A payload as it was read: its records, and the bytes that they lie in."""

    modules: tuple[Record, ...]
    files: tuple[Record, ...]
    options: int
    entry: str
    data: memoryview = field(repr=False)
    index_intact: bool

    def read(self, record: Record) -> bytes:
        """Return a record's bytes, expanded; raise `VerifyError` when they are damaged."""
        if not self.intact(record):
            message = f"`{record.name}` in the payload is damaged"
            raise VerifyError(message)
        stored = bytes(self.data[record.offset : record.offset + record.stored])
        if not record.compressed:
            return stored
        try:
            return zstandard.ZstdDecompressor().decompress(stored, max_output_size=record.size)
        except zstandard.ZstdError as error:
            message = f"`{record.name}` in the payload does not expand: {error}"
            raise VerifyError(message) from error

    def intact(self, record: Record) -> bool:
        """Say whether a record and its bytes are as they were written."""
        if record.offset + record.stored > len(self.data):
            return False
        stored = self.data[record.offset : record.offset + record.stored]
        return record.check == _check_of(
            record.key,
            (record.offset, record.stored, record.size),
            record.kind,
            record.compressed,
            stored,
        )

    def file(self, path: str) -> Record | None:
        """Return the record of a file, or None."""
        return next((record for record in self.files if record.name == path), None)


def write_payload(
    modules: Iterable[Item], files: Iterable[Item], *, entry: str, options: int
) -> bytes:
    """Return the bytes of a payload. Folders above the files are added."""
    rows = sorted((item.name.encode(), item) for item in modules)
    paths = sorted((_file_key(item.name), item) for item in _with_folders(files))
    names = bytearray()
    places = []
    for key, _ in (*rows, *paths):
        places.append(len(names))
        names += key
    entry_place = len(names)
    names += entry.encode()
    modules_at = _aligned(_HEADER.size + _CHECK.size)
    files_at = modules_at + _RECORD.size * len(rows)
    names_at = files_at + _RECORD.size * len(paths)
    records, stored = _store([*rows, *paths], places, _aligned(names_at + len(names)))
    split = _RECORD.size * len(rows)
    index_check = xxhash.xxh64_intdigest(records[:split], 0)
    index_check = xxhash.xxh64_intdigest(records[split:], index_check)
    index_check = xxhash.xxh64_intdigest(bytes(names), index_check)
    head = _HEADER.pack(
        MAGIC,
        VERSION,
        _aligned(names_at + len(names)) + len(stored),
        modules_at,
        files_at,
        names_at,
        len(names),
        len(rows),
        len(paths),
        options,
        entry_place,
        len(entry.encode()),
        0,
        index_check,
    )
    head += _CHECK.pack(xxhash.xxh64_intdigest(head, 0))
    return _padded(head) + _padded(records + bytes(names)) + stored


def read_payload(data: memoryview) -> Payload:
    """Read a payload; raise `VerifyError` that says what is wrong with it."""
    if len(data) < _HEADER.size + _CHECK.size:
        reason = "it is cut short"
        raise _damaged(reason)
    (magic, version, size, modules_at, files_at, names_at, names_size, *rest) = _HEADER.unpack_from(
        data
    )
    module_count, file_count, options, entry_at, entry_size, _, index_check = rest
    if magic != MAGIC:
        reason = "it does not begin as a payload does"
        raise _damaged(reason)
    if version != VERSION:
        reason = f"it has version {version} instead of {VERSION}"
        raise _damaged(reason)
    (check,) = _CHECK.unpack_from(data, _HEADER.size)
    if check != xxhash.xxh64_intdigest(data[: _HEADER.size], 0):
        reason = "its header is damaged"
        raise _damaged(reason)
    ends = (
        modules_at + module_count * _RECORD.size,
        files_at + file_count * _RECORD.size,
        names_at + names_size,
    )
    if size > len(data) or max(ends) > size or entry_at + entry_size > names_size:
        reason = "it is cut short"
        raise _damaged(reason)
    names = bytes(data[names_at : names_at + names_size])
    found = xxhash.xxh64_intdigest(data[modules_at : ends[0]], 0)
    found = xxhash.xxh64_intdigest(data[files_at : ends[1]], found)
    return Payload(
        modules=tuple(_records(data[modules_at : ends[0]], names)),
        files=tuple(_records(data[files_at : ends[1]], names)),
        options=options,
        entry=names[entry_at : entry_at + entry_size].decode(errors="replace"),
        data=data[:size],
        index_intact=xxhash.xxh64_intdigest(names, found) == index_check,
    )


def _store(rows: list[tuple[bytes, Item]], places: list[int], start: int) -> tuple[bytes, bytes]:
    """Return the records and the stored bytes, which begin at `start`."""
    packer = zstandard.ZstdCompressor(level=_LEVEL, write_content_size=True)
    records, stored = bytearray(), bytearray()
    for (key, item), place in zip(rows, places, strict=True):
        compress = item.compress and len(item.data) > 0
        data = packer.compress(item.data) if compress else item.data
        if compress and len(data) >= len(item.data):
            data, compress = item.data, False
        facts = (start + len(stored), len(data), len(item.data))
        check = _check_of(key, facts, item.kind, compress, data)
        records += _RECORD.pack(*facts, check, place, len(key), item.kind, compress)
        stored += _padded(data)
    return bytes(records), bytes(stored)


def _check_of(
    key: bytes,
    facts: tuple[int, int, int],
    kind: Kind,
    compressed: bool,
    stored: bytes | memoryview,
) -> int:
    seed = xxhash.xxh64_intdigest(key, 0)
    seed = xxhash.xxh64_intdigest(_FACTS.pack(*facts, kind << 8 | int(compressed)), seed)
    return xxhash.xxh64_intdigest(stored, seed)


def _records(data: memoryview, names: bytes) -> Iterator[Record]:
    for offset, stored, size, check, place, length, kind, compressed in _RECORD.iter_unpack(data):
        key = names[place : place + length]
        if kind not in tuple(Kind):
            reason = f"a record has the unknown kind {kind}"
            raise _damaged(reason)
        name = key.replace(b"\0", b"/", 1).removeprefix(b"/").decode(errors="replace")
        yield Record(
            name=name,
            kind=Kind(kind),
            offset=offset,
            stored=stored,
            size=size,
            check=check,
            compressed=bool(compressed),
            key=key,
        )


def _file_key(path: str) -> bytes:
    """Return the key of a file: folder, zero byte, own name; so a folder's files are neighbours."""
    folder, _, name = path.rpartition("/")
    return folder.encode() + b"\0" + name.encode()


def _with_folders(files: Iterable[Item]) -> list[Item]:
    items = {item.name: item for item in files}
    for path in list(items):
        for folder in ancestors(path, "/"):
            items.setdefault(folder, Item(name=folder, kind=Kind.FOLDER))
    return list(items.values())


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _padded(data: bytes) -> bytes:
    return data + bytes(_aligned(len(data)) - len(data))


def _damaged(reason: str) -> VerifyError:
    return VerifyError(f"the payload is damaged: {reason}")

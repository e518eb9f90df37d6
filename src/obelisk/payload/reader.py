"""Reading a payload, with every check that its format has: see payload.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import xxhash
import zstandard

from obelisk.errors import VerifyError
from obelisk.payload.payload import (
    CHECK,
    HEADER,
    MAGIC,
    RECORD,
    VERSION,
    Control,
    Kind,
    Table,
    own_check,
)
from obelisk.payload.shared import content_of
from obelisk.payload.stored import Frame

_KINDS: Final = {int(kind): kind for kind in Kind}
_KEPT: Final = 64
"""Contents of shared frames that are kept while a payload is read: of at most a mebibyte each."""
_FRAMES: Final = {int(frame): frame for frame in Frame}


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
    frame: Frame
    begin: int
    """Where it begins in the content of a frame that others may share."""
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
    _frames: dict[tuple[int, int, Frame], bytes] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

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
        if not record.frame:
            return stored
        try:
            return self._expanded(record, stored)
        except (zstandard.ZstdError, MemoryError) as error:
            reason = f"cannot decompress `{record.name}`: {error}"
            raise _damaged(reason) from error

    def _expanded(self, record: Record, stored: bytes) -> bytes:
        """Return the content of a record in an intact frame; the last shared ones are kept."""
        end = record.begin + record.size
        place = record.offset, record.stored, record.frame
        known = self._frames.get(place, b"")
        if 0 < end <= len(known):
            return known[record.begin : end]
        name = Control.DICTIONARIES.get(record.frame)
        dictionary = None if name is None else self.control(name)
        content, is_shared = content_of(stored, record.begin, record.size, dictionary)
        if is_shared:
            while len(self._frames) >= _KEPT:
                self._frames.pop(next(iter(self._frames)), None)
            self._frames[place] = content
        return content[record.begin : end]

    def frame_content(self, record: Record) -> bytes:
        """Return the content of a record's frame, which others may share; raise `VerifyError`."""
        content = self.read(record)
        return self._frames.get((record.offset, record.stored, record.frame), content)

    def content_intact(self, record: Record) -> bool:
        """Say whether the bytes of an intact record are as they were written."""
        return record.check == xxhash.xxh64_intdigest(self._stored(record), record.own_check)

    def file(self, path: str) -> Record | None:
        """Return the record of a file, or None."""
        return next((record for record in self.files if record.name == path), None)

    def control(self, name: str) -> bytes | None:
        """Return a control record's bytes, or None; raise `VerifyError` when it is damaged."""
        found = next((record for record in self.controls if record.name == name), None)
        if found is not None and found.frame:
            reason = f"malformed record of `{name}`"
            raise _damaged(reason)
        return None if found is None else self.read(found)

    def _stored(self, record: Record) -> memoryview:
        return self.data[record.offset : record.offset + record.stored]


def read_payload(data: memoryview, *, only: Table | None = None) -> Payload:
    """Read a payload, or the records of one table `only`; raise `VerifyError` if it is damaged."""
    if len(data) < HEADER.size + CHECK.size:
        reason = "truncated"
        raise _damaged(reason)
    magic, version, size, names_at, names_size, *places = HEADER.unpack_from(data)
    (check,) = CHECK.unpack_from(data, HEADER.size)
    if magic != MAGIC or check != xxhash.xxh64_intdigest(data[: HEADER.size], 0):
        reason = "checksum mismatch in the header"
        raise _damaged(reason)
    if version != VERSION:
        reason = f"version {version}, expected {VERSION}"
        raise _damaged(reason)
    tables = list(zip(Table, places[::2], places[1::2], strict=True))
    ends = [at + count * RECORD.size for _, at, count in tables]
    if size > len(data) or max(*ends, names_at + names_size) > size:
        reason = "truncated"
        raise _damaged(reason)
    names = bytes(data[names_at : names_at + names_size])
    modules, files, controls = (
        tuple(_records(table, data[at:end], names, size)) if only in (None, table) else ()
        for (table, at, _), end in zip(tables, ends, strict=True)
    )
    return Payload(modules=modules, files=files, controls=controls, data=data[:size])


def _records(table: Table, data: memoryview, names: bytes, size: int) -> Iterator[Record]:
    for position, fields in enumerate(RECORD.iter_unpack(data)):
        offset, stored, whole, time, check, own, begin, place, length, kind, frame = fields
        key = names[place : place + length]
        shape = (place, length, kind, frame)
        where = (offset, stored, whole, begin, time)
        expected = own_check(table, position, key, where, shape)
        intact = own == expected and len(key) == length and offset + stored <= size
        known = kind in _KINDS and frame in _FRAMES
        if intact and not (known and (frame or (stored == whole and not begin))):
            reason = f"malformed record of `{shown_key(key)}`"
            raise _damaged(reason)
        yield Record(
            name=shown_key(key),
            kind=_KINDS[kind] if intact else Kind.CONTROL,
            offset=offset,
            stored=stored,
            size=whole,
            time=time,
            check=check,
            frame=_FRAMES[frame] if intact else Frame.NONE,
            begin=begin,
            own_check=own,
            intact=intact,
        )


def shown_key(key: bytes) -> str:
    """Return the path that a record's key stands for."""
    return key.replace(b"\0", b"/", 1).removeprefix(b"/").decode(errors="replace")


def _damaged(reason: str) -> VerifyError:
    return VerifyError(f"corrupt payload: {reason}")

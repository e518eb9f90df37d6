"""The part of an executable that holds a snapshot; runtime/c/snapshot/format.h has its form."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

import xxhash

from obelisk.link.elf.memory import aligned
from obelisk.payload.payload import Packed
from obelisk.snapshot.layout import Addresses

_MAGIC: Final = b"OBSNAP\n\0"
_VERSION: Final = 2
_REQUEST, _TAKEN = 1, 2
WORDS: Final = 8
"""Words of a processor's features."""
_HEADER: Final = struct.Struct(f"<8sIIQQQQQ32s{WORDS}IQQQQQQQQQ")
_CHECK_AT: Final = 24
_WORDS_AT: Final = 9
"""The position of the processor's features among the header's values."""
_HIDDEN: Final = (0x36D83203, 0x07888110, 6, 0x328, 0, 0, 0, 0)
"""Features of x86-64-v3, and AES: all that is seen of a processor where a kernel can hide others
(runtime/c/snapshot/x86_64)."""
_GUARDS_AT: Final = _WORDS_AT + WORDS + 2
"""The position of the offset of the guards among the header's values; behind it is their count."""
_RANGE: Final = struct.Struct("<QQQIHH")
_SPAN: Final = struct.Struct("<QQ")
_WORD: Final = 8
"""Bytes of one of `originals`."""
_TRUNCATED: Final = "malformed header in snapshot"
PYTHON_OPTION: Final = 1
"""Flag: `--python` as first argument starts no application."""
MEASURE: Final = 2
"""Flag: the executable writes its memory again when it has gone on from the snapshot."""


class UnsupportedVersionError(ValueError):
    """A part is of another version of the format."""


class Source(IntEnum):
    """Where the bytes of a range are."""

    ZEROS = 0
    FILE = 1
    """In the executable's file, by their offset there."""
    PART = 2
    """In the part with the snapshot, by their offset there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """Whole pages of memory."""

    address: int
    size: int
    offset: int = 0
    rights: int
    """PROT_READ, PROT_WRITE and PROT_EXEC of mmap(2)."""
    source: Source
    is_free: bool = False
    """Whether nothing is mapped there before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a part says besides which pages it has."""

    addresses: Addresses
    page: int
    """Bytes."""
    words: Sequence[int] = (0,) * WORDS
    """Features of the processor that it was made on."""
    flags: int = 0
    guards: Sequence[bytes] = ()
    """`NAME=value` of variables of the environment, or `NAME` of one that is absent."""
    report: bytes = b""
    """What `obelisk inspect` shows."""
    hot: Sequence[tuple[int, int]] = ()
    """(address, size) of pages that each start writes to."""
    originals: bytes = b""
    """By which a cold start has its own data (own_data.py)."""

    @property
    def size(self) -> int:
        """Bytes of what is behind the ranges."""
        texts = sum(len(text) + 1 for text in self.guards) + len(self.report)
        return len(self.hot) * _SPAN.size + len(self.originals) + texts


def request(addresses: Addresses, page: int) -> Packed:
    """Return the part of an executable that can make a snapshot, and has none."""
    head = _pack(_REQUEST, Facts(addresses=addresses, page=page), ())
    return Packed(pieces=((0, head),), size=len(head))


def taken(facts: Facts, ranges: Sequence[Range], pages: bytes | bytearray) -> Packed:
    """Return the part with a snapshot; offsets of ranges in it are counted from the first page."""
    page = facts.page
    start = aligned(_HEADER.size + len(ranges) * _RANGE.size + facts.size, page)
    placed = [
        replace(one, offset=one.offset + start) if one.source == Source.PART else one
        for one in ranges
    ]
    head = _pack(_TAKEN, facts, placed)
    return Packed(pieces=((0, head), (start, pages)), size=start + len(pages))


def report_of(part: bytes | memoryview) -> bytes:
    """Return the report in a part with a snapshot; empty where there is none, or no snapshot.

    Raises `ValueError` for a part that is damaged, and its kind `UnsupportedVersionError` for one
    of another version of the format.
    """
    if not part:
        return b""
    if len(part) < _HEADER.size:
        raise ValueError(_TRUNCATED)
    magic, version, kind, size, check, *_ = _HEADER.unpack_from(part)
    guards, guard_count = _HEADER.unpack_from(part)[_GUARDS_AT : _GUARDS_AT + 2]
    if magic == _MAGIC and version != _VERSION:
        message = f"version {version} of the snapshot, expected {_VERSION}"
        raise UnsupportedVersionError(message)
    if magic != _MAGIC or not _HEADER.size <= size <= len(part):
        raise ValueError(_TRUNCATED)
    head = bytearray(part[: _HEADER.size])
    struct.pack_into("<Q", head, _CHECK_AT, 0)
    if _check_of(head, bytes(part[_HEADER.size : size])) != check:
        message = "checksum mismatch in snapshot"
        raise ValueError(message)
    if kind != _TAKEN:
        return b""
    texts = bytes(part[guards:size]).split(b"\0")
    return b"\0".join(texts[guard_count:])


def is_of_one_kind(part: bytes | memoryview) -> bool:
    """Say whether a snapshot needs no more of a processor than x86-64-v3 and AES.

    `part` is one that `report_of` accepts.
    """
    words = _HEADER.unpack_from(part)[_WORDS_AT : _WORDS_AT + WORDS]
    return not any(word & ~hidden for word, hidden in zip(words, _HIDDEN, strict=True))


def _check_of(head: bytes | bytearray, rest: bytes) -> int:
    """Return the checksum of a header, in which that is zero, and what is behind it."""
    return xxhash.xxh64_intdigest(rest, xxhash.xxh64_intdigest(bytes(head), 0))


def _pack(kind: int, facts: Facts, ranges: Sequence[Range]) -> bytes:
    table = b"".join(
        _RANGE.pack(one.address, one.size, one.offset, one.rights, one.source, one.is_free)
        for one in ranges
    )
    spans = b"".join(_SPAN.pack(*span) for span in facts.hot)
    tables = table + spans + facts.originals
    rest = tables + b"".join(text + b"\0" for text in facts.guards) + facts.report
    head = bytearray(
        _HEADER.pack(
            _MAGIC,
            _VERSION,
            kind,
            _HEADER.size + len(rest),
            0,
            facts.addresses.image,
            facts.addresses.heap,
            facts.page,
            facts.addresses.seed,
            *facts.words,
            _HEADER.size,
            len(ranges),
            _HEADER.size + len(tables),
            len(facts.guards),
            facts.flags,
            _HEADER.size + len(table),
            len(facts.hot),
            _HEADER.size + len(table) + len(spans),
            len(facts.originals) // _WORD,
        )
    )
    struct.pack_into("<Q", head, _CHECK_AT, _check_of(head, rest))
    return bytes(head) + rest

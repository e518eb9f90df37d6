"""The snapshot of an executable: that it is intact, and which memory it makes of the file.

Reads the form of runtime/c/snapshot/format.h by itself, so that a mistake of the writer shows.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import xxhash

from obelisk.verify.finding import Finding, judged
from obelisk.verify.promise import Promise

_MAGIC: Final = b"OBSNAP\n\0"
_VERSION: Final = 2
_HEADER: Final = struct.Struct("<8sIIQQQQQ32s8IQQQQQQQQQ")
_CHECK: Final = slice(24, 32)
_TABLES: Final = 17
"""The position of the offset of the ranges among the header's values."""
_RANGE: Final = struct.Struct("<QQQIHH")
_TAKEN: Final = 2
_SPAN: Final = struct.Struct("<QQ")
_RUN: Final = struct.Struct("<II")
_WORD: Final = 8
_PAGE: Final = 4096
"""Bytes; pages of other kernels are multiples of it."""
_END: Final = 1 << 47
"""Behind the last address of a process."""
_RIGHTS: Final = 7
_WRITE, _EXECUTE = 2, 4
"""Rights of a range, as mmap(2) has them."""
_ZEROS, _FILE, _PART = 0, 1, 2
"""Where the bytes of a range are."""

Row = tuple[int, int, int, int, int, int]
"""(address, size, offset, rights, source, whether nothing may be mapped there before)."""


def snapshot_findings(part: memoryview, file_size: int) -> list[Finding]:
    """Check the part of an executable with its snapshot; nothing of one that has none."""
    if not part:
        return []
    fault = _header_fault(part)
    if fault is not None:
        return [Finding(promise=Promise.SNAPSHOT, sound=False, detail=fault)]
    _, _, kind, _, _, image, heap, *_ = _HEADER.unpack_from(part)
    if kind != _TAKEN:
        detail = "a request for a snapshot, which was never made"
        return [Finding(promise=Promise.SNAPSHOT, sound=False, detail=detail)]
    rows = list(_rows(part))
    faults = [fault for row in rows for fault in _faults(row, len(part), file_size)]
    faults += _overlaps(_spans(part))
    stored = sum(row[1] for row in rows if row[4] == _PART)
    good = f"{stored} bytes; code and data at {image:#x} and memory at {heap:#x}, not randomized"
    return [judged(Promise.SNAPSHOT, faults, good)]


def _header_fault(part: memoryview) -> str | None:
    if len(part) < _HEADER.size:
        return "truncated header"
    magic, version, _, size, check, *_ = _HEADER.unpack_from(part)
    if magic == _MAGIC and version != _VERSION:
        return f"unsupported version {version}, expected {_VERSION}"
    if magic != _MAGIC or not _HEADER.size <= size <= len(part):
        return "malformed header"
    head = bytearray(part[: _HEADER.size])
    head[_CHECK] = bytes(8)
    seed = xxhash.xxh64_intdigest(bytes(head), 0)
    if xxhash.xxh64_intdigest(bytes(part[_HEADER.size : size]), seed) != check:
        return "checksum mismatch in its tables"
    ranges, count, guards, guard_count, _, hot, hot_count, originals, words = _HEADER.unpack_from(
        part
    )[_TABLES:]
    is_whole = (
        ranges >= _HEADER.size
        and ranges + count * _RANGE.size <= hot
        and hot + hot_count * _SPAN.size <= originals
        and originals + words * _WORD <= guards <= size
        and _are_runs(part[originals : originals + words * _WORD])
        and bytes(part[guards:size]).count(b"\0") >= guard_count
    )
    return None if is_whole else "malformed tables"


def _are_runs(words: memoryview) -> bool:
    """Say whether words are runs: for each, where it is and how many words follow."""
    place = 0
    while place < len(words):
        _, count = _RUN.unpack_from(words, place)
        place += _RUN.size + count * _WORD
    return place == len(words)


def _rows(part: memoryview) -> Iterator[Row]:
    offset, count, *_ = _HEADER.unpack_from(part)[_TABLES:]
    for number in range(count):
        yield _RANGE.unpack_from(part, offset + number * _RANGE.size)


def _spans(part: memoryview) -> list[tuple[int, int]]:
    """Return (start, end) of memory that must be free before."""
    return sorted((row[0], row[0] + row[1]) for row in _rows(part) if row[5])


def _overlaps(spans: list[tuple[int, int]]) -> Iterator[str]:
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            yield f"memory at {start:#x} is mapped twice"


def _faults(row: Row, part_size: int, file_size: int) -> Iterator[str]:
    address, size, place, rights, source, _ = row
    if size == 0 or (address | size | place) % _PAGE or address + size > _END:
        yield f"memory at {address:#x} is not of whole pages"
    if rights & ~_RIGHTS:
        yield f"memory at {address:#x} has unknown rights"
    if rights & _WRITE and rights & _EXECUTE:
        yield f"memory at {address:#x} is writable and executable"
    end = {_ZEROS: 0, _FILE: file_size, _PART: part_size}.get(source)
    if end is None or (source != _ZEROS and place + size > end):
        yield f"memory at {address:#x} is of no bytes in the file"

"""The digest of a whole executable, by which `verify` and `integrity = "start"` detect damage.

It stands at the end of the file and covers every byte before it: the SHA-256 of each block, and of
all that, the root. Blocks begin anew with each part of the file, whose last one is shorter, so
damage has a name even where the headers are damaged. Its form is in docs/reference/payload.md.
"""

from __future__ import annotations

import hashlib
import os
import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from obelisk.payload.content import BLOCK, FileContent, Piece, chunks

_MAGIC: Final = b"\x89OBDIGEST\r\n\x1a\n\0\0\0"
_VERSION: Final = 1
_HEADER: Final = struct.Struct("<16sIIQIIQ")
_PART: Final = struct.Struct("<QII")
_HASH: Final = hashlib.sha256
_HASH_SIZE: Final = 32
_BATCH: Final = 32
"""Blocks that a thread takes at once."""

Parts = Sequence[tuple[int, str]]
"""(offset, name) of each part, ascending; each ends where the next one begins."""
Span = tuple[int, int]


def digest_size(parts: Parts, offset: int) -> int:
    """Return the size of the digest at `offset`."""
    names = sum(len(name.encode()) for _, name in parts)
    tables = len(parts) * _PART.size + len(_blocks(parts, offset)) * _HASH_SIZE
    return _HEADER.size + _HASH_SIZE + tables + names


def write_digest(pieces: Sequence[Piece], parts: Parts, place: int) -> bytes:
    """Return the digest at `offset`, of all bytes before it.

    Between the pieces there are zeros.
    """
    blocks = _blocks(parts, place)
    names, rows = bytearray(), bytearray()
    for offset, name in parts:
        text = name.encode()
        rows += _PART.pack(offset, len(names), len(text))
        names += text
    head = _HEADER.pack(_MAGIC, _VERSION, BLOCK, place, len(parts), len(blocks), len(names))
    tables = bytes(rows) + b"".join(_hashes(pieces, blocks)) + bytes(names)
    return head + _HASH(head + tables).digest() + tables


def _blocks(parts: Parts, end: int) -> list[Span]:
    ends = [*(offset for offset, _ in parts[1:]), end]
    return [
        (start, min(start + BLOCK, stop))
        for (offset, _), stop in zip(parts, ends, strict=True)
        for start in range(offset, stop, BLOCK)
    ]


def _hashes(pieces: Sequence[Piece], blocks: Sequence[Span]) -> Iterator[bytes]:
    ordered = sorted(pieces, key=lambda piece: piece[0])
    starts = [offset for offset, _ in ordered]

    def hash_batch(batch: Sequence[Span]) -> bytes:
        return b"".join(_hash(ordered, starts, span) for span in batch)

    batches = [blocks[at : at + _BATCH] for at in range(0, len(blocks), _BATCH)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(hash_batch, batches)


def _hash(pieces: Sequence[Piece], starts: Sequence[int], span: Span) -> bytes:
    offset, stop = span
    digest = _HASH()
    number = max(0, bisect_right(starts, offset) - 1)
    if pieces and isinstance(content := pieces[number][1], FileContent):
        known = content.known_block(offset - starts[number], stop - starts[number])
        if known is not None:
            return known
    while offset < stop and number < len(pieces):
        start, content = pieces[number]
        if start > offset:
            zeros = min(start, stop) - offset
            digest.update(bytes(zeros))
            offset += zeros
        for chunk in chunks(content, offset - start, stop - start):
            digest.update(chunk)
            offset += len(chunk)
        number += 1
    digest.update(bytes(stop - offset))
    return digest.digest()

"""The digest of an executable, which tells whether every byte is as it was written.

Reads what link/digest.py writes by itself, so that a mistake of the writer shows. It is found by
its magic number instead of the headers, which may be corrupt.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from obelisk.verify.finding import Finding, listed
from obelisk.verify.promise import Promise

_MAGIC: Final = b"\x89OBDIGEST\r\n\x1a\n\0\0\0"
_VERSION: Final = 1
_REWRITTEN: Final = frozenset({"ELF header", "section headers"})
"""Parts that `strip` and `objcopy` rewrite, even if nothing after them moves."""
_BLOCK: Final = 64 * 1024
_HEADER: Final = struct.Struct("<16sIIQIIQ")
_PART: Final = struct.Struct("<QII")
_HASH_SIZE: Final = 32

Block = tuple[int, int, int, str]
"""(number, start, end, name of the part) of a block of a file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """A digest that agrees with its own root."""

    end: int
    """Where it ends in the file."""
    is_moved: bool
    """Whether it was at another offset when it was written."""
    parts: tuple[tuple[int, int, str], ...]
    """(start, end, name) of all parts of the file."""
    hashes: bytes


def find_digest(data: mmap.mmap) -> Digest | None:
    """Return the digest of a file; None if it has none, or a corrupt one.

    Files inside may have digests of their own: one at the offset that it states is preferred.
    """
    moved = None
    offset = data.rfind(_MAGIC)
    while offset >= 0:
        found = _read(data, offset)
        if found is not None and not found.is_moved:
            return found
        moved = moved or found
        offset = data.rfind(_MAGIC, 0, offset)
    return moved


def blocks_of(digest: Digest | None) -> Iterator[Block]:
    """Yield the blocks that a digest covers, in their order."""
    number = 0
    for start, end, name in digest.parts if digest else ():
        for offset in range(start, end, _BLOCK):
            yield number, offset, min(offset + _BLOCK, end), name
            number += 1


def is_damaged(
    view: memoryview, digest: Digest, block: Block, zeros: Sequence[tuple[int, int]] = ()
) -> bool:
    """Return whether a block of the file `view` has another hash than when it was written.

    What is between the offsets of each of `zeros` counts as zero.
    """
    number, start, stop, _ = block
    content: memoryview | bytearray = view[start:stop]
    for first, last in zeros:
        if first < stop and last > start:
            content = bytearray(content)
            begin, end = max(first, start) - start, min(last, stop) - start
            content[begin:end] = bytes(end - begin)
    expected = digest.hashes[number * _HASH_SIZE : (number + 1) * _HASH_SIZE]
    return hashlib.sha256(content).digest() != expected


def digest_finding(digest: Digest | None, damaged: list[str]) -> Finding:
    """Say which parts of a file are `damaged`, by their names."""
    if digest is None:
        fault = "no valid digest: the file may be truncated"
        return Finding(promise=Promise.FILE, sound=False, detail=fault)
    if damaged:
        fault = f"checksum mismatch in {listed(damaged)}"
        if digest.is_moved or _REWRITTEN.issubset(damaged):
            fault += " (`strip` or `objcopy` changes them)"
        return Finding(promise=Promise.FILE, sound=False, detail=fault)
    return Finding(promise=Promise.FILE, sound=True, detail=f"{digest.end} bytes checked")


def trailing_finding(size: int, end: int | None) -> list[Finding]:
    """Say of a file of some bytes what follows its own `end`; nothing where that is unknown."""
    if end is None or size <= end:
        return []
    detail = (
        f"{size - end} bytes from offset {end}, such as a signature or what a packer appended; "
        "not covered by checksums"
    )
    return [Finding(promise=Promise.TRAILING, sound=True, detail=detail, is_note=True)]


def _read(data: mmap.mmap, place: int) -> Digest | None:
    try:
        _, version, block, own, count, blocks, names_size = _HEADER.unpack_from(data, place)
    except struct.error:
        return None
    tables_at = place + _HEADER.size + _HASH_SIZE
    hashes_at = tables_at + count * _PART.size
    names_at = hashes_at + blocks * _HASH_SIZE
    end = names_at + names_size
    if version != _VERSION or end > len(data) or block != _BLOCK:
        return None
    root = hashlib.sha256(data[place : place + _HEADER.size])
    root.update(data[tables_at:end])
    if root.digest() != data[place + _HEADER.size : tables_at]:
        return None
    rows = list(_PART.iter_unpack(data[tables_at:hashes_at]))
    ends = [*(offset for offset, _, _ in rows[1:]), own]
    names = data[names_at:end]
    return Digest(
        end=end,
        is_moved=own != place,
        parts=tuple(
            (start, stop, names[at : at + size].decode(errors="replace"))
            for (start, at, size), stop in zip(rows, ends, strict=True)
        ),
        hashes=data[hashes_at:names_at],
    )

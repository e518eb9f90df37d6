"""The linked shared objects of an executable, verified by their checksums.

Reads the table of runtime/c/elf/dso.h by itself, so that a mistake of the writer shows.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import xxhash

from obelisk.verify.finding import Finding, listed
from obelisk.verify.memory import Memory
from obelisk.verify.promise import Promise

_HEADER: Final = struct.Struct("<8sIIQQQQQQQQQQ")
_CHECK_SIZE: Final = 8
_OBJECT_SIZE: Final = 200
_NAME, _BASE, _END, _CHECK = 0, 8, 16, 160
_MAGIC: Final = b"OBJECTS\0"
_VERSION: Final = 3
_LARGEST: Final = 1 << 30
"""Bytes of memory that `link` grants one object; zeros need no bytes of the file."""


def check_objects(memory: Memory, address: int, size: int) -> Finding:
    """Check the table at `address` and the memory of every object in it."""
    head = memory.read(address, _HEADER.size)
    magic, version, count, objects_at, *_, used, check = _HEADER.unpack(head)
    if magic != _MAGIC or version != _VERSION or not _HEADER.size <= used <= size:
        return _finding("malformed header in the table of shared objects")
    seed = xxhash.xxh64_intdigest(head[:-_CHECK_SIZE], 0)
    rest = memory.read(address + _HEADER.size, used - _HEADER.size)
    if xxhash.xxh64_intdigest(rest, seed) != check:
        return _finding("checksum mismatch in the table of shared objects")
    damaged = _damaged(memory, objects_at, count)
    if damaged:
        return _finding(f"checksum mismatch in {listed(damaged)}")
    return Finding(promise=Promise.OBJECTS, sound=True, detail=f"{count} linked")


def objects_range(memory: Memory, address: int) -> range:
    """Return the addresses that the objects have, by the table at `address`."""
    *_, start, end, _, _, _ = _HEADER.unpack(memory.read(address, _HEADER.size))
    return range(start, end)


def objects_size(memory: Memory, address: int) -> int:
    """Return how many bytes of the executable the objects take, by the table at `address`."""
    span = objects_range(memory, address)
    return memory.stored(span.start, span.stop)


def object_sizes(memory: Memory, address: int) -> list[tuple[str, int]]:
    """Return the objects of the table at `address`: the name of each, and its bytes in the file."""
    _, _, count, objects_at, *_ = _HEADER.unpack(memory.read(address, _HEADER.size))
    return [
        (memory.text(name), memory.stored(base, end))
        for name, base, end, _ in _rows(memory, objects_at, count)
    ]


def _finding(fault: str) -> Finding:
    return Finding(promise=Promise.OBJECTS, sound=False, detail=fault)


def _damaged(memory: Memory, objects_at: int, count: int) -> list[str]:
    return [
        memory.text(name)
        for name, base, end, check in _rows(memory, objects_at, count)
        if end - base > _LARGEST or _hash(memory, base, end) != check
    ]


def _hash(memory: Memory, base: int, end: int) -> int:
    digest = xxhash.xxh64(seed=0)
    for part in memory.all(base, end):
        digest.update(part)
    return digest.intdigest()


def _rows(memory: Memory, objects_at: int, count: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield each object's name, base, end (all of them addresses) and check."""
    for number in range(count):
        row = memory.read(objects_at + number * _OBJECT_SIZE, _OBJECT_SIZE)
        name, base, end, check = (
            struct.unpack_from("<Q", row, at)[0] for at in (_NAME, _BASE, _END, _CHECK)
        )
        yield name, base, end, check

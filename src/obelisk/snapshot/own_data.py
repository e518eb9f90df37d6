"""The executable's own data, which its file has as the snapshot has it.

It would be there twice otherwise: as it is before libc relocates it, and as it is in the snapshot.
A cold start makes of the one what the other was (runtime/c/snapshot/own_data.c): it takes the
snapshot's address from each word that is relocated, and puts in what differs all the same.

A page that ends with zeros of no section stays as it is: `strip` leaves those out of the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from obelisk.link.elf import relr
from obelisk.link.elf.dynamic import relative_words
from obelisk.link.elf.elf import WRITE, Elf, Segment, SegmentType, read_elf
from obelisk.snapshot.memory import ProcessMemory

_WORD: Final = struct.Struct("<Q")
_RUN: Final = struct.Struct("<II")
"""The place of a word, counted in words, and how many there are."""
_PAGE: Final = 4096
"""Bytes, of which there is one kind on machines that have snapshots."""

Word = tuple[int, int]
"""(place, counted in words; value)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnData:
    """What an executable's file has in place of its data."""

    pieces: tuple[tuple[int, bytes], ...] = field(repr=False)
    """At their places in the file."""
    originals: bytes = field(repr=False)
    """The table by which a cold start has its own."""


def own_data(executable: memoryview, memory: ProcessMemory, image: int) -> OwnData:
    """Return what an executable has instead of its data, by what a snapshot at `image` has."""
    elf = read_elf(executable)
    places = relr.decode(relative_words(executable, elf))
    pieces: list[tuple[int, bytes]] = []
    words: list[Word] = []
    for one in _own_segments(elf):
        content = executable[one.offset : one.offset + one.file_size]
        last = one.file_size - _WORD.size
        pointers = [at for place in places if 0 <= (at := place - one.address) <= last]
        taken = relr.moved(content, pointers, image)
        _take(memory, image + one.address, memoryview(taken)[: _taken_size(one)])
        pieces.append((one.offset, bytes(taken)))
        words += _differences(content, relr.moved(taken, pointers, -image), one.address)
    return OwnData(pieces=tuple(pieces), originals=b"".join(_runs(words)))


def _own_segments(elf: Elf) -> Iterator[Segment]:
    """Yield the segments with data, but not that of initial values of a thread's variables.

    Those of the runtime alone are where data is that is protected, and are its data as well.
    """
    protected = [one for one in elf.segments if one.type == SegmentType.RELRO]
    threads = [one for one in elf.segments if one.type == SegmentType.TLS]
    for one in elf.segments:
        if one.type == SegmentType.LOAD and one.flags & WRITE and one.file_size:
            is_of_threads = any(_holds(one, other) for other in threads)
            if not is_of_threads or any(_holds(one, other) for other in protected):
                yield one


def _holds(one: Segment, other: Segment) -> bool:
    return one.address <= other.address < one.address + one.memory_size


def _taken_size(segment: Segment) -> int:
    """Return how many bytes of a segment's file are as the snapshot has them."""
    if segment.memory_size == segment.file_size:
        return segment.file_size
    last = (segment.address + segment.file_size - 1) // _PAGE * _PAGE
    return max(last - segment.address, 0)


def _take(memory: ProcessMemory, start: int, into: memoryview) -> None:
    """Copy what is in memory from an address on; what cannot be read stays as it is."""
    end = start + len(into)
    for one in memory.image:
        low, high = max(start, one.start), min(end, one.end)
        if one.content is not None and low < high:
            into[low - start : high - start] = one.content[low - one.start : high - one.start]


def _differences(content: memoryview, other: bytearray, address: int) -> Iterator[Word]:
    """Yield the words of `content` that `other` has otherwise."""
    size = len(content) // _WORD.size * _WORD.size
    for start in range(0, size, _PAGE):
        end = min(start + _PAGE, size)
        if content[start:end] == other[start:end]:
            continue
        for at in range(start, end, _WORD.size):
            if content[at : at + _WORD.size] != other[at : at + _WORD.size]:
                yield (address + at) // _WORD.size, _WORD.unpack_from(content, at)[0]


def _runs(words: Iterable[Word]) -> Iterator[bytes]:
    """Yield the table: for words in a row where the first is, how many, and all of them."""
    for _, group in groupby(enumerate(words), key=lambda pair: pair[1][0] - pair[0]):
        run = [word for _, word in group]
        yield _RUN.pack(run[0][0], len(run)) + b"".join(_WORD.pack(value) for _, value in run)

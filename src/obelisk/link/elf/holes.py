"""Long runs of zeros among linked objects: they take no bytes of the file.

Most are the `.bss` of a large library: OpenBLAS for AArch64 has 190 MB of it between two of its
segments. Each becomes a segment without a part of the file, where the kernel maps zeros.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from obelisk.link.elf.memory import page_end, page_start
from obelisk.payload.content import Piece

_LEAST: Final = 1 << 20
"""Bytes of zeros that are worth two segments more."""
_MOST: Final = 3
"""That many at most: phdr_reserve.c keeps room for 16 program headers, and 9 have other uses."""

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A range of addresses whose bytes are in the file, or all zero."""

    start: int
    end: int
    pieces: tuple[Piece, ...] = field(repr=False)
    """(address, bytes) of what is not zero; empty where nothing is in the file."""


def stretches(pieces: Iterable[Piece], start: int, end: int, page: int) -> Iterator[Stretch]:
    """Yield what is between two addresses, in their order, from page to page.

    Holes that are short, or too many, stay in the file.
    """
    ordered = sorted((piece for piece in pieces if len(piece[1])), key=lambda piece: piece[0])
    place = start
    for hole in [*_holes(ordered, start, end, page), (end, end)]:
        if place < hole[0]:
            inside = tuple(piece for piece in ordered if place <= piece[0] < hole[0])
            yield Stretch(start=place, end=hole[0], pieces=inside)
        if hole[0] < hole[1]:
            yield Stretch(start=hole[0], end=hole[1], pieces=())
        place = hole[1]


def _holes(ordered: Sequence[Piece], start: int, end: int, page: int) -> list[Span]:
    found, place = [], start
    for address, content in ordered:
        found.append((page_end(place, page), page_start(address, page)))
        place = address + len(content)
    found.append((page_end(place, page), end))
    worth = [hole for hole in found if hole[1] - hole[0] >= _LEAST]
    largest = sorted(worth, key=lambda hole: (hole[0] - hole[1], hole[0]))
    return sorted(largest[:_MOST])

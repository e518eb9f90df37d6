"""The stored bytes of a payload: compressed where it pays, and equal ones once."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import xxhash
import zstandard

ALIGNMENT: Final = 16
_LEVEL: Final = 9
"""Of zstd: higher ones take many times as long for a twentieth less."""
_SHARE: Final = 50
"""Files that a thread compresses at once."""

Content = bytes | memoryview
Piece = tuple[int, Content]
"""Bytes, and their place in the payload."""


class Store:
    """The stored bytes while they are laid out."""

    def __init__(self, start: int) -> None:
        self.pieces: list[Piece] = []
        """In ascending order; what is between them is zero."""
        self.end = start
        self._known: dict[int, tuple[int, Content]] = {}

    def add(self, data: Content, *, alignment: int = ALIGNMENT) -> int:
        """Return where these bytes are, or are already."""
        digest = xxhash.xxh64_intdigest(data)
        place, known = self._known.get(digest, (1, b""))
        if place % alignment or known != data:
            place = aligned(self.end, alignment)
            self._known[digest] = place, data
            self.pieces.append((place, data))
            self.end = aligned(place + len(data), alignment)
        return place


def aligned(size: int, alignment: int = ALIGNMENT) -> int:
    """Return the first multiple of `alignment` that is not below `size`."""
    return -(-size // alignment) * alignment


def compressed(contents: Iterable[tuple[Content, bool]]) -> list[Content]:
    """Return what is stored for each content: compressed where that is asked for and pays."""
    contents = list(contents)
    asked = [data for data, compress in contents if compress]
    shares = [asked[start : start + _SHARE] for start in range(0, len(asked), _SHARE)]
    with ThreadPoolExecutor() as pool:
        packed = (data for share in pool.map(_compress, shares) for data in share)
        return [next(packed) if compress else data for data, compress in contents]


def _compress(share: list[Content]) -> list[Content]:
    packer = zstandard.ZstdCompressor(level=_LEVEL, write_content_size=True)
    return [min(data, packer.compress(data), key=len) if data else data for data in share]

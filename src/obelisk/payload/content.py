"""Bytes that are stored: in memory, or in a file that is read when they are needed, in pieces."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path
from typing import Final

import xxhash

from obelisk.errors import CollectError

BLOCK: Final = 64 * 1024
"""Bytes of a block of an executable's digest (link/digest.py)."""
_CHUNK: Final = 1 << 20
_AHEAD: Final = 4
"""Chunks for each processor that wait in memory to be hashed."""


class FileContent:
    """The bytes of a file, which may be more than memory has room for."""

    __slots__ = ("_blocks", "_first", "_size", "known_hash", "path")

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self._size = size
        self._first = 0
        self._blocks: tuple[bytes, ...] = ()
        self.known_hash: int | None = None

    def __len__(self) -> int:
        """Return how many bytes there are."""
        return self._size

    def __eq__(self, other: object) -> bool:
        """Say whether another content has the same bytes."""
        if not isinstance(other, FileContent | bytes | bytearray | memoryview):
            return NotImplemented
        return len(self) == len(other) and all(
            one == two for one, two in zip_longest(chunks(self), chunks(other))
        )

    __hash__ = None  # type: ignore[assignment]

    def remember(self, first: int, blocks: tuple[bytes, ...]) -> None:
        """Keep the SHA-256 of each block from the offset `first` on, so that it is read once."""
        self._first, self._blocks = first, blocks

    def known_block(self, start: int, stop: int) -> bytes | None:
        """Return the SHA-256 of what is between two offsets if it is a block that was kept."""
        number, rest = divmod(start - self._first, BLOCK)
        known = rest == 0 and stop - start == BLOCK and 0 <= number < len(self._blocks)
        return self._blocks[number] if known else None

    def read(self, start: int, stop: int, size: int | None = None) -> Iterator[bytes]:
        """Yield what is between two offsets; raise `CollectError` if the file became shorter."""
        with self.path.open("rb") as stream:
            stream.seek(start)
            while start < stop:
                data = stream.read(min(size or _CHUNK, stop - start))
                if not data:
                    message = f"{self.path} changed during the build"
                    raise CollectError(message, hint="build again while nothing writes to it")
                start += len(data)
                yield data


Content = bytes | bytearray | memoryview | FileContent
Piece = tuple[int, Content]
"""Bytes, and their offset in what they are part of."""


def chunks(content: Content, start: int = 0, stop: int | None = None) -> Iterator[memoryview]:
    """Yield the bytes of a content between two offsets, a mebibyte at a time."""
    end = len(content) if stop is None else min(stop, len(content))
    if isinstance(content, FileContent):
        yield from (memoryview(data) for data in content.read(start, end))
        return
    view = memoryview(content)
    for offset in range(start, end, _CHUNK):
        yield view[offset : min(offset + _CHUNK, end)]


def whole(content: Content) -> bytes:
    """Return all bytes of a content."""
    return content if isinstance(content, bytes) else b"".join(chunks(content))


def hash_content(content: Content, seed: int = 0) -> int:
    """Return the XXH64 of a content; that of a file without a seed is asked for more than once."""
    if not isinstance(content, FileContent):
        return xxhash.xxh64_intdigest(content, seed)
    if seed == 0 and content.known_hash is not None:
        return content.known_hash
    digest = xxhash.xxh64(seed=seed)
    for chunk in chunks(content):
        digest.update(chunk)
    if seed == 0:
        content.known_hash = digest.intdigest()
    return digest.intdigest()


def hash_stored(content: Content, seed: int, offset: int) -> int:
    """Return the XXH64 of a content; a file remembers the hashes of the blocks that lie in it.

    Blocks begin at multiples of `BLOCK` of that which has the content at `offset`.
    """
    if not isinstance(content, FileContent) or len(content) < _CHUNK:
        return hash_content(content, seed)
    digest = xxhash.xxh64(seed=seed)
    first = min(-offset % BLOCK, len(content))
    for data in content.read(0, first):
        digest.update(data)
    blocks: list[bytes] = []
    waiting: deque[Future[list[bytes]]] = deque()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for data in content.read(first, len(content), 16 * BLOCK):
            waiting.append(pool.submit(_hash_blocks, data))
            digest.update(data)
            if len(waiting) > _AHEAD * (os.cpu_count() or 1):
                blocks += waiting.popleft().result()
        blocks += [made for future in waiting for made in future.result()]
    content.remember(first, tuple(blocks))
    return digest.intdigest()


def _hash_blocks(data: bytes) -> list[bytes]:
    """Return the SHA-256 of each whole block."""
    view = memoryview(data)
    ends = range(BLOCK, len(data) + 1, BLOCK)
    return [hashlib.sha256(view[end - BLOCK : end]).digest() for end in ends]

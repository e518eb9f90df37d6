"""Bytes that are stored: in memory, or in a file that is read when they are needed, in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Final

import xxhash

from obelisk.errors import CollectError

_CHUNK: Final = 1 << 20


class FileContent:
    """The bytes of a file, which may be more than memory has room for."""

    __slots__ = ("_size", "known_hash", "path")

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self._size = size
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

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield what is between two offsets; raise `CollectError` if the file became shorter."""
        with self.path.open("rb") as stream:
            stream.seek(start)
            while start < stop:
                data = stream.read(min(_CHUNK, stop - start))
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

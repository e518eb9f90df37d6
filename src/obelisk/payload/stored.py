"""The stored bytes of a payload: compressed where it pays, and equal ones once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

import xxhash
import zstandard

from obelisk.payload.content import Content, Piece, hash_content, whole

ALIGNMENT: Final = 16
LEVEL: Final = 9
"""Of zstd: higher ones take many times as long for a twentieth less."""
DENSE_LEVEL: Final = 15
"""Where size comes first, or the result is kept: beyond it, a hundredth takes as long again."""
_SHARE: Final = 50
"""Files that a thread compresses at once."""
_SAVES: Final = 16
"""What a frame saves at least of its content: one of so many parts."""
_WORTH: Final = 24
"""A dictionary goes in for contents of as many times its size: it saves 3 to 6 % of these."""


class Frame(IntEnum):
    """How bytes are stored; the numbers are those of `enum payload_frame`."""

    NONE = 0
    """As they are."""
    PLAIN = 1
    """A zstd frame of its own."""
    CODE = 2
    """A frame that refers to the dictionary of bytecode."""
    TEXT = 3
    """A frame that refers to the dictionary of source text."""


class Kept:
    """Frames that records share: in memory, for the next payload."""

    def __init__(self) -> None:
        self._made: dict[bytes, bytes] = {}

    def find(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return those that are kept, by their `frame_key`."""
        return {key: self._made[key] for key in keys if key in self._made}

    def keep(self, made: Mapping[bytes, bytes]) -> None:
        """Keep these."""
        self._made |= made


@dataclass(frozen=True, kw_only=True, slots=True)
class Dictionaries:
    """What frames refer to, and frames that need not be made again."""

    contents: Mapping[Frame, bytes] = field(default_factory=dict, repr=False)
    known: dict[bytes, bytes] = field(default_factory=dict, repr=False)
    """Frames by their `frame_key`; those that are made are added."""
    level: int = LEVEL
    """Of zstd, for all other frames, but for those that records share."""
    kept: Kept = field(default_factory=Kept)
    """Shared frames that need not be made again."""


class Store:
    """The stored bytes while they are laid out."""

    def __init__(self, start: int) -> None:
        self.pieces: list[Piece] = []
        """In ascending order; what is between them is zero."""
        self.end = start
        self._known: dict[int, tuple[int, Content]] = {}

    def add(self, data: Content, *, alignment: int = ALIGNMENT) -> int:
        """Return where these bytes are, or are already."""
        digest = hash_content(data)
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


def worthwhile(
    contents: Iterable[tuple[Content, Frame]], dictionaries: Dictionaries
) -> Dictionaries:
    """Return those dictionaries that save more than they take."""
    sizes: Counter[Frame] = Counter()
    for data, frame in contents:
        sizes[frame] += len(data)
    kept = {
        frame: content
        for frame, content in dictionaries.contents.items()
        if sizes[frame] >= _WORTH * len(content)
    }
    return replace(dictionaries, contents=kept)


def compressed(
    contents: Iterable[tuple[Content, Frame]], dictionaries: Dictionaries
) -> list[tuple[Content, Frame]]:
    """Return how each content is stored: as the frame that is asked for, where that pays.

    A frame that would refer to a dictionary which is not there is one of its own.
    """
    asked = possible(contents, dictionaries)
    level = dictionaries.level
    prepared = {frame: _dictionary(data, level) for frame, data in dictionaries.contents.items()}

    def compress(share: list[int]) -> list[bytes]:
        packers = {
            frame: zstandard.ZstdCompressor(level=level, dict_data=prepared.get(frame))
            for frame in Frame
        }
        made = []
        for number in share:
            data, frame = whole(asked[number][0]), asked[number][1]
            key = frame_key(data, frame)
            if key not in dictionaries.known:
                dictionaries.known[key] = packers[frame].compress(data)
            made.append(dictionaries.known[key])
        return made

    stored: list[tuple[Content, Frame]] = [(data, Frame.NONE) for data, _ in asked]
    wanted = [number for number, (data, frame) in enumerate(asked) if frame and data]
    shares = [wanted[start : start + _SHARE] for start in range(0, len(wanted), _SHARE)]
    with ThreadPoolExecutor() as pool:
        done = (made for share in pool.map(compress, shares) for made in share)
        for number, made in zip(wanted, done, strict=True):
            data, frame = asked[number]
            if is_smaller(made, len(data)):
                stored[number] = made, frame
    return stored


def possible(
    contents: Iterable[tuple[Content, Frame]], dictionaries: Dictionaries
) -> list[tuple[Content, Frame]]:
    """Return contents as what can be made of them where a dictionary is not there."""
    return [
        (data, Frame.PLAIN if frame and frame not in dictionaries.contents else frame)
        for data, frame in contents
    ]


def is_smaller(made: bytes, size: int) -> bool:
    """Say whether a frame pays for a content of so many bytes."""
    return len(made) + size // _SAVES < size


def compressor(dictionary: bytes | None, level: int) -> zstandard.ZstdCompressor:
    """Return what makes frames that refer to these bytes."""
    known = None if dictionary is None else _dictionary(dictionary, level)
    return zstandard.ZstdCompressor(level=level, dict_data=known)


def frame_key(data: bytes, frame: Frame) -> bytes:
    """Return the key of a content's frame among those that are known."""
    return bytes([frame]) + xxhash.xxh3_128_digest(data)


def expanded(data: bytes, size: int, dictionary: bytes | None) -> bytes:
    """Return the content of a frame; raise `zstandard.ZstdError` unless it has that size."""
    found = zstandard.frame_content_size(data)
    if found != size:
        message = f"frame size {found}, expected {size}"
        raise zstandard.ZstdError(message)
    known = None if dictionary is None else _dictionary(dictionary)
    return zstandard.ZstdDecompressor(dict_data=known).decompress(data)


def _dictionary(content: bytes, level: int | None = None) -> zstandard.ZstdCompressionDict:
    """Return a dictionary of bytes alone: with tables of its own it would be read at each use."""
    made = zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    if level is not None:
        made.precompute_compress(level=level)
    return made

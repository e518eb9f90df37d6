"""Frames that records share: the contents of several, one behind the other, in one zstd frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import zstandard

from obelisk.payload.content import Content, whole
from obelisk.payload.stored import (
    Dictionaries,
    Frame,
    compressor,
    expanded,
    frame_key,
    is_smaller,
)

SHARED_MOST: Final = 1 << 20
"""Bytes that such a frame's content has at most, as readers require."""
LEVEL: Final = 19
"""Of zstd: what has several contents is worth looking at longer; what is made is kept."""

Asked = tuple[Content, Frame]


@dataclass(frozen=True, slots=True)
class Stored:
    """How a content is stored."""

    data: Content
    frame: Frame
    begin: int = 0
    """Where it begins in the content of the frame."""


@dataclass(slots=True)
class _Shared:
    """The content of a frame while it is laid out."""

    frame: Frame
    parts: list[bytes] = field(default_factory=list)
    size: int = 0


def shared(
    asked: Sequence[Asked], groups: Iterable[Sequence[int]], dictionaries: Dictionaries
) -> dict[int, Stored]:
    """Return how the contents at the positions in `groups` are stored: a frame for each group.

    Missing is what is not to be compressed or too large, and where a frame does not pay. Equal
    contents are in one frame once.
    """
    laid_out, places = _laid_out(asked, groups)
    wanted = [number for number, one in enumerate(laid_out) if one.parts]
    frames = _frames([laid_out[number] for number in wanted], dictionaries)
    made = dict(zip(wanted, frames, strict=True))
    return {
        position: Stored(made[number], laid_out[number].frame, begin)
        for position, (number, begin) in places.items()
        if number in made and is_smaller(made[number], laid_out[number].size)
    }


def _laid_out(
    asked: Sequence[Asked], groups: Iterable[Sequence[int]]
) -> tuple[list[_Shared], dict[int, tuple[int, int]]]:
    """Return the contents of frames, and by position in which of them it begins where."""
    made: list[_Shared] = []
    known: dict[tuple[Frame, bytes], tuple[int, int]] = {}
    places: dict[int, tuple[int, int]] = {}
    for number, group in enumerate(groups):
        one = _Shared(next((asked[n][1] for n in group if asked[n][1]), Frame.NONE))
        made.append(one)
        for position in group:
            content, frame = asked[position]
            if not content or frame != one.frame or one.size + len(content) > SHARED_MOST:
                continue
            data = whole(content)
            key = frame, frame_key(data, frame)
            if key not in known:
                known[key] = number, one.size
                one.parts.append(data)
                one.size += len(data)
            places[position] = known[key]
    return made, places


def _frames(contents: Sequence[_Shared], dictionaries: Dictionaries) -> list[bytes]:
    """Return the frames of contents; those that the dictionaries know are not made again."""
    keys = [frame_key(b"".join(one.parts), one.frame) for one in contents]
    known = {key: dictionaries.known[key] for key in keys if key in dictionaries.known}
    known |= dictionaries.kept.find([key for key in keys if key not in known])
    missing = {key: one for key, one in zip(keys, contents, strict=True) if key not in known}

    def compress(one: _Shared) -> bytes:
        known = dictionaries.contents.get(one.frame)
        return compressor(known, LEVEL).compress(b"".join(one.parts))

    with ThreadPoolExecutor() as pool:
        made = dict(zip(missing, pool.map(compress, missing.values()), strict=True))
    dictionaries.kept.keep(made)
    return [(known | made)[key] for key in keys]


def content_of(
    stored: bytes, begin: int, size: int, dictionary: bytes | None
) -> tuple[bytes, bool]:
    """Return the content of a record's frame, and whether others may share it.

    Raises `zstandard.ZstdError` if it cannot have such a part.
    """
    found = zstandard.frame_content_size(stored)
    is_shared = begin != 0 or found != size
    if is_shared and not (begin + size <= found <= SHARED_MOST):
        message = f"frame size {found}, expected {size}"
        if begin:
            message += f" at {begin}"
        raise zstandard.ZstdError(message)
    return expanded(stored, found, dictionary), is_shared

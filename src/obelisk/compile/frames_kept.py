"""Frames of packages in the cache, by what is in them: a build compresses only what is new."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import zstandard

from obelisk.compile.dictionaries import read_frames, write_frames
from obelisk.compile.kept import KIND, by_package
from obelisk.model import Bytecode
from obelisk.payload import shared, stored
from obelisk.payload.shared import LEVEL
from obelisk.payload.stored import Dictionaries, Frame, Kept
from obelisk.services.cache import Cache, content_key, hash_code

_AT_ONCE: Final = 64
"""Shared frames that are put into the cache together."""


def with_packages(
    cache: Cache, dictionaries: Dictionaries, bytecodes: Iterable[Bytecode], frames: Iterable[Frame]
) -> Dictionaries:
    """Return dictionaries that know the frames of packages' code or text as well.

    They are made at the level of `dictionaries`, as they would be without a cache.
    """
    kinds = sorted(frames)
    codes = {one.module.path: one for one in bytecodes if not one.module.is_sourceless}
    identity = _identity(dictionaries)
    packages = {
        content_key(
            {
                "frames": [frame.name for frame in kinds],
                "modules": [[one.path, one.digest] for one in members],
                **identity,
            }
        ): [codes[one.path] for one in members]
        for members in by_package(one.module for one in codes.values())
    }
    found = {key: cache.find(KIND, key) for key in packages}
    makes = {
        key: partial(_write, packages[key], kinds, dictionaries)
        for key, folder in found.items()
        if folder is None
    }
    cache.keep(KIND, makes)
    known = dict(dictionaries.known)
    for key in packages:
        folder = found[key] or cache.find(KIND, key)  # a cache that is read-only has it not
        known |= read_frames(folder) if folder else {}
    return replace(dictionaries, known=known)


def _write(
    bytecodes: list[Bytecode], kinds: list[Frame], dictionaries: Dictionaries, folder: Path
) -> None:
    contents: dict[Frame, list[bytes]] = {
        Frame.CODE: [one.code for one in bytecodes],
        Frame.TEXT: [one.module.source.read_bytes() for one in bytecodes],
    }
    write_frames(folder, {frame: contents[frame] for frame in kinds}, dictionaries)


class KeptFrames(Kept):
    """Frames that records share, in the cache by their contents: builds make only new ones."""

    def __init__(self, cache: Cache, dictionaries: Dictionaries) -> None:
        super().__init__()
        self._cache = cache
        self._identity = _identity(dictionaries) | {"shared": hash_code(shared), "level": LEVEL}

    def find(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return those that are kept, by their `frame_key`."""
        folders = {key: self._cache.find(KIND, self._entry(key)) for key in keys}
        return {key: (folder / "frame").read_bytes() for key, folder in folders.items() if folder}

    def keep(self, made: Mapping[bytes, bytes]) -> None:
        """Keep these, some at a time: each has a lock of its own meanwhile."""
        made = dict(sorted(made.items()))
        for start in range(0, len(made), _AT_ONCE):
            keys = list(made)[start : start + _AT_ONCE]
            self._cache.keep(
                KIND, {self._entry(key): partial(_write_frame, made[key]) for key in keys}
            )

    def _entry(self, key: bytes) -> str:
        return content_key({"shared frame": key.hex(), **self._identity})


def _write_frame(frame: bytes, folder: Path) -> None:
    (folder / "frame").write_bytes(frame)


def _identity(dictionaries: Dictionaries) -> dict[str, object]:
    """Return what a frame depends on beside its content."""
    return {
        "dictionaries": {
            frame.name: hashlib.sha256(content).hexdigest()
            for frame, content in dictionaries.contents.items()
        },
        "level": dictionaries.level,
        "zstandard": [zstandard.__version__, ".".join(map(str, zstandard.ZSTD_VERSION))],
        "code": hash_code(stored),
    }

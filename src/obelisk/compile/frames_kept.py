"""Frames of packages in the cache, by what is in them: a build compresses only what is new."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import zstandard

from obelisk.compile.dictionaries import read_frames, write_frames
from obelisk.compile.kept import KIND, by_package
from obelisk.model import Bytecode
from obelisk.payload import stored
from obelisk.payload.stored import Dictionaries, Frame
from obelisk.services.cache import Cache, content_key, hash_code


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


def _identity(dictionaries: Dictionaries) -> Mapping[str, object]:
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

"""Dictionaries for compressed modules, trained on the standard library of each distribution.

Zstandard makes the same bytes of the same input everywhere, and its version is pinned.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import zstandard

from obelisk.model import Bytecode
from obelisk.payload.content import whole
from obelisk.payload.stored import DENSE_LEVEL, Dictionaries, Frame, compressed, frame_key
from obelisk.services.cache import Cache, content_key, hash_code

_SIZE: Final = 110 << 10
"""Bytes of a dictionary: twice as much saves one more hundredth, and only of large programs."""
_HEAD: Final = 8
"""Bytes of a trained dictionary before its tables; without them it is taken for content."""


def obtain_dictionaries(
    cache: Cache, stdlib: str, optimize: int, bytecodes: Callable[[], Iterable[Bytecode]]
) -> Dictionaries:
    """Return dictionaries, and the frames of the standard library.

    `stdlib` is the key of its distribution, and `bytecodes` are its modules compiled with
    `optimize`. Made once for each of them, so that builds neither train nor compress it.
    """
    key = content_key(
        {
            "stdlib": stdlib,
            "optimize": optimize,
            "code": hash_code(sys.modules[__name__]),
            "zstandard": [zstandard.__version__, ".".join(map(str, zstandard.ZSTD_VERSION))],
            "level": DENSE_LEVEL,
        }
    )

    def make(folder: Path) -> None:
        samples: dict[Frame, list[bytes]] = {Frame.CODE: [], Frame.TEXT: []}
        for one in bytecodes():
            samples[Frame.CODE].append(one.code)
            samples[Frame.TEXT].append(one.module.source.read_bytes())
        _write(folder, train(samples), samples)

    return _read(cache.obtain("bytecode", key, make))


def train(samples: Mapping[Frame, list[bytes]]) -> Dictionaries:
    """Return dictionaries for contents like these."""
    contents = {
        frame: zstandard.train_dictionary(_SIZE, [*ones]).as_bytes()[_HEAD:]
        for frame, ones in samples.items()
    }
    return Dictionaries(contents=contents, level=DENSE_LEVEL)


def _write(folder: Path, dictionaries: Dictionaries, samples: Mapping[Frame, list[bytes]]) -> None:
    for frame in samples:
        (folder / frame.name).write_bytes(dictionaries.contents[frame])
    write_frames(folder, samples, dictionaries)


def write_frames(
    folder: Path, contents: Mapping[Frame, list[bytes]], dictionaries: Dictionaries
) -> None:
    """Write the frames of contents into the folder of an entry; what does not pay, as it is."""
    rows = []
    with (folder / "frames").open("wb") as file:
        for frame, ones in contents.items():
            done = compressed([(one, frame) for one in ones], dictionaries)
            for content, (stored, _) in zip(ones, done, strict=True):
                rows.append([frame_key(content, frame).hex(), len(stored)])
                file.write(whole(stored))
    (folder / "index.json").write_text(json.dumps(rows), encoding="utf-8")


def read_frames(folder: Path) -> dict[bytes, bytes]:
    """Return the frames of an entry by their keys."""
    whole, known, place = (folder / "frames").read_bytes(), {}, 0
    for key, size in json.loads((folder / "index.json").read_text(encoding="utf-8")):
        known[bytes.fromhex(key)] = whole[place : place + size]
        place += size
    return known


def _read(folder: Path) -> Dictionaries:
    contents = {frame: (folder / frame.name).read_bytes() for frame in (Frame.CODE, Frame.TEXT)}
    return Dictionaries(contents=contents, known=read_frames(folder))

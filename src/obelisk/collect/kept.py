"""Installations in the cache, which are read in place.

An entry is what uv installed of what is fixed by hashes, after it was compared with the RECORDs of
the packages, and what was found out about it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from packaging.utils import NormalizedName

from obelisk.collect.installed import Prefix, make_prefix, prefix_at
from obelisk.components.locks import Archive
from obelisk.services.atomic import link_or_copy
from obelisk.services.cache import Cache

_KIND: Final = "prefixes"
_ROOT: Final = "prefix"
_UNCOMPILED: Final = "uncompiled.json"
_ARCHIVES: Final = "archives.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """An installation in the cache."""

    prefix: Prefix
    uncompiled: tuple[tuple[str, str], ...]
    """(name, version) of packages that are pure Python here and compiled elsewhere."""
    archives: Mapping[NormalizedName, tuple[Archive, ...]] = field(default_factory=dict)
    """What distributions of an index are from."""


def find_kept(cache: Cache, key: str, python: str) -> Kept | None:
    """Return the installation of that key for a version of Python, `3.14`, if there is one."""
    entry = cache.find(_KIND, key)
    if entry is None:
        return None
    found = json.loads((entry / _UNCOMPILED).read_text(encoding="utf-8"))
    archives = json.loads((entry / _ARCHIVES).read_text(encoding="utf-8"))
    return Kept(
        prefix=prefix_at(entry / _ROOT, python),
        uncompiled=tuple((name, version) for name, version in found),
        archives={name: tuple(Archive(**one) for one in row) for name, row in archives.items()},
    )


def keep(cache: Cache, key: str, kept: Kept, python: str, without: Iterable[str | None]) -> None:
    """Move an installation into the cache; link it if it has files, by path, that do not go in."""
    left_out = frozenset(without)

    def make(folder: Path) -> None:
        text = json.dumps(kept.uncompiled)
        (folder / _UNCOMPILED).write_text(text, encoding="utf-8")
        rows = {name: [asdict(one) for one in row] for name, row in kept.archives.items()}
        (folder / _ARCHIVES).write_text(json.dumps(rows), encoding="utf-8")
        if left_out:
            into = make_prefix(folder / _ROOT, python)  # also where nothing is left
            _link_tree(kept.prefix.root, into.root, left_out)
        else:
            kept.prefix.root.rename(folder / _ROOT)

    cache.keep(_KIND, {key: make})


def _link_tree(root: Path, into: Path, left_out: frozenset[str | None]) -> None:
    """Link all files but those; a folder that has none of them is not made.

    An empty `*.dist-info` would be a distribution without metadata.
    """
    for folder, _, names in os.walk(root):
        place = Path(folder).relative_to(root)
        for name in names:
            if (place / name).as_posix() not in left_out:
                (into / place).mkdir(parents=True, exist_ok=True)
                link_or_copy(str(Path(folder, name)), str(into / place / name))

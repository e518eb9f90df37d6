"""The contents of a cache: kinds of entries, by their keys, and other folders.

Only what is listed here, and looks as it must, is ever removed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from obelisk.services.cache import integrity

KINDS: Final = frozenset(
    {
        *("advisories", "builders", "bytecode", "distributions", "downloads", "libraries"),
        *("prefixes", "runtimes", "tests"),
    }
)
WORK: Final = "work"
LOGS: Final = "logs"
LOCKS: Final = "locks"
UV: Final = "uv"
TAG: Final = "CACHEDIR.TAG"
LOCK: Final = ".obelisk.lock"
KNOWN: Final = KINDS | {WORK, LOGS, LOCKS, UV, TAG, LOCK}
OF_NOBODY: Final = {"lost+found"}
"""Names that an empty folder may contain: those of a file system of its own."""
_KEY: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One cached folder."""

    kind: str
    key: str
    path: Path
    size: int
    """Bytes of all files in it."""
    used: float
    """When it was used last, in seconds since 1970."""


def path_of(root: Path, kind: str, key: str) -> Path:
    """Return the path of an entry."""
    if kind not in KINDS or not is_key(key):
        message = f"invalid cache entry name: {kind}/{key}"
        raise ValueError(message)
    return root / kind / key


def is_key(name: str) -> bool:
    """Return whether this is the name of an entry, or of a cache of uv's."""
    return _KEY.fullmatch(name) is not None


def strangers(root: Path) -> list[str]:
    """Return the names in the cache's folder that are not part of the cache, sorted."""
    return sorted({path.name for path in root.iterdir()} - KNOWN - OF_NOBODY)


def entries(root: Path) -> Iterator[Entry]:
    """Yield what is cached, also uv's caches of packages, sorted by kind and key."""
    for kind in sorted(KINDS | {UV}):
        for path in folders(root / kind):
            if is_key(path.name):
                used = _uv_use(path) if kind == UV else integrity.last_use(path)
                yield Entry(kind=kind, key=path.name, path=path, size=size_of(path), used=used)


def folders(parent: Path) -> list[Path]:
    """Return the folders in a folder, which is no link, sorted; links to folders are none."""
    if parent.is_symlink():
        return []
    try:
        with os.scandir(parent) as found:
            return sorted(Path(entry) for entry in found if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def size_of(path: Path) -> int:
    """Return the bytes of all files below a folder, as far as they can be seen.

    A file that several folders link to is shared out among them.
    """
    size, waiting = 0, [str(path)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as found:
            for entry in found:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    with suppress(OSError):
                        facts = entry.stat(follow_symlinks=False)
                        size += facts.st_size // facts.st_nlink
    return size


def _uv_use(folder: Path) -> float:
    """Return when uv wrote to its cache last; it makes no note of what it reads."""
    return max(path.lstat().st_mtime for path in (folder, *folders(folder)))

"""Removing from the cache: all of it, or what is old or too much.

Whoever does waits until no build uses the cache. Only what looks as Obelisk makes it is removed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from obelisk.services.cache import root as folder
from obelisk.services.cache.entries import (
    KINDS,
    LOCK,
    LOCKS,
    LOGS,
    TAG,
    UV,
    WORK,
    entries,
    size_of,
    strangers,
)
from obelisk.services.cache.leftovers import remove_leftovers
from obelisk.services.drafts import remove_tree

_LOCK_OF_ENTRY: Final = re.compile(r"[a-z]+-[0-9a-f]{32,64}\.lock")


@dataclass(frozen=True, kw_only=True, slots=True)
class Removed:
    """What was removed, and what was left."""

    size: int
    """Bytes."""
    entries: int
    left: tuple[Path, ...]
    """What is in the cache's folder but unknown, or could not be removed."""


def clean(root: Path, on_wait: Callable[[], None]) -> Removed:
    """Remove the whole cache, and its folder if nothing else is in it."""
    with _alone(root, on_wait) as there:
        if not there:
            return Removed(size=0, entries=0, left=())
        removed = _remove(root, lambda _used, _left: True)
        for name in (*sorted(KINDS), WORK, LOGS, LOCKS, UV):
            with suppress(OSError):
                (root / name).rmdir()
        left = tuple(sorted(path for path in root.iterdir() if path.name not in (TAG, LOCK)))
        if not left:
            (root / LOCK).unlink(missing_ok=True)
            (root / TAG).unlink()
            with suppress(OSError):
                root.rmdir()  # it may be a mount, or a link to the folder
        return Removed(size=removed.size, entries=removed.entries, left=left)


def prune(
    root: Path,
    *,
    max_size: int | None,
    older_than: float | None,
    on_wait: Callable[[], None],
) -> Removed:
    """Remove what was not used for `older_than` seconds, then the oldest above `max_size` bytes."""
    before = None if older_than is None else time.time() - older_than

    def goes(used: float, left: int) -> bool:
        too_old = before is not None and used < before
        return too_old or (max_size is not None and left > max_size)

    with _alone(root, on_wait) as there:
        return _remove(root, goes) if there else Removed(size=0, entries=0, left=())


def _remove(root: Path, goes: Callable[[float, int], bool]) -> Removed:
    """Remove leftovers, and entries of which `goes` says so, those first that were used first."""
    all_before = size_of(root)
    remove_leftovers(root, alone=True)
    for path in (root / LOCKS).glob("*.lock"):
        if _LOCK_OF_ENTRY.fullmatch(path.name):
            path.unlink()
    found = sorted(entries(root), key=lambda entry: (entry.used, entry.path))
    size, count = sum(entry.size for entry in found), 0
    for entry in found:
        if goes(entry.used, size):
            remove_tree(entry.path)
            size -= entry.size
            count += 1
    left = tuple(root / name for name in strangers(root))
    return Removed(size=all_before - size_of(root), entries=count, left=left)


@contextmanager
def _alone(root: Path, on_wait: Callable[[], None]) -> Iterator[bool]:
    """Hold the cache's lock alone; give whether there is a cache."""
    if not folder.exists(root):
        yield False
        return
    held = folder.hold(root, alone=True, on_wait=on_wait)
    try:
        yield True
    finally:
        if held is not None:
            held.release()

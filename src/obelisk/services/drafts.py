"""Unfinished files and folders, which are removed when their maker dies, however it dies.

A draft has a lock file beside it, which its maker holds. A draft whose lock can be taken has no
maker any more, and whoever comes by removes it.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from obelisk.services.interrupt import deferred
from obelisk.services.locks import Lock, try_lock

_LOCK: Final = ".lock"
_LOCK_OF_DRAFT: Final = re.compile(r".*[0-9a-f]{8}\.lock", re.DOTALL)


@contextmanager
def draft(parent: Path, prefix: str) -> Iterator[Path]:
    """Give a path below `parent` where nothing is, and remove afterwards what is there then."""
    path, held = None, None
    try:
        with deferred():
            path, held = _claim(parent, prefix)
        yield path
    finally:
        with deferred():
            if path is not None and held is not None:
                remove_tree(path)
                held.remove()


def remove_dead(parent: Path, prefix: str) -> None:
    """Remove the drafts below `parent` whose makers are dead."""
    with suppress(OSError):
        for path in parent.iterdir():
            if path.name.startswith(prefix) and _LOCK_OF_DRAFT.fullmatch(path.name):
                _remove_if_dead(path)


def names_of_locked(names: list[str]) -> set[str]:
    """Return those names that belong to drafts with a lock file, and the lock files' own."""
    locks = {name for name in names if _LOCK_OF_DRAFT.fullmatch(name)}
    return locks | ({name.removesuffix(_LOCK) for name in locks} & set(names))


def remove_tree(path: Path) -> None:
    """Remove a file or a folder as well as can be, however deep, without following a link.

    Folders are moved up to the top before they are emptied: a path may be longer than the system
    takes, and nested deeper than there are file descriptors or frames. What remains is a leftover.
    """
    with suppress(OSError):
        if not path.is_symlink() and path.is_dir():
            path.chmod(0o700)
            _flatten(path)
            path.rmdir()
        else:
            path.unlink(missing_ok=True)


def _flatten(top: Path) -> None:
    numbers = iter(range(1 << 62))
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        with suppress(OSError), os.scandir(folder) as found:
            entries = list(found)
            for entry in entries:
                with suppress(OSError):
                    if not entry.is_dir(follow_symlinks=False):
                        os.unlink(entry)  # noqa: PTH108 - no path object for each of thousands
                        continue
                    os.chmod(entry, 0o700)  # noqa: PTH101
                    waiting.append(_raise(Path(entry), top, folder, numbers))
        # A folder at the top is empty when the walk comes back to it.
        if folder != top:
            with suppress(OSError):
                folder.rmdir()


def _raise(entry: Path, top: Path, folder: Path, numbers: Iterator[int]) -> Path:
    """Move a folder to the top, where its new name is one that nothing has."""
    if folder == top:
        return entry
    place = next(place for place in (top / f".{n}" for n in numbers) if not os.path.lexists(place))
    return entry.rename(place)


def _claim(parent: Path, prefix: str) -> tuple[Path, Lock]:
    while True:
        path = parent / f"{prefix}{secrets.token_hex(4)}"
        # Somebody who clears away may hold it for the moment between making and locking.
        held = None if os.path.lexists(path) else try_lock(path.with_name(path.name + _LOCK))
        if held is not None:
            return path, held


def _remove_if_dead(lock: Path) -> None:
    with suppress(OSError):
        held = try_lock(lock)
        if held is not None:
            remove_tree(lock.with_name(lock.name.removesuffix(_LOCK)))
            held.remove()

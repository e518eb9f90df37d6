"""Leftovers of killed processes in the cache, and logs of failed tools.

The work of a dead process is known by its lock. What an older Obelisk left has none: it goes when
nobody can be at work in it any more.
"""

from __future__ import annotations

import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from obelisk.services.cache.entries import KINDS, LOGS, WORK, is_key, strangers
from obelisk.services.drafts import names_of_locked, remove_dead, remove_tree

_UNLOCKED_FOR: Final = 24 * 3600
"""Seconds until a folder without a lock is thought to be nobody's."""
_LOGS_KEPT: Final = 20
_LOGS_FOR: Final = 30 * 24 * 3600
_OLD_DRAFT: Final = re.compile(r"\.([0-9a-f]+)-\w{8}")
_LOG: Final = re.compile(r"[\w.+-]+-[0-9a-f]{8}\.txt")
_OLD_WORK: Final = re.compile(r"[\w.+-]+-\w{8}")


def remove_leftovers(root: Path, *, alone: bool = False) -> None:
    """Remove what dead processes left; `alone` says that no other process is at work."""
    remove_dead(root / WORK, "")
    before = time.time() - (0 if alone else _UNLOCKED_FOR)
    # Among files of others, a name alone says too little.
    for path in [] if strangers(root) else _unlocked(root):
        with suppress(OSError):
            if path.lstat().st_mtime < before:
                remove_tree(path)
    _limit_logs(root / LOGS)


def keep_log(root: Path, log: Path, name: str) -> Path:
    """Move the log of a tool that failed to where it stays for a while."""
    folder = root / LOGS
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.txt"
    log.rename(path)
    return path


def _unlocked(root: Path) -> list[Path]:
    """Return drafts and work that have no lock: those of an older Obelisk."""
    names = _names(root / WORK)
    work = set(names) - names_of_locked(names)
    found = [root / WORK / name for name in sorted(work) if _OLD_WORK.fullmatch(name)]
    for kind in sorted(KINDS):
        for name in _names(root / kind):
            draft = _OLD_DRAFT.fullmatch(name)
            if draft and is_key(draft[1]):
                found.append(root / kind / name)
    return found


def _limit_logs(folder: Path) -> None:
    logs = []
    for name in _names(folder):
        if _LOG.fullmatch(name):
            with suppress(OSError):
                logs.append(((folder / name).lstat().st_mtime, folder / name))
    logs.sort(reverse=True)
    for number, (written, path) in enumerate(logs):
        if number >= _LOGS_KEPT or written < time.time() - _LOGS_FOR:
            remove_tree(path)


def _names(folder: Path) -> list[str]:
    """Return the names in a folder of the cache; none if it is not there, or elsewhere."""
    try:
        return [] if folder.is_symlink() else [path.name for path in folder.iterdir()]
    except OSError:
        return []

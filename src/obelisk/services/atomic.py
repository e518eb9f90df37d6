"""Writing files and folders atomically: complete, or not at all, even if power fails."""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from obelisk.errors import StorageError
from obelisk.services.disk import storage_errors
from obelisk.services.drafts import draft, remove_dead

_PREFIX: Final = ".obelisk-"
"""What names of drafts begin with, in folders that are not ours."""


@contextmanager
def draft_beside(path: Path, mode: int) -> Iterator[Path]:
    """Give a new file in the folder of `path`; sync it and rename it into place afterwards.

    The umask takes from what `mode` gives to others. When the work in it fails, the draft is
    removed and `path` is as it was. Drafts that killed processes left are removed as well.
    """
    folder = path.parent
    with storage_errors(folder):
        remove_dead(folder, _PREFIX)
        before = folder.stat()
        with draft(folder, _PREFIX) as draft_path:
            draft_path.touch(mode, exist_ok=False)
            draft_path.chmod((draft_path.stat().st_mode & ~stat.S_IRWXU) | (mode & stat.S_IRWXU))
            yield draft_path
            sync(draft_path)
            require_replaceable(path)
            _require_same(folder, before)
            draft_path.rename(path)
        sync(folder)


@contextmanager
def draft_folder_beside(path: Path) -> Iterator[Path]:
    """Give a new folder beside `path`, and rename it into place afterwards.

    When the work in it fails or is interrupted, the draft is removed.
    """
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    with storage_errors(folder):
        remove_dead(folder, _PREFIX)
        with draft(folder, _PREFIX) as draft_path:
            draft_path.mkdir()
            draft_path.chmod(0o755)
            yield draft_path
            sync_file_system(draft_path)
            draft_path.rename(path)
        sync(folder)


def try_folder(folder: Path) -> None:
    """Make a file in `folder` and remove it again; raise `OSError` if that cannot be."""
    with draft(folder, _PREFIX) as draft_path:
        draft_path.touch()


def require_replaceable(path: Path) -> None:
    """Raise `StorageError` unless `path`, which is no link, is a regular file or nothing."""
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
        message = f"refusing to overwrite {path}: not a regular file"
        raise StorageError(message, hint="choose another `--output`")


def link_or_copy(source: str, destination: str) -> None:
    """Let a file stand at another place as well; on another file system, a copy of it."""
    try:
        os.link(source, destination)
    except OSError:
        shutil.copy2(source, destination)


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on its disk."""
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def sync_file_system(folder: Path) -> None:
    """Wait until all that was written to the file system of `folder` is on its disk.

    Thousands of files take one call instead of one each.
    """
    number = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syncfs(number) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(folder))
    finally:
        os.close(number)


def _require_same(folder: Path, before: os.stat_result) -> None:
    with suppress(FileNotFoundError):
        if os.path.samestat(folder.stat(), before):
            return
    message = f"directory {folder} was moved or replaced during the build"
    raise StorageError(message, hint="build again")

"""Full or failing disks: how much is free, and errors that name the disk and the fault."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from obelisk.errors import LimitError, ObeliskError, StorageError

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_STORAGE: Final = (
    *_FULL,
    *(errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG, errno.ESTALE),
    *(
        errno.ENAMETOOLONG,
        errno.ENOTDIR,
        errno.ELOOP,
        errno.EISDIR,
        errno.ENOTEMPTY,
        errno.ENODEV,
        errno.EXDEV,
    ),
)
_LIMITS: Final = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)
_TEXTS: Final = ("No space left on device", "Disk quota exceeded", "Bus error")
"""What tools print when a disk is full: a linker writes through a mapping, and gets a signal."""
_FULL_BELOW: Final = 1 << 20
"""Bytes: with less, a disk counts as full if a tool failed without giving a reason."""


def mebibytes(size: int) -> str:
    """Format a number of bytes for people."""
    return f"{size / (1024 * 1024):.1f} MiB"


def free(folder: Path) -> int:
    """Return how many bytes can be written to the file system of `folder`, or of what is above."""
    while True:
        try:
            found = os.statvfs(folder)
        except FileNotFoundError:
            folder = folder.parent
        else:
            # Without inodes no file can be made; some file systems do not count them.
            return 0 if found.f_files and not found.f_favail else found.f_bavail * found.f_frsize


def require_space(folder: Path, wanted: int, what: str) -> None:
    """Raise `StorageError` if there is no space for work that needs `wanted` bytes."""
    there = free(folder)
    if there < wanted:
        sizes = f"{mebibytes(wanted)} needed, {mebibytes(there)} free at {folder}"
        message = f"not enough disk space for {what}: {sizes}"
        raise StorageError(message, hint=_hint())


@contextmanager
def storage_errors(*folders: Path) -> Iterator[None]:
    """Turn system errors about disks and limits into errors that name the disk or limit.

    `folders` are the folders that the work writes to.
    """
    try:
        yield
    except OSError as error:
        explained = explain(error, folders)
        if explained is None:
            raise
        raise explained from error


def explain(error: OSError, folders: Iterable[Path]) -> ObeliskError | None:
    """Return the meaning of a system error; None if it is not about disks or limits."""
    if isinstance(error, shutil.Error):
        return _explain_copies(error, list(folders))
    if error.errno in _LIMITS:
        return limit_error(os.strerror(error.errno))
    return _explain_storage(error, list(folders)) if error.errno in _STORAGE else None


def _explain_storage(error: OSError, folders: list[Path]) -> StorageError:
    reason = os.strerror(error.errno or 0)
    if error.errno in _FULL:
        return _full(_fullest([*folders, *_parents([error.filename])]), reason)
    if error.errno == errno.EFBIG:
        return _too_large("cannot write a file")
    if error.errno == errno.EXDEV:
        message = f"cannot move {error.filename} to {error.filename2}: not on the same file system"
        hint = "keep the whole cache directory on one file system"
        return StorageError(message, hint=hint)
    path = error.filename2 or error.filename or next(iter(folders), "a file")
    deed = "write" if error.errno == errno.EROFS else "read or write"
    message = f"cannot {deed} {os.fsdecode(path)}: {reason}"
    hint = "choose another `--output`, or another cache directory with OBELISK_CACHE"
    return StorageError(message, hint=hint)


def limit_error(reason: str) -> LimitError:
    """Return the error for a resource that the system refused."""
    files = _limit(resource.RLIMIT_NOFILE)
    memory = _limit(resource.RLIMIT_AS)
    message = f"out of resources: {reason} (limits: {files} open files, {memory} memory)"
    return LimitError(
        message, hint="raise the limit (`ulimit -n`, `ulimit -v`) or stop other processes"
    )


def is_full(error: OSError) -> bool:
    """Return whether a system error is a full disk."""
    return error.errno in _FULL


def limit_of(error: OSError) -> LimitError | None:
    """Return the error for a refused program, file or memory, None when it is about another."""
    return limit_error(error.strerror or str(error)) if error.errno in _LIMITS else None


def explain_failure(
    what: str, status: int, output: str, folders: Iterable[Path]
) -> StorageError | None:
    """Return the error of a tool that failed because a disk is full; None for other failures.

    `folders` are folders that the tool writes to, `output` is what it printed.
    """
    if status in (-signal.SIGXFSZ, 128 + signal.SIGXFSZ):
        return _too_large(f"{what} failed")
    path = _fullest(folders)
    told = next((text for text in _TEXTS if text in output), None)
    if told is None and status in (-signal.SIGBUS, 128 + signal.SIGBUS):
        told = _TEXTS[-1]
    if told is None and free(path) >= _FULL_BELOW:
        return None
    return _full(path, f"{what} failed" + (f": {told}" if told else ""))


def _explain_copies(error: shutil.Error, folders: list[Path]) -> ObeliskError:
    """Explain the error of a copied tree: a list of (source, place, text)."""
    rows = error.args[0] if error.args and isinstance(error.args[0], list) else []
    path, text = (rows[0][1], str(rows[0][2])) if rows else (None, str(error))
    for code in _FULL:
        if os.strerror(code) in text:
            return _full(_fullest([*folders, *_parents([path])]), os.strerror(code))
    if any(os.strerror(code) in text for code in _LIMITS):
        return limit_error(text)
    return StorageError(
        f"cannot copy to {path}: {text}", hint="check its permissions and free space"
    )


def _full(path: Path, reason: str) -> StorageError:
    message = f"disk full at {path} ({mebibytes(free(path))} free): {reason}"
    return StorageError(message, hint=_hint())


def _fullest(folders: Iterable[Path]) -> Path:
    return min(folders, key=free, default=Path())


def _parents(names: Iterable[str | bytes | None]) -> list[Path]:
    return [Path(os.fsdecode(name)).parent for name in names if isinstance(name, str | bytes)]


def _hint() -> str:
    return "free some space, or use another disk with `--output` and OBELISK_CACHE"


def _too_large(what: str) -> StorageError:
    message = f"{what}: file size limit of {_limit(resource.RLIMIT_FSIZE)} bytes exceeded"
    return StorageError(message, hint="raise the limit (`ulimit -f`)")


def _limit(which: int) -> str:
    soft, _ = resource.getrlimit(which)
    return "unlimited" if soft == resource.RLIM_INFINITY else str(soft)

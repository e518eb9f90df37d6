"""Locks between processes: flock(2), which the kernel lets go of when the holder dies.

A network file system may have such locks among all its clients (NFS 4 of Linux), on each client for
itself, or not at all. Where there are none, work goes on without.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

_NO_LOCKS: Final = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EINVAL)
_UNWRITABLE: Final = (errno.EROFS, errno.EACCES, errno.EPERM)
_PAUSE: Final = 0.05
"""Seconds between two attempts."""


class Lock:
    """A lock that is held until `release`, or until this object or its process is gone."""

    def __init__(self, number: int, path: Path) -> None:
        self._number = number
        self.path = path

    def release(self) -> None:
        """Let others have it."""
        if self._number >= 0:
            os.close(self._number)
            self._number = -1

    def remove(self) -> None:
        """Remove the lock's file and let others have it."""
        self.path.unlink(missing_ok=True)
        self.release()

    __del__ = release


def try_lock(path: Path, *, shared: bool = False) -> Lock | None:
    """Take the lock of the file `path`, which is made if need be; None if another holds it."""
    while True:
        number = _open(path, shared=shared)
        try:
            fcntl.flock(number, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(number)
            return None
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                os.close(number)
                raise
        # Who held it before may have removed the file, and a third may have made it anew.
        if _is_at(number, path):
            return Lock(number, path)
        os.close(number)


def lock(
    path: Path,
    *,
    shared: bool = False,
    on_wait: Callable[[], None] = lambda: None,
    give_up: Callable[[], bool] = lambda: False,
) -> Lock | None:
    """Wait for the lock of the file `path`; None if `give_up` said so.

    `on_wait` is called once if another holds it.
    """
    taken = try_lock(path, shared=shared)
    if taken is None:
        on_wait()
    while taken is None and not give_up():
        time.sleep(_PAUSE)
        taken = try_lock(path, shared=shared)
    return taken


def _open(path: Path, *, shared: bool) -> int:
    flags = os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        # NFS gives an exclusive lock only to who may write.
        return os.open(path, flags | os.O_RDWR, 0o666)
    except OSError as error:
        if not shared or error.errno not in _UNWRITABLE:
            raise
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)


def _is_at(number: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(number), path.lstat())
    except FileNotFoundError:
        return False

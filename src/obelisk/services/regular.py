"""Reading files named by others: regular files only, up to a size limit.

A FIFO would hang a build, a device may act on being opened or never end. What a path names is asked
of the open file, so that it cannot be exchanged in between; opening waits for nobody.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO, Final

_LARGEST_TEXT: Final = 16 * 1024 * 1024
"""Far above any requirements file, script or metadata that somebody wrote."""
_KINDS: Final = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFLNK: "a symbolic link",
}


def read_regular(path: Path, *, largest: int = _LARGEST_TEXT) -> bytes:
    """Return the bytes of a regular file of at most `largest` bytes.

    Raises `OSError` with a `strerror` for people, also for a path that no file can have.
    """
    with open_regular(path, largest=largest) as stream:
        return stream.read(largest)


def open_regular(path: Path, *, largest: int = sys.maxsize) -> BinaryIO:
    """Open a regular file of at most `largest` bytes; raise as `read_regular` does."""
    if "\0" in str(path):
        raise OSError(errno.EINVAL, "embedded null byte", str(path))
    # Asked first, since opening a device may already act on it; and again of what was opened.
    _require_regular(path.stat(), path, largest)
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    stream = os.fdopen(number, "rb")
    try:
        _require_regular(os.fstat(number), path, largest)
    except OSError:
        stream.close()
        raise
    return stream


def is_regular(path: Path) -> bool:
    """Return whether there is a regular file; `Path.is_file` raises for what cannot be a path."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path | str) -> bool:
    """Return whether there is a folder; `Path.is_dir` raises for what cannot be a path."""
    return os.path.isdir(path)  # noqa: PTH112


def require_copyable(root: Path) -> None:
    """Raise `OSError` unless all below a folder can be copied, with what links lead to.

    That is, unless there are only regular files, and no link leads to a folder that it is in.
    """
    _require_copyable(root, frozenset())


def kind_of(mode: int) -> str:
    """Describe the kind of a file that is not regular."""
    return _KINDS.get(stat.S_IFMT(mode), "not a regular file")


def _require_copyable(folder: Path, above: frozenset[tuple[int, int]]) -> None:
    facts = folder.stat()
    own = (facts.st_dev, facts.st_ino)
    if own in above:
        raise OSError(errno.ELOOP, "symbolic link to a parent directory", str(folder))
    for path in folder.iterdir():
        if is_folder(path):
            _require_copyable(path, above | {own})
        else:
            _require_regular(path.stat(), path, sys.maxsize)


def _require_regular(facts: os.stat_result, path: Path, largest: int) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(errno.EINVAL, f"it is {kind_of(facts.st_mode)}", str(path))
    if facts.st_size > largest:
        text = f"too large: {facts.st_size} bytes, the limit is {largest}"
        raise OSError(errno.EFBIG, text, str(path))

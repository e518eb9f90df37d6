"""The kernel's cache of files: dropping it, for starts that come from the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from bench.processes import Command

HOST = Path("/")
_DROP = Path("/proc/sys/vm/drop_caches")


def forget(command: Command) -> None:
    """Drop a command's own files from the cache; other work on the machine is not disturbed."""
    for path in files_of(command):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def forget_all(_command: Command) -> None:
    """Drop the whole cache, names and inodes too; needs root and a machine of one's own."""
    _DROP.write_text("3\n", encoding="ascii")


def files_of(command: Command) -> Iterator[Path]:
    """Yield the regular files that a command consists of."""
    for path in command.files:
        if path.is_dir():
            yield from (one for one in path.rglob("*") if one.is_file() and not one.is_symlink())
        elif path.is_file():
            yield path


def size_of(command: Command) -> int:
    """Return the bytes of all that a command consists of."""
    return sum(path.stat().st_size for path in files_of(command))

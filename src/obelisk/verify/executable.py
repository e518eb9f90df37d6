"""An executable file as `verify` sees it, whatever the format of its headers."""

from __future__ import annotations

import io
import mmap
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from obelisk.errors import VerifyError
from obelisk.services.disk import limit_of
from obelisk.services.regular import kind_of
from obelisk.verify.finding import Finding
from obelisk.verify.promise import Promise

Span = tuple[int, int]
"""(start, end) of bytes in a file."""
Check = Callable[[], tuple[Finding, ...]]
"""A check that takes a time that grows with the file."""


def nothing() -> tuple[Finding, ...]:
    """Check nothing."""
    return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Executable:
    """What was read of an executable file."""

    findings: tuple[Finding, ...]
    payload: memoryview
    payload_offset: int
    """Where that begins in the file."""
    size: int
    """Bytes of the file."""
    objects_size: int = 0
    """Bytes of linked shared objects in it."""
    objects: tuple[tuple[str, int], ...] = ()
    """The name of each of them, and its bytes in the file; empty if they are corrupt."""
    objects_spans: tuple[Span, ...] = ()
    """Where what is loaded of them is in the file."""
    snapshot: memoryview = field(default_factory=lambda: memoryview(b""))
    """The part that it starts from; empty if there is none."""
    check_whole: Check = nothing
    """Reads every byte of the file."""
    check_code: Check = nothing
    """Looks into the code of the runtime, which is the same in all executables of a build."""


def map_file(path: Path) -> mmap.mmap:
    """Map a file into memory, because executables may be large.

    Raises `VerifyError` for anything but a regular file, without opening it.
    """
    try:
        _require_regular(path, path.stat().st_mode)
        # It may have become a pipe since, which must not be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            _require_regular(path, os.fstat(descriptor).st_mode)
            if file.seek(0, io.SEEK_END) == 0:
                return mmap.mmap(-1, 1)  # it cannot map nothing
            return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        message = f"cannot read {path}: {reason}"
        refused = limit_of(error) if isinstance(error, OSError) else None
        raise refused or VerifyError(message) from error


def _require_regular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        message = f"cannot read {path}: it is {kind_of(mode)}"
        raise VerifyError(message, hint="pass an executable built by Obelisk")


def unreadable(error: Exception) -> Finding:
    """Return the finding of a file whose headers cannot be read."""
    return Finding(promise=Promise.HEADERS, sound=False, detail=str(error))

"""The dynamic linker for programs that ask for musl's, which most systems do not have."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import Final

from obelisk.model import LOADER, Collection, DataFile

_ASKED_FOR: Final = b"/lib/ld-musl-"
_HEAD: Final = 8192
"""Bytes in which linkers write that name."""


def with_loader(collection: Collection, loader: Path) -> Collection:
    """Add musl's dynamic linker, its libc as a shared library, if a program asks for it."""
    if not any(_asks(file) for file in collection.files):
        return collection
    return replace(collection, files=(*collection.files, DataFile(path=LOADER, source=loader)))


def _asks(file: DataFile) -> bool:
    if not file.source.stat().st_mode & stat.S_IXUSR:
        return False
    with file.source.open("rb") as stream:
        head = stream.read(_HEAD) if stream.read(4) == b"\x7fELF" else b""
    return _ASKED_FOR in head

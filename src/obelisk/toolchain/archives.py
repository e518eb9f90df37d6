"""Static libraries, read: the System V archive format, as `ar` writes it for ELF and PE files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from obelisk.errors import ToolError

_MAGIC: Final = b"!<arch>\n"
_HEADER: Final = 60
"""Bytes before each member: its name is the first 16, its size, as text, 10 from the 48th."""
_INDICES: Final = (b"/", b"/SYM64/")
_LONG_NAMES: Final = b"//"


def archive_members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the names and contents of a library's members, but for its tables.

    Raises `ToolError` for a file that is no such library.
    """
    data = path.read_bytes()
    if not data.startswith(_MAGIC):
        message = f"{path} is not a static library"
        raise ToolError(message)
    long_names = b""
    start = len(_MAGIC)
    while start + _HEADER <= len(data):
        name = data[start : start + 16].rstrip()
        size = int(data[start + 48 : start + 58])
        content = data[start + _HEADER : start + _HEADER + size]
        if name == _LONG_NAMES:
            long_names = content
        elif name not in _INDICES:
            yield _name(name, long_names), content
        start += _HEADER + size + size % 2


def _name(name: bytes, long_names: bytes) -> str:
    if name[:1] == b"/":
        rest = long_names[int(name[1:]) :]
        name = rest[: min(end for end in map(rest.find, (b"\n", b"\0")) if end >= 0)]
    return name.removesuffix(b"/").decode()

"""The names of the libraries that an image needs, by its import tables."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from obelisk.pe.headers import Bytes, DirectoryEntry, Headers, PeError

_IMPORT: Final = struct.Struct("<IIIII")
_DELAYED: Final = struct.Struct("<IIIIIIII")
_MOST: Final = 1024
"""Libraries of a table: more are damage."""
_LONGEST: Final = 256


def imported_libraries(data: Bytes, headers: Headers) -> list[str]:
    """Return the names of the libraries that are loaded with an image, or when they are needed.

    Raises `PeError` for tables that are malformed.
    """
    names = _names(data, headers, DirectoryEntry.IMPORT, _IMPORT, 3)
    return [*names, *_names(data, headers, DirectoryEntry.DELAY_IMPORT, _DELAYED, 1)]


def _names(
    data: Bytes, headers: Headers, entry: DirectoryEntry, row: struct.Struct, field: int
) -> Iterator[str]:
    """Yield the names of a table, whose rows have their address in a field; zeros end it."""
    directory = headers.directory(entry)
    if not directory.address:
        return
    for number in range(_MOST):
        place = headers.offset_of(directory.address + number * row.size, row.size)
        fields = row.unpack_from(data, place)
        if not fields[field]:
            return
        yield _text(data, headers, fields[field])
    message = f"a table of imports without an end at {directory.address:#x}"
    raise PeError(message)


def _text(data: Bytes, headers: Headers, address: int) -> str:
    place = headers.offset_of(address, 1)
    text, end, _ = bytes(data[place : place + _LONGEST]).partition(b"\0")
    if not end or not text or not text.isascii():
        message = f"malformed name of a library at {address:#x}"
        raise PeError(message)
    return text.decode()

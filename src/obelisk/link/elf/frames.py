"""Unwind tables for debuggers: what the objects have as `.eh_frame`, as one `.debug_frame`.

Debuggers read one table of each kind in a file, and the executable's own `.eh_frame` is the
runtime's. Follows DWARF 5, section 6.4, and the Linux Standard Base's description of `.eh_frame`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_END: Final = 0
_CIE_MARK: Final = 0xFFFFFFFF
_VERSION: Final = 3
_PC_RELATIVE: Final = 0x10
_SIGNED_4: Final = 0x0B
_SIGNED_8: Final = 0x0C
_ABSOLUTE: Final = 0x00


@dataclass(frozen=True, kw_only=True, slots=True)
class _Common:
    """A CIE: what many functions share."""

    encoding: int
    """How addresses of functions are written."""
    has_augmentation: bool
    place: int
    """Where it is in the new table."""


def debug_frames(tables: Iterator[tuple[int, bytes]]) -> bytes:
    """Return a `.debug_frame` of `.eh_frame` tables, each given with its address.

    A table, or the rest of it, that is not understood is left out: only debuggers need it.
    """
    made = bytearray()
    for address, table in tables:
        try:
            _convert(made, address, table)
        except (struct.error, IndexError, KeyError, ValueError):
            continue
    return bytes(made)


def _convert(made: bytearray, address: int, table: bytes) -> None:
    commons: dict[int, _Common | None] = {}
    place = 0
    while place + 4 <= len(table):
        (length,) = struct.unpack_from("<I", table, place)
        if length in (_END, _CIE_MARK):
            return
        start, end = place + 4, place + 4 + length
        (kind,) = struct.unpack_from("<I", table, start)
        if kind == 0:
            commons[place] = _add_common(made, table, start + 4, end)
        else:
            common = commons[start - kind]
            if common is not None:
                _add_function(made, common, address, table[:end], start + 4)
        place = end


def _add_common(made: bytearray, table: bytes, place: int, end: int) -> _Common | None:
    stop = table.index(0, place + 1)
    augmentation = table[place + 1 : stop].decode("ascii")
    place = stop + 1
    numbers_at = place
    for _ in range(3):  # alignments of code and data, and the return address's register
        place = _after_number(table, place)
    numbers = table[numbers_at:place]
    encoding = _ABSOLUTE
    if augmentation.startswith("z"):
        size, place = _number(table, place)
        encoding = _encoding(augmentation, table[place : place + size])
        place += size
    if encoding not in (_ABSOLUTE, _PC_RELATIVE | _SIGNED_4, _PC_RELATIVE | _SIGNED_8):
        return None
    at = len(made)
    _add(made, struct.pack("<IBB", _CIE_MARK, _VERSION, 0) + numbers + table[place:end])
    return _Common(encoding=encoding, has_augmentation=augmentation.startswith("z"), place=at)


def _encoding(augmentation: str, data: bytes) -> int:
    place, found = 0, _ABSOLUTE
    for letter in augmentation[1:]:
        if letter == "R":
            found = data[place]
        if letter in "RL":
            place += 1
        elif letter == "P":
            place += 1 + {2: 2, 3: 4, 4: 8, 0: 8}[data[place] & 7]
    return found


def _add_function(made: bytearray, common: _Common, address: int, table: bytes, place: int) -> None:
    if common.encoding == _PC_RELATIVE | _SIGNED_4:
        start, size = struct.unpack_from("<iI", table, place)
        start, after = start + address + place, place + 8
    else:
        start, size = struct.unpack_from("<qQ", table, place)
        start, after = start + (address + place if common.encoding else 0), place + 16
    if common.has_augmentation:
        length, after = _number(table, after)
        after += length
    _add(made, struct.pack("<IQQ", common.place, start, size) + table[after:])


def _add(made: bytearray, entry: bytes) -> None:
    entry += bytes(-(len(entry) + 4) % 8)  # DW_CFA_nop
    made += struct.pack("<I", len(entry)) + entry


def _number(table: bytes, place: int) -> tuple[int, int]:
    """Read an unsigned LEB128 number; return it and the place behind it."""
    value = shift = 0
    while True:
        byte = table[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if not byte & 0x80:
            return value, place


def _after_number(table: bytes, place: int) -> int:
    return _number(table, place)[1]

"""What an executable tells loaders: its dynamic section, and the symbols that it exports."""

from __future__ import annotations

import struct
from typing import Final

from obelisk.errors import VerifyError
from obelisk.verify.headers import DYNAMIC, Headers
from obelisk.verify.memory import Memory

NEEDED, STRINGS, SYMBOLS, RPATH, RUNPATH, GNU_HASH = 1, 5, 6, 15, 29, 0x6FFFFEF5
"""Tags."""
_ENTRY: Final = struct.Struct("<qQ")
_LARGEST: Final = 1 << 16
"""Bytes of a dynamic section."""
_HASH_HEADER: Final = struct.Struct("<IIII")
_SYMBOL: Final = struct.Struct("<IBBHQQ")
_LONGEST_CHAIN: Final = 1 << 12


def dynamic_entries(headers: Headers, memory: Memory) -> list[tuple[int, int]]:
    """Return (tag, value) of the dynamic section; raise `VerifyError` if it is not loaded."""
    entries = []
    for segment in headers.of(DYNAMIC):
        size = min(segment.file_size, _LARGEST) // _ENTRY.size * _ENTRY.size
        for tag, value in _ENTRY.iter_unpack(memory.read(segment.address, size)):
            if tag == 0:
                break
            entries.append((tag, value))
    return entries


def address_of(name: bytes, entries: dict[int, int], memory: Memory) -> int | None:
    """Return the address of an exported symbol, found as a loader finds it; None for none.

    Raises `VerifyError` for malformed tables.
    """
    if not {GNU_HASH, SYMBOLS, STRINGS} <= entries.keys():
        return None
    table = entries[GNU_HASH]
    buckets, first, words, _ = _HASH_HEADER.unpack(memory.read(table, _HASH_HEADER.size))
    if not buckets:
        return None
    wanted = _hash(name)
    buckets_at = table + _HASH_HEADER.size + 8 * words
    number = _word(memory, buckets_at + 4 * (wanted % buckets))
    chain_at = buckets_at + 4 * buckets
    for index in range(number, number + _LONGEST_CHAIN if number >= first else 0):
        found = _word(memory, chain_at + 4 * (index - first))
        if found | 1 == wanted | 1:
            row = memory.read(entries[SYMBOLS] + index * _SYMBOL.size, _SYMBOL.size)
            text, _, _, section, value, _ = _SYMBOL.unpack(row)
            if section and memory.text(entries[STRINGS] + text).encode() == name:
                return int(value)
        if found & 1:
            return None
    return None


def _hash(name: bytes) -> int:
    """Return a name's hash, as in https://flapenguin.me/elf-dt-gnu-hash."""
    value = 5381
    for byte in name:
        value = (value * 33 + byte) & 0xFFFFFFFF
    return value


def _word(memory: Memory, address: int) -> int:
    if address < 0:
        message = "malformed hash table of symbols"
        raise VerifyError(message)
    return int.from_bytes(memory.read(address, 4), "little")

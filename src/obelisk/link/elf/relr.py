"""Relative relocations in their compact form (DT_RELR of the System V ABI).

A list of 64-bit words: an even one is an address to relocate; an odd one is a map of the 63 words
that follow the last one, a bit each.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Final

_WORD: Final = 8
_BITS: Final = 63
_ADDRESS: Final = struct.Struct("<Q")
_MASK: Final = (1 << 64) - 1


def encode(addresses: Sequence[int]) -> list[int]:
    """Return the words for `addresses`, which ascend and are even."""
    words: list[int] = []
    place, count = 0, len(addresses)
    while place < count:
        start = addresses[place]
        words.append(start)
        place += 1
        start += _WORD
        while place < count:
            bits = 0
            while place < count:
                distance = addresses[place] - start
                if distance >= _BITS * _WORD or distance % _WORD or distance < 0:
                    break
                bits |= 1 << (distance // _WORD)
                place += 1
            if not bits:
                break
            words.append(bits << 1 | 1)
            start += _BITS * _WORD
    return words


def decode(words: Iterable[int]) -> list[int]:
    """Return the addresses that `words` stand for."""
    addresses: list[int] = []
    start = 0
    for word in words:
        if word & 1:
            bits, place = word >> 1, start
            while bits:
                if bits & 1:
                    addresses.append(place)
                bits >>= 1
                place += _WORD
            start += _BITS * _WORD
        else:
            addresses.append(word)
            start = word + _WORD
    return addresses


def moved(content: memoryview | bytearray, places: Iterable[int], distance: int) -> bytearray:
    """Return a content in which addresses, at those places, are others by a distance."""
    data = bytearray(content)
    for at in places:
        (value,) = _ADDRESS.unpack_from(data, at)
        _ADDRESS.pack_into(data, at, (value + distance) & _MASK)
    return data

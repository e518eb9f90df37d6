"""The checksum of a PE file, as `CheckSumMappedFile` of imagehlp computes it.

It is the sum of all 16-bit words, each carry added at the lower end, with the checksum itself as
zero, and then the size of the file. A sum with such carries is a residue modulo 0xFFFF, so it does
not matter in which order, and in how large pieces, a file is added up.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_MODULUS: Final = 0xFFFF
_CHUNK: Final = 1 << 16
"""Bytes that are added up at once: one number of that length."""


def checksum(pieces: Iterable[tuple[int, memoryview]], size: int) -> int:
    """Return the checksum of a file of `size` bytes, from its pieces and their offsets.

    What is between them is zero, and so is, in them, the checksum.
    """
    total, is_zero = 0, True
    for place, piece in pieces:
        for start in range(0, len(piece), _CHUNK):
            number = int.from_bytes(piece[start : start + _CHUNK], "little")
            is_zero = is_zero and number == 0
            # A byte at an odd offset is the upper half of its word.
            total += number % _MODULUS * (256 if (place + start) % 2 else 1)
    residue = total % _MODULUS
    # The carries never make a sum of anything zero again.
    return (residue or (0 if is_zero else _MODULUS)) + size


def checksum_of(data: memoryview, field_at: int) -> int:
    """Return the checksum of a whole file whose own checksum is at the offset `field_at`."""
    field_end = field_at + 4
    pieces = ((0, data[:field_at]), (field_end, data[field_end:]))
    return checksum(pieces, len(data)) & 0xFFFF_FFFF

"""Where a snapshot's memory lies: at addresses that follow from what it is made of.

Every executable has others, and the same input has the same. They are below the range that kernels
map at when they are not told where (a third of the address space and above), and above that which
mimalloc wishes for (30 TiB).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

_LOWEST: Final = 32 << 40
_PLACES: Final = (7 << 40) // (2 << 20)
"""How many addresses there are to choose from, at multiples of a large page."""
_HEAP_DISTANCE: Final = 1 << 40
HEAP_SIZE: Final = 1 << 40
"""Bytes behind the heap's first address that are memory, if they are mapped."""
PLACES_DISTANCE: Final = 1 << 39
"""Bytes from there up to the blocks that have places, as runtime/c/snapshot/blocks.c has it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """Where the parts of a process are, and what its random numbers follow from."""

    seed: bytes
    """32 bytes."""
    image: int
    """Of the executable's first byte."""
    heap: int
    """Of memory that was asked for."""


def addresses_of(content: bytes) -> Addresses:
    """Return the addresses for an executable of which `content` tells every byte."""
    seed = hashlib.sha256(b"snapshot" + content).digest()
    image = _LOWEST + int.from_bytes(seed[:8], "little") % _PLACES * (2 << 20)
    return Addresses(seed=seed, image=image, heap=image + _HEAP_DISTANCE)

"""Where everything of the linked shared objects is in memory.

An object's code refers to its data by their distance, so an object stays one piece, and the pieces
follow one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from obelisk.link.elf.graph import Node
from obelisk.link.elf.memory import aligned
from obelisk.link.elf.tls import RuntimeTls, TlsLayout, lay_out_tls


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Addresses of all objects."""

    start: int
    end: int
    bases: tuple[int, ...]
    tls: TlsLayout


def lay_out(nodes: Sequence[Node], *, start: int, tls: RuntimeTls) -> Layout:
    """Place all objects from the address `start` on.

    Raises `LinkError` when there is no room for thread-local variables.
    """
    place, bases = start, []
    for node in nodes:
        place = aligned(place, node.object.alignment)
        bases.append(place)
        place += node.object.span
    blocks = lay_out_tls([node.object for node in nodes], tls)
    return Layout(start=start, end=place, bases=tuple(bases), tls=blocks)

"""The bytes of an executable, before they are written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO

from obelisk.payload.content import Piece, chunks
from obelisk.payload.payload import Packed


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapshotPart:
    """The part of an executable with its snapshot, or with a request for one."""

    packed: Packed
    image: int
    """The address at which it maps the executable's first byte."""
    own_data: tuple[tuple[int, bytes], ...] = field(default=(), repr=False)
    """What takes the place of the runtime's data, at its place in the file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """The bytes of an executable, as pieces at their places in the file."""

    pieces: tuple[Piece, ...] = field(repr=False)
    size: int

    def write(self, file: BinaryIO) -> None:
        """Write the whole file; what is between the pieces is zero, and takes no room on disk."""
        for place, piece in self.pieces:
            file.seek(place)
            file.writelines(chunks(piece))
        file.truncate(self.size)

"""What of a payload is compressed: the policy behind the setting `compression`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from obelisk.config.settings import Compression, Settings
from obelisk.payload.payload import LARGE, Kind, Table, use_key
from obelisk.payload.stored import DENSE_LEVEL, LEVEL, Frame

_SMALL: Final = 256
"""Bytes below which a file is not worth the trouble of expanding it."""
_HUGE: Final = 64 << 20
"""Bytes from which a file is stored as it is: it would be compressed, and expanded, as a whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frames:
    """Chooses how each thing is stored, as far as that pays."""

    compression: Compression
    used: frozenset[str]
    """Keys of what a start uses, which stays as it is."""

    @classmethod
    def of(cls, compression: Compression, first_use: Iterable[str]) -> Frames:
        """Return the policy of a setting; `first_use` are the keys of what a start uses."""
        everything = compression == Compression.ZSTD
        return cls(compression=compression, used=frozenset(() if everything else first_use))

    @staticmethod
    def are_shared(settings: Settings) -> bool:
        """Say whether contents share frames: where size comes before the speed of single reads.

        Of an executable with a snapshot, a start reads next to nothing from the payload.
        """
        return settings.snapshot or settings.storage.compression == Compression.ZSTD

    @property
    def level(self) -> int:
        """The level of what is compressed anew in each build."""
        return DENSE_LEVEL if self.compression == Compression.ZSTD else LEVEL

    @property
    def of_modules(self) -> tuple[Frame, ...]:
        """What modules may be stored as, beside as they are."""
        wanted = {Compression.OFF: (), Compression.TEXT: (Frame.TEXT,)}
        return wanted.get(self.compression, (Frame.CODE, Frame.TEXT))

    def of_code(self, path: str) -> Frame:
        """Choose for the bytecode of a source file."""
        if self.compression in (Compression.OFF, Compression.TEXT):
            return Frame.NONE
        return Frame.NONE if use_key(Table.MODULES, path) in self.used else Frame.CODE

    def of_text(self, path: str) -> Frame:
        """Choose for a source file."""
        if self.compression == Compression.OFF:
            return Frame.NONE
        return Frame.NONE if use_key(Table.FILES, path) in self.used else Frame.TEXT

    def of_license(self, size: int) -> Frame:
        """Choose for a license text: whatever the setting, it is compressed."""
        return Frame.TEXT if size >= _SMALL else Frame.NONE

    def of_data(self, path: str, kind: Kind, size: int) -> Frame:
        """Choose for any other file.

        Programs are executed, and large files read where they are, from the mapped executable.
        """
        if self.compression == Compression.ZSTD and size < _HUGE:
            return Frame.TEXT if size < LARGE else Frame.PLAIN
        if self.compression != Compression.UNUSED or kind == Kind.PROGRAM:
            return Frame.NONE
        is_used = use_key(Table.FILES, path) in self.used
        return Frame.TEXT if _SMALL <= size < LARGE and not is_used else Frame.NONE

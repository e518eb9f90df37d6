"""The memory of an executable, read by address from its file."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from typing import Final

from obelisk.errors import VerifyError
from obelisk.verify.headers import Segment

_ZEROS: Final = bytes(1 << 20)
_LONGEST: Final = 4096


class Memory:
    """What loaded segments hold; behind their part of the file they are zero."""

    def __init__(self, data: mmap.mmap, loads: Iterable[Segment]) -> None:
        self._data = data
        self._loads = [
            (load.address, load.file_size, load.memory_size, load.offset) for load in loads
        ]

    def read(self, address: int, size: int) -> memoryview:
        """Return bytes that one segment has in the file; raise `VerifyError` for others."""
        for start, stored, _, offset in self._loads:
            place = offset + address - start
            inside = start <= address and address + size <= start + stored
            if inside and place + size <= len(self._data):
                return memoryview(self._data)[place : place + size]
        message = f"reference to {size} unmapped bytes at {address:#x}"
        raise VerifyError(message)

    def text(self, address: int) -> str:
        """Return the text up to the next zero byte; raise `VerifyError` for unmapped bytes."""
        text = b""
        while not text.endswith(b"\0") and len(text) < _LONGEST:
            text += bytes(self.read(address + len(text), 1))
        return text[:-1].decode(errors="replace")

    def all(self, start: int, end: int) -> Iterator[memoryview]:
        """Yield all bytes from an address to another; raise `VerifyError` if some are unmapped."""
        while start < end:
            address, stored, size, _ = self._load_of(start)
            if start < address + stored:
                stop = min(end, address + stored)
                yield self.read(start, stop - start)
            else:
                stop = min(end, address + size, start + len(_ZEROS))
                yield memoryview(_ZEROS)[: stop - start]
            start = stop

    def stored(self, start: int, end: int) -> int:
        """Return how many bytes from an address to another are in the file."""
        spans = ((max(start, one), min(end, one + stored)) for one, stored, *_ in self._loads)
        return sum(max(0, stop - first) for first, stop in spans)

    def _load_of(self, address: int) -> tuple[int, int, int, int]:
        for load in self._loads:
            if load[0] <= address < load[0] + load[2]:
                return load
        message = f"reference to unmapped bytes at {address:#x}"
        raise VerifyError(message)

"""The memory of an executable, read by address from its file."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from typing import Any, Final

from obelisk.errors import VerifyError

_ZEROS: Final = bytes(1 << 20)


class Memory:
    """What loaded segments hold; behind their part of the file they are zero."""

    def __init__(self, data: mmap.mmap, loads: Iterable[Any]) -> None:
        self._data = data
        self._loads = [
            (load["p_vaddr"], load["p_filesz"], load["p_memsz"], load["p_offset"]) for load in loads
        ]

    def read(self, address: int, size: int) -> memoryview:
        """Return bytes that one segment has in the file; raise `VerifyError` for others."""
        for start, stored, _, offset in self._loads:
            if start <= address and address + size <= start + stored:
                place = offset + address - start
                return memoryview(self._data)[place : place + size]
        message = f"reference to {size} unmapped bytes at {address:#x}"
        raise VerifyError(message)

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

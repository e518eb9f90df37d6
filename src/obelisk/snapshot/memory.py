"""The memory of a process as runtime/c/snapshot/dump.c writes it."""

from __future__ import annotations

import errno
import mmap
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from obelisk.errors import SnapshotError
from obelisk.snapshot.format import WORDS
from obelisk.snapshot.layout import HEAP_SIZE, Addresses

_HEAD: Final = struct.Struct(f"<Q{WORDS}I")
"""The size of the text, and the processor's features."""
_RIGHTS: Final = {"r": 1, "w": 2, "x": 4}
"""As mmap(2) has them."""
_OF_KERNEL: Final = ("[stack]", "[vdso]", "[vvar]", "[vvar_vclock]", "[vsyscall]", "[heap]")
"""What every process has anew. `[heap]`: where the kernel's `brk` would begin, if it were used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapping:
    """Pages with the same rights."""

    start: int
    end: int
    rights: int
    """PROT_READ, PROT_WRITE and PROT_EXEC of mmap(2)."""
    name: str
    """What /proc/PID/maps calls it; empty for memory."""
    content: memoryview | None = field(repr=False)
    """None of one that cannot be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessMemory:
    """What of a process's memory is kept."""

    image: tuple[Mapping, ...]
    """The executable's."""
    heap: tuple[Mapping, ...]
    """What was asked for."""
    words: tuple[int, ...]
    """Features of the processor that it ran on."""

    def clear(self, address: int, size: int) -> None:
        """Let bytes of the executable's memory be zero."""
        for one in self.image:
            if one.start <= address and address + size <= one.end and one.content is not None:
                start = address - one.start
                one.content[start : start + size] = bytes(size)


def read_memory(
    dump: Path, addresses: Addresses, span: int, *, is_restored: bool = False
) -> ProcessMemory:
    """Read a dump; `span` is how many bytes of memory the executable takes.

    Raises `SnapshotError` for what cannot be kept, unless the process was restored itself.
    """
    data = _content(dump)
    size, *words = _HEAD.unpack_from(data)
    text = bytes(data[_HEAD.size : _HEAD.size + size]).decode(errors="replace")
    image: list[Mapping] = []
    heap: list[Mapping] = []
    place = _HEAD.size + size
    for start, end, rights, name in _lines(text):
        if addresses.image <= start < addresses.image + span:
            kept = image
        elif addresses.heap <= start < addresses.heap + HEAP_SIZE and (
            is_restored or _is_memory(rights, name)
        ):
            kept = heap
        elif is_restored:
            continue
        else:
            _require_own(start, name, addresses)
            continue
        content = None
        if rights & _RIGHTS["r"]:
            content = data[place : place + end - start]
            place += end - start
        kept.append(Mapping(start=start, end=end, rights=rights, name=name, content=content))
    return ProcessMemory(image=tuple(image), heap=tuple(heap), words=tuple(words))


def _content(dump: Path) -> memoryview:
    """Return the bytes of a dump, to be changed; those that the file does not store are zero.

    The file is not mapped: on a full tmpfs, to look at what is not stored ends the process.
    """
    with dump.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        data = memoryview(mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        for start, end in _stored(file.fileno(), size):
            place = file.seek(start)
            while place < end:
                place += file.readinto(data[place:end]) or end
    return data


def _stored(file: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield from where to where a file is stored: what is between is zero."""
    end = 0
    while end < size:
        try:
            start = os.lseek(file, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # there is nothing more
                return
            raise
        end = os.lseek(file, start, os.SEEK_HOLE)
        yield start, end


def _is_memory(rights: int, name: str) -> bool:
    """Say whether a mapping can be one of the snapshot instead of a file's.

    Code that is mapped of a file that has no name any more is that of libffi, for callbacks.
    """
    return not name or (rights == _RIGHTS["r"] | _RIGHTS["x"] and name.endswith(" (deleted)"))


def _require_own(start: int, name: str, addresses: Addresses) -> None:
    stack = addresses.heap + HEAP_SIZE
    if name in _OF_KERNEL or stack <= start < stack + HEAP_SIZE:
        return
    what = f"`{name}`" if name else "memory that a library asked the kernel for itself"
    message = f"cannot make a snapshot: an imported module has mapped {what}"
    raise SnapshotError(message, hint="name the module in `snapshot-exclude`")


def _lines(text: str) -> Iterator[tuple[int, int, int, str]]:
    """Yield (start, end, rights, name) of the lines of /proc/PID/maps."""
    for line in text.splitlines():
        span, rights, _, _, _, *name = line.split(None, 5)
        start, _, end = span.partition("-")
        bits = sum(bit for letter, bit in _RIGHTS.items() if letter in rights)
        yield int(start, 16), int(end, 16), bits, name[0].strip() if name else ""

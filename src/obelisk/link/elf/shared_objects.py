"""Linking shared objects: from files to the segments that they become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import xxhash

from obelisk.link.elf import relr
from obelisk.link.elf.elf import Elf, SegmentType
from obelisk.link.elf.graph import Found, Node, connect
from obelisk.link.elf.layout import Layout, lay_out
from obelisk.link.elf.machine import Machine, machine_of
from obelisk.link.elf.read import read_files
from obelisk.link.elf.relocate import Linking, Relocated, relocate
from obelisk.link.elf.symbols import Resolver, RuntimeExports
from obelisk.link.elf.table import write_table
from obelisk.link.elf.tls import RuntimeTls
from obelisk.model import SharedObjectFile
from obelisk.payload.content import Piece, whole
from obelisk.target import Target

_POOL: Final = "obelisk_tls_pool"
_DESCRIPTOR: Final = "obelisk_tls_descriptor"
_ZEROS: Final = bytes(1 << 20)
_WORD: Final = 8
"""Bytes of an address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedObjects:
    """What to link in, and for which Python."""

    files: Sequence[SharedObjectFile]
    provided: Mapping[str, SharedObjectFile]
    """Libraries by soname that go in when an object needs them."""
    abi: str
    """Tag of extension modules, such as `cpython-314-x86_64-linux-musl`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Linked:
    """Linked objects at their addresses."""

    nodes: tuple[Node, ...]
    layout: Layout
    relocated: tuple[Relocated, ...] = field(repr=False)
    tls: RuntimeTls
    image: int = 0
    """The address of the executable's first byte that words hold already."""

    def at(self, image: int) -> Linked:
        """Return the same for an executable that is to be at an address."""
        return replace(self, image=image)

    def pieces(self) -> Iterable[Piece]:
        """Yield (address, bytes) of all that is in memory and not zero."""
        for number in range(len(self.nodes)):
            yield from self._pieces_of(number)

    def table(self, place: int) -> bytes:
        """Return the table for the run time, to stand at the address `place`."""
        checks = [self._check(number) for number in range(len(self.nodes))]
        return write_table(self.nodes, self.layout, self.relocated, checks, place, self.image)

    def _pieces_of(self, number: int) -> Iterable[Piece]:
        one, base, part = (
            self.nodes[number].object,
            self.layout.bases[number],
            self.relocated[number],
        )
        for load in one.loads:
            content = one.memory.at(load.address, load.file_size)
            if part.content and load.address >= part.start:
                start = load.address - part.start
                content = memoryview(part.content)[start : start + load.file_size]
                content = self._moved(content, [at - load.address for at in part.pointers])
            # Each by itself: between the segments of large libraries there may be much of nothing.
            yield base + load.address, content

    def _moved(self, content: memoryview, pointers: Iterable[int]) -> memoryview:
        if self.image == 0:
            return content
        last = len(content) - _WORD
        inside = (at for at in pointers if 0 <= at <= last)
        return memoryview(relr.moved(content, inside, self.image))

    def _check(self, number: int) -> int:
        """Hash an object's memory, what is zero between and behind the pieces with it."""
        digest = xxhash.xxh64(seed=0)
        place = self.layout.bases[number]
        for address, piece in sorted(self._pieces_of(number), key=lambda one: one[0]):
            _add_zeros(digest, address - place)
            digest.update(whole(piece))
            place = address + len(piece)
        end = self.layout.bases[number] + self.nodes[number].object.span
        _add_zeros(digest, end - place)
        return digest.intdigest()


def _add_zeros(digest: xxhash.xxh64, count: int) -> None:
    for start in range(0, count, len(_ZEROS)):
        digest.update(_ZEROS[: count - start])


def link_natives(
    natives: SharedObjects, target: Target, runtime: bytes, elf: Elf, start: int
) -> Linked | None:
    """Link shared objects to the runtime, from the address `start` on; None when there are none.

    Raises `LinkError` that says which object cannot be linked in, and why.
    """
    machine = machine_of(target)
    found = read_files(natives.files, machine, natives.abi)

    def provide(name: str) -> Found | None:
        wanted = [natives.provided[name]] if name in natives.provided else []
        return next(iter(read_files(wanted, machine, natives.abi)), None)

    if not found:
        return None
    return link_found(connect(found, provide), machine, runtime, elf, start)


def link_found(
    nodes: Sequence[Node], machine: Machine, runtime: bytes, elf: Elf, start: int
) -> Linked:
    """Link objects that were read; raise `LinkError` as `link_natives` does."""
    exports = RuntimeExports(runtime, elf)
    pool = exports.require(_POOL)
    own = next(one for one in elf.segments if one.type == SegmentType.TLS)
    tls = RuntimeTls(
        segment=own,
        pool_offset=pool.value,
        pool_size=pool.size,
        thread_gap=machine.thread_gap,
    )
    layout = lay_out(nodes, start=start, tls=tls)
    resolver = Resolver(exports, nodes)
    linking = Linking(
        nodes=nodes,
        layout=layout,
        machine=machine,
        resolver=resolver,
        descriptor=exports.require(_DESCRIPTOR).value,
    )
    relocated = tuple(relocate(number, linking) for number in range(len(nodes)))
    resolver.require_all_resolved()
    return Linked(nodes=tuple(nodes), layout=layout, relocated=relocated, tls=tls)

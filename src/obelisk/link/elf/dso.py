"""Shared objects: extension modules and libraries, read for linking.

Follows the System V ABI (dynamic section, program headers), and the description of the GNU hash
table in binutils. Everything is found by the program headers and the dynamic section, as a loader
would; every read is checked, for the bytes are not ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from obelisk.errors import LinkError
from obelisk.link.elf.dynamic import Dynamic, Tag, read_dynamic
from obelisk.link.elf.elf import Elf, Segment, SegmentType, read_elf
from obelisk.link.elf.machine import Machine
from obelisk.link.elf.memory import Memory, memory_of, page_end, page_start
from obelisk.link.elf.policy import LARGEST, check_dynamic, check_file
from obelisk.link.elf.symtab import Symbol, read_symbols


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedObject:
    """A shared object. Addresses are its own, from 0."""

    name: str
    """Where it is in the executable."""
    package: str | None
    """The package that brought it, for messages."""
    elf: Elf = field(repr=False)
    memory: Memory
    dynamic: Dynamic
    symbols: tuple[Symbol, ...] = field(repr=False)
    exports: Mapping[bytes, Symbol] = field(repr=False)
    relocations: tuple[memoryview, ...] = field(repr=False)
    """Tables of RELA entries."""
    relative: memoryview = field(repr=False)
    """Its RELR table."""
    page: int
    """Bytes of its machine's largest page."""
    alignment: int
    """What its address must be a multiple of."""
    tls: Segment | None
    relro: tuple[int, int] | None
    """What becomes read-only when it is relocated: from, to; whole pages."""

    def __str__(self) -> str:
        """Name the object, for messages."""
        return f"`{self.name}` of {self.package}" if self.package else f"`{self.name}`"

    @property
    def loads(self) -> tuple[Segment, ...]:
        """Its loaded segments, by address."""
        return self.memory.loads

    @property
    def span(self) -> int:
        """Bytes of memory it takes."""
        return max(one.address + one.memory_size for one in self.loads)

    def pages(self, load: Segment) -> tuple[int, int]:
        """Return where the pages of one of its segments begin and end."""
        end = page_end(load.address + load.memory_size, self.page)
        return page_start(load.address, self.page), end

    @property
    def soname(self) -> str | None:
        """The name by which others need it."""
        place = self.dynamic.tags.get(Tag.SONAME)
        return None if place is None else self.dynamic.text(place)

    @property
    def search(self) -> tuple[str, ...]:
        """The folders of its RUNPATH or RPATH."""
        tags = self.dynamic.tags
        place = tags.get(Tag.RUNPATH, tags.get(Tag.RPATH))
        text = "" if place is None else self.dynamic.text(place)
        return tuple(one for one in text.split(":") if one)


def read_object(name: str, package: str | None, data: memoryview, machine: Machine) -> SharedObject:
    """Read a shared object; raise `LinkError` that names it when it cannot be linked in."""
    try:
        return _read(name, package, data, machine)
    except LinkError as error:
        owner = f" of {package}" if package else ""
        message = f"`{name}`{owner}: {error}"
        raise LinkError(message, hint=error.hint) from error


def _read(name: str, package: str | None, data: memoryview, machine: Machine) -> SharedObject:
    elf = read_elf(data)
    memory = memory_of(data, elf)
    check_file(elf, memory, machine)
    dynamic = read_dynamic(elf, memory)
    check_dynamic(memory, dynamic)
    relocations = _relocation_tables(memory, dynamic)
    symbols, exports = read_symbols(memory, dynamic, relocations)
    found = SharedObject(
        name=name,
        package=package,
        elf=elf,
        memory=memory,
        dynamic=dynamic,
        symbols=symbols,
        exports=exports,
        relocations=relocations,
        relative=memory.at(dynamic.get(Tag.RELR), dynamic.get(Tag.RELRSZ) // 8 * 8),
        page=machine.page,
        alignment=_alignment(elf, memory, machine.page),
        tls=_tls(elf, memory),
        relro=_relro(elf, memory, machine.page),
    )
    # Names that are read only when they are asked for must be there.
    _ = found.soname, found.search
    return found


def _relocation_tables(memory: Memory, dynamic: Dynamic) -> tuple[memoryview, ...]:
    tables = []
    for start, size in ((Tag.RELA, Tag.RELASZ), (Tag.JMPREL, Tag.PLTRELSZ)):
        length = dynamic.get(size)
        if length % 24:
            message = "malformed relocation table"
            raise LinkError(message)
        if length:
            tables.append(memory.at(dynamic.get(start), length))
    return tuple(tables)


def _alignment(elf: Elf, memory: Memory, page: int) -> int:
    """Old linkers align segments to the largest page of any system; sections say what matters."""
    parts = elf.sections or memory.loads
    wanted = max(one.alignment for one in parts)
    if wanted & (wanted - 1) or wanted > LARGEST:
        message = f"unsupported alignment of {wanted} bytes"
        raise LinkError(message)
    return max(wanted, page)


def _tls(elf: Elf, memory: Memory) -> Segment | None:
    found = next((one for one in elf.segments if one.type == SegmentType.TLS), None)
    if found is None or not found.memory_size:
        return None
    alignment = found.alignment
    too_large = found.file_size > found.memory_size or found.memory_size > LARGEST
    if too_large or alignment & (alignment - 1):
        message = "invalid TLS segment"
        raise LinkError(message)
    memory.at(found.address, found.file_size)
    return found


def _relro(elf: Elf, memory: Memory, page: int) -> tuple[int, int] | None:
    """As musl does: whole pages only."""
    found = next((one for one in elf.segments if one.type == SegmentType.RELRO), None)
    if found is None:
        return None
    start = page_start(found.address, page)
    end = page_start(found.address + found.memory_size, page)
    if start >= end:
        return None
    writable = [load for load in memory.loads if load.writable]
    # Some linkers let it reach over two segments.
    if (
        not writable
        or start < page_start(writable[0].address, page)
        or end > page_end(max(one.address + one.memory_size for one in writable), page)
    ):
        message = "its RELRO range is not inside a writable segment"
        raise LinkError(message)
    return start, end

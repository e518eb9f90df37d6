"""Applying relocations at build time, as a dynamic loader does at start.

What is left for the run time is to add the address at which the executable was mapped, to the
places that are listed for it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from mmap import mmap
from typing import Final

from obelisk.errors import LinkError
from obelisk.link.elf import relr
from obelisk.link.elf.dso import SharedObject
from obelisk.link.elf.graph import Node
from obelisk.link.elf.layout import Layout
from obelisk.link.elf.machine import Machine
from obelisk.link.elf.machines.action import Action
from obelisk.link.elf.memory import page_start
from obelisk.link.elf.symbols import Definition, Resolver
from obelisk.link.elf.symtab import ABSOLUTE, Kind, Symbol

_MASK: Final = (1 << 64) - 1
_RELA: Final = struct.Struct("<QQq")
_WORD: Final = struct.Struct("<Q")
_ONLY_MODULE: Final = 1
"""The executable is the one module that has thread-local variables."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Relocated:
    """An object from what can be written to on, with its relocations applied."""

    start: int
    """The object's own address of the first byte; a multiple of the page size."""
    content: mmap | bytearray = field(repr=False)
    """Memory that is taken when it is written to: `.bss` may be large."""
    pointers: tuple[int, ...] = field(repr=False)
    """The object's own addresses of words that hold addresses, ascending."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Linking:
    """What all objects are linked against."""

    nodes: Sequence[Node]
    layout: Layout
    machine: Machine
    resolver: Resolver
    descriptor: int
    """Address of the runtime's function for TLS descriptors."""


def relocate(number: int, linking: Linking) -> Relocated:
    """Apply the relocations of one object; raise `LinkError` when one cannot be."""
    one = linking.nodes[number].object
    work = _Work(number, one, linking)
    for table in one.relocations:
        work.apply(table)
    work.finish_modules()
    work.apply_relative()
    pointers = tuple(sorted(set(work.pointers)))
    odd = next((place for place in pointers if place & 1), None)
    if odd is not None:
        message = f"{one} has a relocation at the odd address {odd:#x}"
        raise LinkError(message)
    return Relocated(start=work.start, content=work.content, pointers=pointers)


class _Work:
    """One object while it is relocated."""

    def __init__(self, number: int, one: SharedObject, linking: Linking) -> None:
        self._number = number
        self._object = one
        self._linking = linking
        self._base = linking.layout.bases[number]
        self._writable = [
            (load.address, load.address + load.memory_size) for load in one.loads if load.writable
        ]
        self.start, self.content = _writable_part(one)
        self.pointers: list[int] = []
        self._found: dict[int, Definition | None] = {}
        self._modules: list[tuple[int, int]] = []
        self._in_modules: set[int] = set()

    def apply(self, table: memoryview) -> None:
        """Apply a table of RELA entries."""
        self._require_writable(table.cast("Q")[0::3].tolist())
        relative = self._linking.machine.relative
        base, start, append = self._base, self.start, self.pointers.append
        put, content = _WORD.pack_into, self.content
        for place, info, addend in _RELA.iter_unpack(table):
            if info == relative:
                put(content, place - start, (base + addend) & _MASK)
                append(place)
            else:
                self._apply_one(place, info & 0xFFFFFFFF, info >> 32, addend)

    def apply_relative(self) -> None:
        """Apply the RELR table, whose addends stand in place."""
        places = relr.decode(self._object.relative.cast("Q"))
        self._require_writable(places)
        content, start, base = self.content, self.start, self._base
        for place in places:
            (value,) = _WORD.unpack_from(content, place - start)
            _WORD.pack_into(content, place - start, (value + base) & _MASK)
        self.pointers += places

    def finish_modules(self) -> None:
        """Correct variables' places that need no relocation, since a module of its own had them.

        All modules are one here: what follows a module's number is the place in its block.
        """
        layout = self._linking.layout
        for place, number in self._modules:
            if place + 8 not in self._in_modules:
                self._put(place + 8, self._get(place + 8) + (layout.tls.offsets[number] or 0))

    def _apply_one(self, place: int, kind: int, index: int, addend: int) -> None:
        action = self._linking.machine.actions.get(kind)
        match action:
            case Action.SYMBOL:
                self._put_address(place, index, addend)
            case Action.SLOT:
                self._put_address(place, index, 0)
            case Action.BASE:
                self._put(place, self._base + addend)
                self.pointers.append(place)
            case Action.NOTHING:
                pass
            case Action.CHOSEN_AT_START:
                message = f"{self._object} uses an indirect function (IFUNC)"
                raise LinkError(message)
            case None:
                message = f"{self._object} has a relocation of unknown type {kind}"
                raise LinkError(message)
            case _:
                self._put_tls(action, place, index, addend)

    def _put_address(self, place: int, index: int, addend: int) -> None:
        found = self._definition(index)
        if found is None:
            self._put(place, addend)
            return
        number, symbol = found
        if symbol.kind == Kind.TLS:
            message = f"{self._object} has a non-TLS relocation against thread-local symbol"
            message += f" `{symbol.name.decode(errors='replace')}`"
            raise LinkError(message)
        base = 0 if number is None else self._linking.layout.bases[number]
        if symbol.section == ABSOLUTE:
            base = 0
        else:
            self.pointers.append(place)
        self._put(place, base + symbol.value + addend)

    def _put_tls(self, action: Action, place: int, index: int, addend: int) -> None:
        tls = self._linking.layout.tls
        number, value = self._number, 0
        if index:
            found = self._definition(index)
            if found is None or found[0] is None or found[1].kind != Kind.TLS:
                name = self._symbol(index).name.decode(errors="replace")
                if found is None:
                    return  # reported by the resolver, or weak
                message = f"{self._object} has a TLS relocation against non-TLS symbol `{name}`"
                raise LinkError(message)
            number, value = found[0], found[1].value
        in_block = value + addend
        if action is Action.TLS_MODULE:
            self._put(place, _ONLY_MODULE)
            self._modules.append((place, number))
            return
        offset = tls.offsets[number]
        if offset is None:
            message = f"{self._object} has a TLS relocation against an object without a TLS segment"
            raise LinkError(message)
        from_thread = tls.from_thread + offset + in_block
        if action is Action.TLS_IN_MODULE:
            self._put(place, offset + in_block)
            self._in_modules.add(place)
        elif action is Action.TLS_IN_THREAD:
            self._put(place, from_thread)
        else:
            self._put(place, self._linking.descriptor)
            self.pointers.append(place)
            self._put(place + 8, from_thread)

    def _definition(self, index: int) -> Definition | None:
        if index not in self._found:
            if index:
                found = self._linking.resolver.resolve(self._number, self._symbol(index))
            else:
                nothing = Symbol(b"", 0, 0, 0, 1, 0, 0)
                found = (self._number, nothing)
            self._found[index] = found
        return self._found[index]

    def _symbol(self, index: int) -> Symbol:
        return self._object.symbols[index]

    def _get(self, place: int) -> int:
        (value,) = _WORD.unpack_from(self.content, self._offset(place))
        return int(value)

    def _put(self, place: int, value: int) -> None:
        _WORD.pack_into(self.content, self._offset(place), value & _MASK)

    def _offset(self, place: int) -> int:
        offset = place - self.start
        if offset < 0 or offset + 8 > len(self.content):
            raise self._read_only(place)
        return offset

    def _require_writable(self, places: Sequence[int]) -> None:
        if not places:
            return
        low, high = min(places), max(places) + 8
        if any(start <= low and high <= end for start, end in self._writable):
            return
        for place in places:
            if not any(start <= place and place + 8 <= end for start, end in self._writable):
                raise self._read_only(place)

    def _read_only(self, place: int) -> LinkError:
        message = f"{self._object} has a relocation in read-only memory at {place:#x}"
        return LinkError(message)


def _writable_part(one: SharedObject) -> tuple[int, mmap | bytearray]:
    writable = [load for load in one.loads if load.writable]
    if not writable:
        return 0, bytearray()
    start = page_start(writable[0].address, one.page)
    # Up to its end: what is only read may follow.
    content = mmap(-1, one.span - start) if one.span > start else bytearray()
    for load in one.loads:
        if load.address >= start:
            place = load.address - start
            content[place : place + load.file_size] = one.memory.at(load.address, load.file_size)
    return start, content

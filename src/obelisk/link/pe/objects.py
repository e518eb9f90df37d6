"""Linking libraries (DLL) into an executable, at addresses that are chosen when it is built.

Each becomes two sections: its headers and code, and all that is data. Python's symbols are bound to
the runtime's exports at once; what is of Windows is imported by the executable. Relocations,
unwind tables and imports of all become tables of the executable, so Windows's loader treats them
as parts of it. What remains for the run time is calling the entry point before the first import:
runtime/c/pe/objects.c reads the table for that.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from obelisk.errors import LinkError
from obelisk.link.pe.dll import Dll, read_dll
from obelisk.model import SharedObjectFile
from obelisk.pe.headers import Directory, DirectoryEntry, Headers, PeError, SectionFlag
from obelisk.pe.system_libraries import is_system_library
from obelisk.pe.tables import (
    FUNCTION,
    IMPORT,
    Import,
    Memory,
    directory_of,
    exports,
    functions,
    move_unwinding,
    pack_relocations,
    relocations,
)

_MAGIC: Final = b"OBPEOBJS"
_TABLE: Final = struct.Struct("<8sII")
_ROW: Final = struct.Struct("<IIII")
_ALIGNMENT: Final = 8
_CODE: Final = SectionFlag.CODE | SectionFlag.READ | SectionFlag.EXECUTE
_DATA: Final = SectionFlag.INITIALIZED | SectionFlag.READ | SectionFlag.WRITE


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """One section of a linked library."""

    name: str
    """The library's file."""
    address: int
    """From the executable's base."""
    content: bytes = field(repr=False)
    size: int
    """In memory."""
    flags: int


class Node(NamedTuple):
    """A library as the inventory of an executable sees it."""

    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkedDlls:
    """Linked libraries at their addresses."""

    dlls: tuple[Dll, ...]
    bases: tuple[int, ...]
    """Where each begins, from the executable's base."""
    pieces: tuple[Piece, ...]
    tables: _Tables

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The libraries by their paths in the executable."""
        return tuple(Node((dll.path,)) for dll in self.dlls)

    def table(self, address: int) -> tuple[bytes, dict[DirectoryEntry, Directory]]:
        """Return the content of the section `.objects`, and where in it the loader's tables are.

        It is loaded at `address` from the base.
        """
        content = bytearray(self._rows())
        found = {}
        for entry, table in self.tables.packed().items():
            content += bytes(-len(content) % _ALIGNMENT)
            found[entry] = Directory(address=address + len(content), size=len(table))
            content += table
        return bytes(content), found

    def _rows(self) -> bytes:
        names_at = _TABLE.size + _ROW.size * len(self.dlls)
        rows, names = b"", b""
        for dll, base in zip(self.dlls, self.bases, strict=True):
            path = dll.path.encode()
            entry = base + dll.headers.entry if dll.headers.entry else 0
            rows += _ROW.pack(names_at + len(names), len(path), base, entry)
            names += path
        return _TABLE.pack(_MAGIC, len(self.dlls), names_at + len(names)) + rows + names


@dataclass(frozen=True, slots=True)
class _Tables:
    """What Windows's loader is told, of the runtime and of all libraries."""

    imports: list[bytes]
    relocations: list[int]
    functions: list[tuple[int, ...]]

    def packed(self) -> dict[DirectoryEntry, bytes]:
        return {
            DirectoryEntry.IMPORT: b"".join(self.imports) + bytes(IMPORT.size),
            DirectoryEntry.RELOCATION: pack_relocations(self.relocations),
            DirectoryEntry.EXCEPTION: b"".join(
                FUNCTION.pack(*row) for row in sorted(self.functions)
            ),
        }


def link_dlls(
    files: Sequence[SharedObjectFile], runtime: bytes, headers: Headers, start: int
) -> LinkedDlls | None:
    """Link libraries to a runtime, from the address `start` on; None when there are none.

    Raises `LinkError` that says which library cannot be linked in, and why.
    """
    dlls = tuple(read_dll(file) for file in sorted(files, key=lambda file: file.path))
    if not dlls:
        return None
    bases = []
    for dll in dlls:
        bases.append(start)
        start += dll.end
    linking = _Linking(dlls, tuple(bases), Memory(runtime, headers), headers)
    return linking.run()


class _Linking:
    """The link of some libraries."""

    def __init__(
        self, dlls: tuple[Dll, ...], bases: tuple[int, ...], runtime: Memory, headers: Headers
    ) -> None:
        self._dlls = dlls
        self._bases = bases
        self._headers = headers
        self._exports = exports(runtime, directory_of(headers, DirectoryEntry.EXPORT))
        table = headers.directory(DirectoryEntry.IMPORT)
        rows = runtime.read(table.address, table.size // IMPORT.size * IMPORT.size)
        self._tables = _Tables(
            imports=[IMPORT.pack(*row) for row in IMPORT.iter_unpack(rows) if row[3]],
            relocations=list(
                relocations(runtime, directory_of(headers, DirectoryEntry.RELOCATION))
            ),
            functions=functions(runtime, directory_of(headers, DirectoryEntry.EXCEPTION)),
        )
        self._undefined: dict[str, list[str]] = {}

    def run(self) -> LinkedDlls:
        """Link all; raise `LinkError` for what is undefined."""
        pieces: list[Piece] = []
        for dll, base in zip(self._dlls, self._bases, strict=True):
            try:
                pieces += self._link(dll, base)
            except PeError as error:
                message = f"cannot link {dll.path}: {error}"
                raise LinkError(message, hint="the file is damaged; reinstall it") from error
        self._require_defined()
        return LinkedDlls(
            dlls=self._dlls, bases=self._bases, pieces=tuple(pieces), tables=self._tables
        )

    def _link(self, dll: Dll, base: int) -> Iterator[Piece]:
        memory, headers = dll.memory, dll.headers
        image = self._headers.base
        for address in relocations(memory, directory_of(headers, DirectoryEntry.RELOCATION)):
            value = memory.number(address, 8) - headers.base + image + base
            memory.put(address, 8, value)
            self._tables.relocations.append(base + address)
        for one in dll.imports:
            self._bind(dll, base, one)
        rows = functions(memory, directory_of(headers, DirectoryEntry.EXCEPTION))
        move_unwinding(memory, rows, base)
        self._tables.functions.extend(tuple(base + one for one in row) for row in rows)
        content = bytes(memory.content)
        name = dll.path.rpartition("/")[2]
        yield Piece(
            name=name,
            address=base,
            content=content[: dll.code_end],
            size=dll.code_end,
            flags=int(_CODE),
        )
        data = content[dll.code_end :]
        if data:
            yield Piece(
                name=name,
                address=base + dll.code_end,
                content=data.rstrip(b"\0") or b"\0",
                size=len(data),
                flags=int(_DATA),
            )

    def _bind(self, dll: Dll, base: int, one: Import) -> None:
        """Bind what a library imports from another one, or let the executable import it."""
        scope = self._scope(one.library)
        if scope is None:
            if is_system_library(one.library):
                self._give_on(dll.memory, base, one)
            else:
                self._undefined.setdefault(dll.path, []).append(f"the library `{one.library}`")
            return
        for slot in one.slots:
            found = scope.get(slot.name or "")
            if found is None:
                name = slot.name or f"a symbol of `{one.library}` that it names by a number"
                self._undefined.setdefault(dll.path, []).append(name)
                continue
            dll.memory.put(slot.address, 8, self._headers.base + found)
            self._tables.relocations.append(base + slot.address)

    def _scope(self, library: str) -> Mapping[str, int] | None:
        """Return the addresses of what a library exports, from the executable's base."""
        name = library.lower()
        if name.startswith("python3") and name.endswith(".dll"):
            return self._exports
        for dll, base in zip(self._dlls, self._bases, strict=True):
            if dll.name == name:
                return {symbol: base + address for symbol, address in dll.exports.items()}
        return None

    def _give_on(self, memory: Memory, base: int, one: Import) -> None:
        """Add a row to the executable's imports; tables in the library name addresses anew."""
        lookup, timestamp, forwarder, name, table = one.row
        for number, slot in enumerate(one.slots):
            if slot.name is not None:
                for place in {lookup or table, table}:
                    address = place + 8 * number
                    memory.put(address, 8, memory.number(address, 8) + base)
        moved = (lookup + base if lookup else 0, timestamp, forwarder, name + base, table + base)
        self._tables.imports.append(IMPORT.pack(*moved))

    def _require_defined(self) -> None:
        if not self._undefined:
            return
        lines = "\n".join(
            f"  {path}: {_listed(names)}" for path, names in sorted(self._undefined.items())
        )
        message = f"extension modules need what is not included in the executable:\n{lines}"
        hint = "build the package from source (`no-binary`), or without native code (`pure`)"
        raise LinkError(message, hint=hint)


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    more = len(found) - 5
    return ", ".join(found[:5]) + (f" and {more} more" if more > 0 else "")

"""Extension modules as libraries (DLL): read, and judged whether they can be linked in."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

from obelisk.errors import LinkError
from obelisk.model import SharedObjectFile
from obelisk.pe.headers import (
    AMD64,
    Characteristic,
    DirectoryEntry,
    Headers,
    PeError,
    SectionFlag,
    read_headers,
)
from obelisk.pe.tables import Import, Memory, directory_of, exports, imports

_REFUSED: Final = {
    DirectoryEntry.CLR: "it is a library of .NET",
    DirectoryEntry.DELAY_IMPORT: "it loads libraries when they are needed",
}
"""Tables that only Windows's loader can do something with."""
_PAGE: Final = 4096
_TLS: Final = struct.Struct("<QQQQII")
"""Addresses where initial values begin and end, of the index and of callbacks; bytes of zeros."""
_TLS_MARKS: Final = 8
"""Bytes between the marks that mingw-w64's start files put around no variables."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dll:
    """A library as it is in memory, before it is linked."""

    path: str
    """Where it is in the executable."""
    package: str | None
    headers: Headers
    memory: Memory = field(repr=False)
    imports: tuple[Import, ...]
    exports: dict[str, int]
    code_end: int
    """Where its code ends and what can be written to begins, at a page."""
    end: int
    """Where it ends."""

    @property
    def name(self) -> str:
        """The name by which other libraries import from it, in lower case."""
        return self.path.rpartition("/")[2].lower()


def read_dll(file: SharedObjectFile) -> Dll:
    """Read a library; raise `LinkError` that says why it cannot be linked in."""
    try:
        return _read(file, file.source.read_bytes())
    except PeError as error:
        owner = f" of `{file.package}`" if file.package else ""
        message = f"cannot link {file.path}{owner}: {error}"
        hint = "include the package without native code (`pure`), or another version of it"
        raise LinkError(message, hint=hint) from error


def _read(file: SharedObjectFile, data: bytes) -> Dll:
    headers = read_headers(data)
    if headers.machine != AMD64 or not headers.characteristics & Characteristic.DLL:
        message = "it is not a library for x86-64"
        raise PeError(message)
    for entry, reason in _REFUSED.items():
        if headers.directory(entry).size:
            raise PeError(reason)
    if headers.section_alignment % _PAGE or not headers.sections:
        message = f"its sections are aligned to {headers.section_alignment} bytes"
        raise PeError(message)
    memory = Memory(data, headers)
    _require_no_variables(memory, headers)
    code = [one for one in headers.sections if one.flags & SectionFlag.EXECUTE]
    others = [one for one in headers.sections if one not in code]
    code_end = max((one.memory_end for one in code), default=headers.headers_size)
    if any(one.flags & SectionFlag.WRITE for one in code):
        message = "its code can be written to"
        raise PeError(message)
    if any(one.address < code_end for one in others):
        message = "it has data between its code"
        raise PeError(message)
    return Dll(
        path=file.path,
        package=file.package,
        headers=headers,
        memory=memory,
        imports=tuple(imports(memory, directory_of(headers, DirectoryEntry.IMPORT))),
        exports=exports(memory, directory_of(headers, DirectoryEntry.EXPORT)),
        code_end=-(-code_end // _PAGE) * _PAGE,
        end=-(-headers.image_size // _PAGE) * _PAGE,
    )


def _require_no_variables(memory: Memory, headers: Headers) -> None:
    """Raise `PeError` for thread-local variables, which only the loader gives room to."""
    directory = directory_of(headers, DirectoryEntry.TLS)
    if directory.address:
        start, end, _, _, zeros, _ = memory.unpack(_TLS, directory.address)
        if end - start + zeros > _TLS_MARKS:
            message = "it has thread-local variables of its own"
            raise PeError(message)

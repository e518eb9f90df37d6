"""The components of executables, read in a millisecond each: no module or file is looked at."""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packageurl import PackageURL
from packaging.utils import canonicalize_name

from obelisk.components.component import Component, Kind, components_of
from obelisk.errors import VerifyError
from obelisk.payload.payload import Table
from obelisk.payload.reader import read_payload
from obelisk.report.contents import manifest_of
from obelisk.services.regular import is_regular
from obelisk.verify.elf import PAYLOAD_SEGMENT, map_file

_ELF64: Final = b"\x7fELF\x02\x01"
_HEADER: Final = struct.Struct("<32xQ14xHH6x")
"""Of an ELF file: offset, size and number of its program headers."""
_SEGMENT: Final = struct.Struct("<I4xQ16xQ16x")
"""A program header: type, offset and size in the file."""
_REBUILD: Final = "rebuild it, and copy it as a binary file"
_AT_ONCE: Final = 8
"""Files that are read at once: on a cold disk, most of the time is waiting for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fleet:
    """The executables in a folder."""

    executables: tuple[tuple[Path, tuple[Component, ...]], ...]
    unreadable: tuple[tuple[Path, str], ...]
    """Executables of Obelisk that could not be read, and why."""
    others: int
    """How many files are no executables of Obelisk."""


def read_components(path: Path) -> list[Component]:
    """Return the components of an executable.

    Raises `VerifyError` if it is no executable of Obelisk, or is corrupt.
    """
    found = _read(path)
    if found is None:
        message = f"{path} is not an Obelisk executable"
        raise VerifyError(message, hint="pass an executable built by Obelisk")
    return found


def read_fleet(folder: Path) -> Fleet:
    """Return the components of all executables below a folder; links are not followed."""
    paths = list(_files(folder))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(zip(paths, pool.map(_try, paths), strict=True))
    return Fleet(
        executables=tuple((path, tuple(one)) for path, one in found if isinstance(one, list)),
        unreadable=tuple((path, one) for path, one in found if isinstance(one, str)),
        others=sum(one is None for _, one in found),
    )


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(parent, name) for name in sorted(names))


def _try(path: Path) -> list[Component] | str | None:
    """Return the components of a file; None if it is another one, the reason if it is damaged."""
    if path.is_symlink() or not is_regular(path):
        return None
    try:
        return _read(path)
    except VerifyError as error:
        return str(error)


def _read(path: Path) -> list[Component] | None:
    """Return the components of an executable; None for files of another kind."""
    segment = _payload_segment(map_file(path))
    if segment is None:
        return None
    try:
        manifest = manifest_of(read_payload(segment, only=Table.CONTROLS), path)
        return components_of(manifest) if "components" in manifest else _of_old(manifest)
    except VerifyError as error:
        message = f"{path} is corrupt: {error}"
        raise VerifyError(message, hint=error.hint or _REBUILD) from error


def _payload_segment(data: mmap.mmap) -> memoryview | None:
    """Return the payload of an executable; None if there is none.

    Only the program headers are read: a file whose end is missing is still known for what it is.
    """
    if data[: len(_ELF64)] != _ELF64 or len(data) < _HEADER.size:
        return None
    start, size, count = _HEADER.unpack_from(data)
    if size != _SEGMENT.size or start + size * count > len(data):
        return None
    for kind, offset, length in _SEGMENT.iter_unpack(data[start : start + size * count]):
        if kind == PAYLOAD_SEGMENT:
            return memoryview(data)[offset : offset + length]
    return None


def _of_old(manifest: dict[str, Any]) -> list[Component]:
    """Return what the manifest of an older Obelisk tells: packages, and libraries by pins.

    What wheels bundle is not in it. An old executable is what needs an audit most.
    """
    packages, libraries = manifest.get("packages"), manifest.get("libraries")
    if not isinstance(packages, list) or not isinstance(libraries, list):
        components_of(manifest)  # raises that it lists none
    python = {"name": "python", "version": manifest.get("python")}
    found = [
        *_old_rows(packages, Kind.PACKAGE),
        *_old_rows(libraries, Kind.LIBRARY),
        *_old_rows([python], Kind.INTERPRETER),
    ]
    return sorted({one.reference: one for one in found}.values(), key=lambda one: one.reference)


def _old_rows(rows: Any, kind: Kind) -> Iterator[Component]:  # noqa: ANN401 - outside data
    for row in rows:
        name, version = (row.get("name"), row.get("version")) if isinstance(row, dict) else (0, 0)
        if not isinstance(name, str) or not name or not isinstance(version, str):
            continue
        kind_of_purl = "pypi" if kind is Kind.PACKAGE else "generic"
        name = canonicalize_name(name) if kind is Kind.PACKAGE else name
        purl = PackageURL(type=kind_of_purl, name=name, version=version).to_string()
        yield Component(reference=purl, kind=kind, name=name, version=version, purl=purl)

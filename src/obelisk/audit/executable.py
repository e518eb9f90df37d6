"""The components of executables, read in a millisecond each: no module or file is looked at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from obelisk.components.component import Component
from obelisk.components.listed import listed
from obelisk.errors import VerifyError
from obelisk.payload.payload import Table
from obelisk.payload.reader import read_payload
from obelisk.report.contents import manifest_of
from obelisk.services.regular import is_regular
from obelisk.verify.executable import map_file
from obelisk.verify.read import payload_of

_REBUILD: Final = "rebuild it, and copy it as a binary file"
_AT_ONCE: Final = 8
"""Files that are read at once: on a cold disk, most of the time is waiting for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fleet:
    """The executables in a folder."""

    executables: tuple[tuple[Path, tuple[Component, ...]], ...]
    unreadable: tuple[tuple[Path, str], ...]
    """Executables of Obelisk, files and folders that could not be read, and why."""
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
    closed: list[tuple[Path, str]] = []
    paths = list(_files(folder, closed))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(zip(paths, pool.map(_try, paths), strict=True))
    unreadable = [(path, one) for path, one in found if isinstance(one, str)]
    return Fleet(
        executables=tuple((path, tuple(one)) for path, one in found if isinstance(one, list)),
        unreadable=tuple(sorted((*unreadable, *closed))),
        others=sum(one is None for _, one in found),
    )


def _files(folder: Path, closed: list[tuple[Path, str]]) -> Iterator[Path]:
    """Yield all files; folders that cannot be read are added to `closed`, with the reason."""

    def note(error: OSError) -> None:
        closed.append((Path(error.filename), f"cannot read {error.filename}: {error.strerror}"))

    for parent, folders, names in os.walk(folder, onerror=note):
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
    found = payload_of(map_file(path))
    if found is None:
        return None
    try:
        # An old executable is what needs an audit most.
        return listed(manifest_of(read_payload(found, only=Table.CONTROLS), path))
    except VerifyError as error:
        message = f"{path} is corrupt: {error}"
        raise VerifyError(message, hint=error.hint or _REBUILD) from error

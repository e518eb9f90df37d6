"""Databases of advisories: a folder of JSON files, or archives as OSV publishes one per ecosystem.

They are read once per audit, and only what is about the wanted packages is kept. What is malformed
is counted and named: one bad file in a mirror of thousands must not stop an audit.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from obelisk.audit.advisory import Advisory, MalformedError, advisory_of, load
from obelisk.audit.names import is_about_others, keys_of
from obelisk.errors import ConfigError
from obelisk.services.regular import open_regular, read_regular

_LARGEST: Final = 32 << 20
"""Bytes of one advisory; the largest that OSV has are a tenth of it."""
_HINT: Final = "see https://google.github.io/osv.dev/data/ for the archives that OSV publishes"
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


@dataclass(kw_only=True, slots=True)
class Database:
    """Advisories by the names of what they are about, as `names.keys_of` gives them."""

    advisories: dict[str, dict[str, Advisory]] = field(default_factory=dict)
    """By name, then by ID."""
    read: int = 0
    """How many advisories were read, also those about other packages."""
    malformed: list[str] = field(default_factory=list)
    """Files that hold no advisory, each with the reason."""

    def add(self, advisory: Advisory, wanted: frozenset[str] | None = None) -> None:
        """Add an advisory, unless it is withdrawn or about nothing that is wanted.

        Of two with one ID the newer one counts.
        """
        self.read += 1
        if advisory.withdrawn:
            return
        keys = {key for affected in advisory.affected for key in keys_of(affected)}
        for key in keys if wanted is None else keys & wanted:
            rows = self.advisories.setdefault(key, {})
            other = rows.get(advisory.id)
            if other is None or other.modified <= advisory.modified:
                rows[advisory.id] = advisory

    def about(self, keys: Iterable[str]) -> list[Advisory]:
        """Return the advisories about any of these names, sorted by ID."""
        found: dict[str, Advisory] = {}
        for key in keys:
            found.update(self.advisories.get(key, {}))
        return [found[name] for name in sorted(found)]


def read_database(path: Path, into: Database, wanted: frozenset[str] | None = None) -> None:
    """Add the advisories of a folder or an archive.

    Raises `ConfigError` when it cannot be read, or holds no advisory.
    """
    before, malformed = into.read, len(into.malformed)
    try:
        for name, data in documents(path):
            _take(name, data, into, wanted)
    except OSError as error:
        message = f"cannot read the database {path}: {error.strerror}"
        raise ConfigError(message) from error
    if into.read == before:
        message = f"no advisories in {path}"
        if into.malformed[malformed:]:
            message += f": {into.malformed[malformed]}"
        raise ConfigError(message, hint=_HINT)


def read_shipped(into: Database, wanted: frozenset[str] | None = None) -> None:
    """Add the advisories about Obelisk's pins that come with it."""
    with as_file(files("obelisk").joinpath("data/advisories")) as folder:
        read_database(folder, into, wanted)


def _take(name: str, data: bytes | str, into: Database, wanted: frozenset[str] | None) -> None:
    """Add one document; `data` that is text is the reason why there is none."""
    try:
        if isinstance(data, str):
            raise MalformedError(data)  # noqa: TRY301 - one way for all that is malformed
        table = load(data)
        if wanted is not None and is_about_others(table, wanted):
            into.read += 1
        else:
            into.add(advisory_of(table), wanted)
    except MalformedError as error:
        into.malformed.append(f"{name}: {error}")


def documents(path: Path) -> Iterator[tuple[str, bytes | str]]:
    """Yield (name, bytes) of the documents at a path; text in place of bytes is a reason."""
    if path.is_dir():
        yield from _in_folder(path)
    else:
        yield from _in_archive(path)


def _in_folder(folder: Path) -> Iterator[tuple[str, bytes | str]]:
    """Yield what is below a folder, in an order that does not depend on the file system."""
    closed: list[OSError] = []
    for parent, folders, names in os.walk(folder, onerror=closed.append):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            if path.suffix == ".json":
                try:
                    yield str(path), read_regular(path, largest=_LARGEST)
                except OSError as error:
                    yield str(path), error.strerror or "cannot be read"
            elif path.suffix == ".zip":
                yield from _in_archive(path)
    for failed in closed:
        yield str(failed.filename), failed.strerror or "cannot be read"


def _in_archive(path: Path) -> Iterator[tuple[str, bytes | str]]:
    with open_regular(path) as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                for entry in archive.infolist():
                    if entry.filename.endswith(".json"):
                        yield f"{path}: {entry.filename}", _entry(archive, entry)
        except _BROKEN as error:
            message = f"{path} is neither a directory nor a zip archive: {error}"
            raise ConfigError(message, hint=_HINT) from error


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes | str:
    """Return a file of an archive, whose stated size may be a lie; or why it cannot be read."""
    try:
        with archive.open(entry) as stream:
            data = stream.read(_LARGEST + 1)
    except (*_BROKEN, OSError, ValueError) as error:
        return str(error) or type(error).__name__
    return data if len(data) <= _LARGEST else f"larger than {_LARGEST} bytes"

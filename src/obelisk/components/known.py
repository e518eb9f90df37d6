"""Libraries that are known by name, and how their copies are recognized: `data/libraries.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

_HASH: Final = r"(?:-[0-9a-f]{8})*"
"""What auditwheel adds to the name of a library that it copies into a wheel."""
_NAME: Final = re.compile(rf"(?P<stem>.+?){_HASH}\.so(?:\.(?P<version>[\d.]+))?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A text in a file by which a library is recognized."""

    find: bytes
    version: re.Pattern[bytes] | None
    """Of what follows it."""
    number: re.Pattern[bytes] | None
    """Of what stands anywhere in the file; its first group is the version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A library of the table."""

    name: str
    cpe: str | None
    """Its vendor and product."""
    license: str | None
    files: tuple[str, ...]
    packages: tuple[str, ...]
    texts: tuple[Text, ...]
    own_text: re.Pattern[bytes] | None
    """Of the version, in a shared object that is the library itself."""
    soname_version: bool
    """Whether the numbers in its file's name are its version."""
    compiler_version: bool
    """Whether its version is that of its compiler."""

    def cpe_of(self, version: str | None) -> str | None:
        """Return the CPE 2.3 name of a version, which may be one of a Linux distribution."""
        if self.cpe is None:
            return None
        quoted = re.sub(r"([^\w.\-])", r"\\\1", upstream(version)) if version else "*"
        return f"cpe:2.3:a:{self.cpe}:{quoted}:*:*:*:*:*:*:*"


@cache
def known() -> dict[str, Known]:
    """Return all libraries of the table by their names."""
    text = files("obelisk").joinpath("data/libraries.toml").read_text(encoding="utf-8")
    return {name: _parse(name, table) for name, table in tomllib.loads(text).items()}


def of_package(name: str) -> Known | None:
    """Return the library that a package of a Linux distribution is, or that has this name."""
    return known().get(name.lower()) or _by_package().get(name.lower())


def of_file(file: str) -> tuple[Known | None, str]:
    """Return the library that a shared object is by its file name, and that name's stem."""
    stem, _ = _split(file)
    return _by_file().get(stem), stem


def version_in_name(file: str) -> str | None:
    """Return the numbers at the end of a shared object's name."""
    return _split(file)[1]


def upstream(version: str) -> str:
    """Return a version without what a Linux distribution, or the date of a patch, adds to it."""
    return re.sub(r"-r\d+$|\+.*$", "", version)


def version_in(data: bytes, library: Known) -> str | None:
    """Return the version of a library that stands in the data of its own shared object."""
    found = library.own_text.search(data) if library.own_text else None
    return found[1].decode() if found else None


def found_in(data: bytes) -> Iterator[tuple[Known, str | None]]:
    """Yield the libraries whose texts are in a file, with their versions if the texts say them."""
    for library in known().values():
        found = [one for text in library.texts for one in _find(text, data)]
        if found:
            yield library, next(filter(None, found), None)


def _find(text: Text, data: bytes) -> Iterator[str | None]:
    place = data.find(text.find)
    while place >= 0:
        if text.version is None:
            number = text.number.search(data) if text.number else None
            yield _dotted(number[1].decode()) if number else None
            return
        match = text.version.match(data, place + len(text.find))
        if match:
            yield match[0].decode()
            return
        place = data.find(text.find, place + 1)


def _dotted(number: str) -> str:
    """Return 2.9.14 for 20914."""
    if "." in number:
        return number
    parts = [int(number[:-4]), int(number[-4:-2]), int(number[-2:])]
    return ".".join(map(str, parts))


def _split(file: str) -> tuple[str, str | None]:
    found = _NAME.fullmatch(file)
    if found is None:
        return file.partition(".so")[0], None
    return found["stem"], found["version"]


@cache
def _by_file() -> dict[str, Known]:
    return {stem: library for library in known().values() for stem in library.files}


@cache
def _by_package() -> dict[str, Known]:
    return {name: library for library in known().values() for name in library.packages}


def _parse(name: str, table: dict[str, Any]) -> Known:
    return Known(
        name=name,
        cpe=table.get("cpe"),
        license=table.get("license"),
        files=tuple(table.get("files", ())),
        packages=tuple(table.get("packages", ())),
        texts=tuple(map(_text, table.get("texts", ()))),
        own_text=_pattern(table, "own-text"),
        soname_version=table.get("soname-version", False),
        compiler_version=table.get("compiler-version", False),
    )


def _text(row: dict[str, str]) -> Text:
    return Text(
        find=row["find"].encode(),
        version=_pattern(row, "version"),
        number=_pattern(row, "number"),
    )


def _pattern(row: dict[str, Any], name: str) -> re.Pattern[bytes] | None:
    return re.compile(row[name].encode()) if name in row else None

"""The pins: archives of source code by version and hash, as `data/pins.toml` lists them.

A set of them is a value, which is handed on: builds with other ones stand side by side.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

from obelisk.errors import SourceError

SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """A location of an archive."""

    url: str | None
    """Upstream's own address."""
    debian: str | None
    """A path below `pool/main/` of a Debian mirror."""
    sha256: str
    size: int | None
    """Bytes; None: not known."""
    file: Path | None = None
    """A file of the user's own."""

    @property
    def filename(self) -> str:
        """The archive's name, as `--archives DIR` looks for it."""
        if self.file is not None:
            return self.file.name
        return PurePosixPath(urlsplit(self.url or self.debian or "").path).name

    @property
    def shown(self) -> str:
        """Where it is, as messages say it."""
        return str(self.url or self.debian or self.file)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """An archive of source code, pinned to a version and the hash of its bytes."""

    name: str
    version: str
    license: str
    """SPDX expression."""
    license_file: str
    """Path of its license inside the archive, without the top folder."""
    origins: tuple[Origin, ...]
    date: dt.date | None = None
    """The day of the newest file in the archive; None: not known."""
    own: str | None = None
    """Where the user wrote it; None: it is Obelisk's."""

    @property
    def sha256(self) -> str:
        """The hash by which cache keys know it: any of its origins will do.

        Empty for what comes with the compiler, which has none.
        """
        return self.origins[0].sha256 if self.origins else ""


@dataclass(frozen=True, slots=True)
class Pins:
    """The pins of a build: Obelisk's, and the user's own in the place of some."""

    pins: tuple[Pin, ...]

    def __iter__(self) -> Iterator[Pin]:
        """Return them in their order."""
        return iter(self.pins)

    def __getitem__(self, name: str) -> Pin:
        """Return the pin of that name; raise `KeyError` if there is none."""
        for pinned in self.pins:
            if pinned.name == name:
                return pinned
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all."""
        return tuple(pinned.name for pinned in self.pins)

    @property
    def own(self) -> tuple[Pin, ...]:
        """Those that are the user's."""
        return tuple(pinned for pinned in self.pins if pinned.own is not None)

    def replaced(self, own: Iterable[Pin]) -> Pins:
        """Return these pins, but for those whose names `own` has."""
        by_name = {pinned.name: pinned for pinned in own}
        return Pins(tuple(by_name.get(pinned.name, pinned) for pinned in self.pins))


@cache
def shipped_pins() -> Pins:
    """Return the pins that come with Obelisk; raise `SourceError` for an incomplete one."""
    text = files("obelisk").joinpath("data/pins.toml").read_text(encoding="utf-8")
    return Pins(tuple(_parse(name, table) for name, table in tomllib.loads(text).items()))


def _parse(name: str, table: dict[str, Any]) -> Pin:
    origins = tuple(_parse_origin(name, row) for row in table.get("origins", ()))
    if not origins:
        message = f"pin `{name}` has no origin"
        raise SourceError(message)
    return Pin(
        name=name,
        version=table["version"],
        license=table["license"],
        license_file=table["license-file"],
        origins=origins,
        date=table.get("date"),
    )


def _parse_origin(name: str, row: dict[str, Any]) -> Origin:
    sha256 = str(row.get("sha256", ""))
    if not SHA256.fullmatch(sha256) or not isinstance(row.get("size"), int):
        message = f"an origin of pin `{name}` lacks its `sha256` or `size`"
        raise SourceError(message)
    return Origin(
        url=row.get("url"), debian=row.get("debian"), sha256=sha256, size=int(row["size"])
    )

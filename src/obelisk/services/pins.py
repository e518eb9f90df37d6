"""The pins: archives of source code by version and hash, as `data/pins.toml` lists them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any, Final

from obelisk.errors import SourceError

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """A location of an archive."""

    url: str | None
    """Upstream's own address."""
    debian: str | None
    """A path below `pool/main/` of a Debian mirror."""
    sha256: str
    size: int

    @property
    def filename(self) -> str:
        """The archive's name, as `--archives DIR` looks for it."""
        return PurePosixPath(self.url or self.debian or "").name


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


@cache
def pins() -> dict[str, Pin]:
    """Return all pins by name; raise `SourceError` for an incomplete one."""
    text = files("obelisk").joinpath("data/pins.toml").read_text(encoding="utf-8")
    return {name: _parse(name, table) for name, table in tomllib.loads(text).items()}


def pin(name: str) -> Pin:
    """Return the pin of that name."""
    return pins()[name]


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
    )


def _parse_origin(name: str, row: dict[str, Any]) -> Origin:
    sha256 = str(row.get("sha256", ""))
    if not _SHA256.fullmatch(sha256) or not isinstance(row.get("size"), int):
        message = f"an origin of pin `{name}` lacks its `sha256` or `size`"
        raise SourceError(message)
    return Origin(
        url=row.get("url"), debian=row.get("debian"), sha256=sha256, size=int(row["size"])
    )

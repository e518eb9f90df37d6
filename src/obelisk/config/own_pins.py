"""`[tool.obelisk.pins]` and `--pins FILE`: the user's own pins in the place of Obelisk's.

Tables are merged as other settings are, key by key, so that they are whole only when all are read:
`own_pins` checks that, and gives the pins of a build.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from obelisk.config.tables import apply_table
from obelisk.config.toml import read_toml, shown
from obelisk.errors import ConfigError, did_you_mean
from obelisk.services.pins import SHA256, Origin, Pin, Pins, shipped_pins

_VERSION: Final = re.compile(r"\w[\w.+~-]*", re.ASCII)
_DEBIAN: Final = re.compile(r"[a-z0-9]+/[a-z0-9.+-]+/[\w.+~-]+", re.ASCII)
_PYTHON: Final = "cpython-"
_PYTHON_VERSION: Final = re.compile(r"(\d+\.\d+)\.\d+(?:(?:a|b|rc)\d+)?", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class PinTable:
    """A table `[tool.obelisk.pins.NAME]`."""

    version: str | None = None
    """Version of the release, as it is reported."""
    url: str | None = None
    """Where to download the archive."""
    debian: str | None = None
    """Where it is below `pool/main/` of a Debian mirror, to be fetched as apt does."""
    file: str | None = None
    """A file to use instead, relative to the configuration."""
    sha256: str | None = None
    """SHA-256 of the archive, in hexadecimal. It is checked before the archive is used."""
    size: int | None = None
    """Size of the archive in bytes. Default: not checked."""
    license: str | None = None
    """SPDX expression. Default: that of Obelisk's pin."""
    license_file: str | None = None
    """Path of its license inside the archive, without the top directory. Default: that of
    Obelisk's pin."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnPin:
    """Such a table, and where it was written."""

    name: str
    table: PinTable
    where: str


@dataclass(frozen=True, slots=True)
class OwnPins:
    """All such tables."""

    tables: tuple[OwnPin, ...] = ()

    def with_table(self, table: Mapping[str, Any], where: str) -> Self:
        """Return these with those of a table; raise `ConfigError` for invalid ones."""
        known = {own.name: own for own in self.tables}
        for name, values in table.items():
            place = f"`{name}` of {where}"
            _require_known(name, where)
            if not isinstance(values, Mapping):
                message = f"`{name}` in {where} must be a table, not {shown(values)}"
                raise ConfigError(message, hint="expected `version`, `url` and `sha256`")
            before = known[name].table if name in known else PinTable()
            known[name] = OwnPin(name=name, table=apply_table(before, values, place), where=place)
        return replace(self, tables=tuple(known[name] for name in sorted(known)))

    def with_file(self, path: Path) -> Self:
        """Return these, but for those that a file has; paths in it start from its folder."""
        made = OwnPins().with_table(read_toml(path), str(path))
        read = {own.name: _below(own, path.absolute().parent) for own in made.tables}
        kept = {own.name: own for own in self.tables}
        return replace(self, tables=tuple(one for _, one in sorted((kept | read).items())))


def own_pins(own: OwnPins, folder: Path) -> Pins:
    """Return Obelisk's pins with the user's own in their place; `folder` is where paths start.

    Raises `ConfigError` for tables that lack something or have what cannot be.
    """
    shipped = shipped_pins()
    return shipped.replaced(_pin(one, shipped[one.name], folder) for one in own.tables)


def _below(own: OwnPin, folder: Path) -> OwnPin:
    if own.table.file is None:
        return own
    return replace(own, table=replace(own.table, file=str(folder / own.table.file)))


def _require_known(name: str, where: str) -> None:
    names = shipped_pins().names
    if name in names:
        return
    message = f"unknown pin `{name}` in {where}"
    dotted = [known for known in names if known.startswith(f"{name}.")]
    if dotted:  # TOML takes the dot of a version for that of a table
        raise ConfigError(message, hint=f'write it in quotes: `"{dotted[0]}"`')
    raise ConfigError(message, hint=did_you_mean(name, names))


def _pin(own: OwnPin, shipped: Pin, folder: Path) -> Pin:
    table, where = own.table, own.where
    version = _required(table.version, "version", where)
    if not _VERSION.fullmatch(version):
        message = f"`version` in {where} must be letters, digits and `.+~_-`, not {shown(version)}"
        raise ConfigError(message)
    _require_series(own.name, version, where)
    sha256 = _required(table.sha256, "sha256", where).lower()
    if not SHA256.fullmatch(sha256):
        message = f"`sha256` in {where} must be 64 hexadecimal digits, not {shown(table.sha256)}"
        raise ConfigError(message, hint="`sha256sum FILE` prints it")
    if table.size is not None and table.size < 1:
        message = f"`size` in {where} must be a number of bytes, not {table.size}"
        raise ConfigError(message)
    _require_one_place(table, where)
    origin = Origin(
        url=_url(table.url, where),
        debian=table.debian,
        sha256=sha256,
        size=table.size,
        file=folder / table.file if table.file else None,
    )
    return replace(
        shipped,
        version=version,
        license=table.license or shipped.license,
        license_file=table.license_file or shipped.license_file,
        origins=(origin,),
        date=None,
        own=where,
    )


def _required(value: str | None, key: str, where: str) -> str:
    if value is None:
        message = f"{where} has no `{key}`"
        raise ConfigError(message, hint="a pin has `version`, `sha256`, and `url` or `file`")
    return value


def _require_one_place(table: PinTable, where: str) -> None:
    places = {"url": table.url, "file": table.file, "debian": table.debian}
    given = [f"`{key}`" for key, value in places.items() if value is not None]
    if len(given) != 1:
        what = "both " + " and ".join(given) if given else "neither `url` nor `file`"
        message = f"{where} has {what}"
        raise ConfigError(message, hint="give the archive's address, or its path")
    if table.debian is not None and not _DEBIAN.fullmatch(table.debian):
        message = f"`debian` in {where} is not a path below `pool/main/`: {shown(table.debian)}"
        raise ConfigError(message, hint="expected `o/openssl/openssl_3.5.7.orig.tar.gz`")


def _url(url: str | None, where: str) -> str | None:
    if url is None:
        return None
    try:
        found = urlsplit(url)
    except ValueError:
        found = urlsplit("")
    if found.scheme not in ("http", "https") or not found.hostname or not url.isprintable():
        message = f"`url` in {where} is not an address: {shown(url)}"
        raise ConfigError(message, hint="expected `https://...`; a path belongs in `file`")
    if found.username or found.password:
        message = f"`url` in {where} contains credentials"
        raise ConfigError(message, hint="download the archive, and give its path as `file`")
    return url


def _require_series(name: str, version: str, where: str) -> None:
    """Raise `ConfigError` for a Python of another X.Y than the pin's name."""
    if not name.startswith(_PYTHON):
        return
    series = name.removeprefix(_PYTHON)
    found = _PYTHON_VERSION.fullmatch(version)
    if found is None or found[1] != series:
        message = f"`version` in {where} is {shown(version)}, which is no release of {series}"
        raise ConfigError(message, hint=f"expected `{series}.N`")

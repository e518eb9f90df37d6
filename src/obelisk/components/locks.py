"""Which archive a lock has for what is installed: its hash and its address."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from packaging.tags import Tag, parse_tag
from packaging.utils import (
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    canonicalize_version,
    parse_wheel_filename,
)

from obelisk.components.declared import without_credentials

_SHA256: Final = "sha256"
_PUBLIC: Final = "https://files.pythonhosted.org/"
"""Where PyPI's files are, for everybody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    """A wheel or a source distribution in a lock."""

    file: str
    sha256: str
    url: str | None
    """Without credentials; None for what lies on this machine."""

    @property
    def tags(self) -> frozenset[Tag] | None:
        """The tags of a wheel, None for a source distribution."""
        try:
            return parse_wheel_filename(self.file)[3] if self.file.endswith(".whl") else None
        except InvalidWheelFilename:
            return frozenset()

    @property
    def build(self) -> str:
        """The build tag of a wheel, "" without one."""
        number, text = parse_wheel_filename(self.file)[2] or ("", "")
        return f"{number}{text}"


@dataclass(frozen=True, kw_only=True, slots=True)
class FixedArchive:
    """A distribution with the archive that it is installed from."""

    name: str
    version: str
    archive: Archive


Archives = Mapping[tuple[NormalizedName, str], tuple[Archive, ...]]
"""By name and version of what they install."""


def release_key(name: str, version: str) -> tuple[NormalizedName, str]:
    """Return a name and a version in the one form in which they can be compared."""
    return canonicalize_name(name), canonicalize_version(version)


def locked_archives(lock: Path | None) -> Archives:
    """Return the archives of a `uv.lock` or `pylock.toml`, which an installer has understood."""
    if lock is None:
        return {}
    try:
        document = tomllib.loads(lock.read_text(encoding="utf-8"))
        rows = document.get("package", document.get("packages", ()))
        return {
            release_key(row["name"], row["version"]): tuple(_archives(row))
            for row in rows
            if "version" in row
        }
    except (AttributeError, KeyError, OSError, TypeError, ValueError):
        return {}  # the hashes of packages are left out: the installer judges locks


def installed_from(archives: Iterable[Archive], wheel: str, *, is_built: bool) -> Archive | None:
    """Return the archive that was installed, by the text of its WHEEL file.

    `is_built`: source distributions alone were allowed.
    """
    lines = wheel.splitlines()
    tags = frozenset(
        tag
        for line in lines
        if line.startswith("Tag:")
        for tag in parse_tag(line.partition(":")[2].strip())
    )
    build = next((line[6:].strip() for line in lines if line.startswith("Build:")), "")
    wheels = [one for one in archives if one.tags is not None]
    found = [one for one in wheels if one.tags == tags and not is_built]
    if len(found) > 1:
        found = [one for one in found if one.build == build]
    if len(found) == 1:
        return found[0]
    sources = [one for one in archives if one.tags is None]
    return sources[0] if not found and len(sources) == 1 else None


def public_only(archives: Archives) -> Archives:
    """Return archives without addresses that not everybody has, such as those of a mirror.

    The same archive is then described alike, whoever installs it.
    """
    return {
        key: tuple(
            one if (one.url or "").startswith(_PUBLIC) else replace(one, url=None) for one in found
        )
        for key, found in archives.items()
    }


def _archives(row: Mapping[str, Any]) -> Iterator[Archive]:
    found = [*row.get("wheels", ()), row.get("sdist"), row.get("archive")]
    for one in filter(None, found):
        digest = one.get("hashes", {}).get(_SHA256) or one.get("hash", "").removeprefix("sha256:")
        url = one.get("url", "")
        place = one.get("name") or one.get("filename") or unquote(urlsplit(url).path)
        place = place or one.get("path", "")
        if digest and place:
            yield Archive(
                file=place.rpartition("/")[2],
                sha256=digest,
                url=_shared(url),
            )


def _shared(url: str) -> str | None:
    """Return an address without what says who asks; None for one of this machine."""
    text = without_credentials(url).partition("#")[0].partition("?")[0]
    return text if text.startswith(("https:", "http:")) and text.isprintable() else None

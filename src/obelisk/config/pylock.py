"""Reading a pylock.toml (PEP 751), as far as what uv leaves unchecked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from obelisk.config.toml import read_toml, tables_of
from obelisk.errors import ConfigError


def require_hashes(lock: Path) -> None:
    """Raise `ConfigError` unless every archive of a pylock.toml has a hash, which uv then checks.

    `--require-hashes` would also refuse folders and commits, of which there are none.
    """
    for package in tables_of(read_toml(lock).get("packages")):
        for archive in _archives(package):
            if not archive.get("hashes"):
                name = package.get("name")
                message = f"an archive of `{name}` in {lock} has no hash"
                raise ConfigError(
                    message, hint="regenerate the lockfile: `uv export -o pylock.toml`"
                )


def _archives(package: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key in ("archive", "sdist"):
        yield from tables_of([package[key]] if key in package else None)
    yield from tables_of(package.get("wheels"))


def lines_of(lock: Path) -> Iterator[str]:
    """Yield the packages of a pylock.toml that are of an index, as lines of a requirements file."""
    for package in tables_of(read_toml(lock).get("packages")):
        name, version = package.get("name"), package.get("version")
        hashes = [archive["hashes"] for archive in _archives(package) if "hashes" in archive]
        digests = [f" --hash=sha256:{one['sha256']}" for one in hashes if "sha256" in one]
        if isinstance(name, str) and isinstance(version, str) and digests:
            yield f"{name}=={version}" + "".join(digests)

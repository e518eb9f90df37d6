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

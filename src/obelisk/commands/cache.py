"""`obelisk cache`: show, verify, prune and remove the cache."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import click

from obelisk.commands.options import JSON_VERSION, json_option, quiet_options
from obelisk.errors import ConfigError, VerifyError
from obelisk.services.cache import Cache
from obelisk.services.cache.removal import Removed, clean, prune
from obelisk.services.cache.root import default_root
from obelisk.services.console import Console
from obelisk.services.disk import mebibytes

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_AGE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])", re.IGNORECASE)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600, "w": 7 * 24 * 3600}
_MOST: Final = 1 << 63
_WAITING: Final = "waiting for running builds to release the cache; press Ctrl-C to cancel"


@click.group("cache")
def cache_group() -> None:
    """Manage the cache."""


@cache_group.command("dir")
def show_folder() -> None:
    """Show the cache directory. Set OBELISK_CACHE to change it."""
    Console().data(str(default_root()))


@cache_group.command("list")
@json_option
@quiet_options
def list_entries(console: Console, as_json: bool) -> None:
    """List cache entries with their size and last use."""
    entries = Cache(warn=console.warn).entries()
    if as_json:
        rows = [
            {"kind": e.kind, "key": e.key, "path": str(e.path), "size": e.size, "used": e.used}
            for e in entries
        ]
        console.json({"version": JSON_VERSION, "entries": rows})
        return
    for entry in entries:
        console.data(f"{mebibytes(entry.size):>12}  {_date(entry.used)}  {entry.kind}/{entry.key}")


@cache_group.command("verify")
@json_option
@quiet_options
def verify_cache(console: Console, as_json: bool) -> None:
    """Verify every cached file against its recorded hash.

    Corrupt entries are rebuilt when next needed. uv's cache is not verified.
    """
    damaged = Cache(warn=console.warn).verify()
    if as_json:
        rows = [{"path": str(path), "detail": how} for path, how in damaged]
        console.json({"version": JSON_VERSION, "sound": not damaged, "damaged": rows})
    for path, how in damaged:
        console.warn(f"corrupt cache entry {path}: {how}")
    if damaged:
        message = f"corrupt cache entries: {len(damaged)}"
        raise VerifyError(
            message, hint="the next build rebuilds them; if this happens again, check the disk"
        )


@cache_group.command("prune")
@click.option(
    "--max-size",
    metavar="SIZE",
    help="Remove the least recently used entries until the rest fits, e.g. 2G.",
)
@click.option(
    "--older-than",
    metavar="AGE",
    help="Remove entries unused for this long, e.g. 30d or 12h.",
)
@json_option
@quiet_options
def prune_cache(
    console: Console, max_size: str | None, older_than: str | None, as_json: bool
) -> None:
    """Remove leftovers of killed builds, and entries by age or total size.

    Waits for running builds. Without options, only leftovers are removed.
    """
    removed = prune(
        default_root(),
        max_size=_size(max_size),
        older_than=_age(older_than),
        on_wait=lambda: console.warn(_WAITING),
    )
    _report(console, removed, as_json=as_json)


@cache_group.command("clean")
@json_option
@quiet_options
def clean_cache(console: Console, as_json: bool) -> None:
    """Remove the whole cache.

    Waits for running builds. Files that are not Obelisk's are kept.
    """
    removed = clean(default_root(), on_wait=lambda: console.warn(_WAITING))
    _report(console, removed, as_json=as_json)
    for path in removed.left:
        console.warn(f"kept {path}: not part of the cache, or not removable")


def _report(console: Console, removed: Removed, *, as_json: bool) -> None:
    if as_json:
        row = {
            "removed": removed.size,
            "entries": removed.entries,
            "left": [str(path) for path in removed.left],
        }
        console.json({"version": JSON_VERSION, **row})
    console.report(f"Removed {mebibytes(removed.size)}")


def _date(seconds: float) -> str:
    """Return the day of a file's time, which may be any number."""
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return " " * len("2026-11-25")


def _size(text: str | None) -> int | None:
    """Return the bytes that `500M` or `2G` means."""
    if text is None:
        return None
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        message = f"invalid size `{text}`"
        raise ConfigError(message, hint="examples: 500M, 2G")
    return int(min(float(found[1]) * 1024 ** " KMGT".index(found[2].upper() or " "), _MOST))


def _age(text: str | None) -> float | None:
    """Return the seconds that `30d` or `12h` means."""
    if text is None:
        return None
    found = _AGE.fullmatch(text.strip())
    if found is None:
        message = f"invalid age `{text}`"
        raise ConfigError(message, hint="examples: 12h, 30d, 2w")
    return min(float(found[1]) * _SECONDS[found[2].lower()], _MOST)

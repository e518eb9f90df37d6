"""`obelisk cache`: where it is, what is in it, and how to be rid of it."""

from __future__ import annotations

import click

from obelisk.cache import Cache
from obelisk.commands.options import JSON_VERSION, json_option, mebibytes, quiet_options
from obelisk.console import Console


@click.group("cache")
def cache_group() -> None:
    """Look at the cache, or remove it."""


@cache_group.command("dir")
def show_folder() -> None:
    """Print the cache's folder; the variable OBELISK_CACHE chooses another."""
    Console().data(str(Cache().root))


@cache_group.command("list")
@json_option
@quiet_options
def list_entries(console: Console, as_json: bool) -> None:
    """List what is cached, with sizes."""
    entries = Cache().entries()
    if as_json:
        rows = [
            {"kind": e.kind, "key": e.key, "path": str(e.path), "size": e.size} for e in entries
        ]
        console.json({"version": JSON_VERSION, "entries": rows})
        return
    for entry in entries:
        console.data(f"{mebibytes(entry.size):>12}  {entry.kind}/{entry.key}")


@cache_group.command("clean")
@quiet_options
def clean_cache(console: Console) -> None:
    """Remove the whole cache. Nothing is lost but time."""
    size = Cache().clean()
    console.report(f"removed {mebibytes(size)}")

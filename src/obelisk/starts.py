"""What a start of an executable reads from its payload, by training and by import statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from obelisk.collect.launcher import entry_modules
from obelisk.compile.following import imported_at_start, start_units
from obelisk.config.settings import Compression
from obelisk.model import Bytecode, Collection, ModuleUnits
from obelisk.pack.first_use import default_order
from obelisk.pack.frames import Frames
from obelisk.payload.payload import Table, use_key
from obelisk.plan import Plan
from obelisk.services.cache import Cache


def units_of(
    plan: Plan, cache: Cache, bytecodes: Iterable[Bytecode], *, python: Path
) -> list[ModuleUnits]:
    """Return what modules import, where that decides how something is stored."""
    settings = plan.settings
    if settings.storage.compression != Compression.UNUSED and not Frames.are_shared(settings):
        return []
    return start_units(cache, bytecodes, python=python)


def first_use(
    plan: Plan, main: str, imported: Iterable[str], trained: tuple[str, ...] | None
) -> tuple[str, ...]:
    """Return what a start uses: what training saw, or a default, and by import statements."""
    keys = default_order(main) if trained is None else trained
    if plan.settings.snapshot:
        return default_order(main)  # all else is for a cold start
    if plan.settings.storage.compression != Compression.UNUSED:
        return keys
    return tuple(dict.fromkeys((*keys, *sorted(imported))))


def neighbours(plan: Plan, imported: Sequence[str]) -> Sequence[str] | None:
    """Return what a start reads one after the other; None if contents share no frames.

    That is what import statements say: so frames stay the same with other training.
    """
    return imported if Frames.are_shared(plan.settings) else None


def imported_by(
    collection: Collection, bytecodes: Iterable[Bytecode], units: Iterable[ModuleUnits]
) -> list[str]:
    """Return the keys of the code that import statements read, in that order."""
    roots = {collection.main, *entry_modules(collection.entry)}
    known = {one.module.path for one in bytecodes}
    inside = [one for one in units if one.module.path in known]
    return [use_key(Table.MODULES, path) for path in imported_at_start(inside, roots)]

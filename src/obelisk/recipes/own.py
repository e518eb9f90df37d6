"""What fails with a pin of the user's own: said by the recipe's name, and whose pin it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from obelisk.errors import SourceError, ToolError
from obelisk.recipes.context import RecipeContext
from obelisk.services.pins import Pin, shipped_pins


@contextmanager
def own_pin_named(pinned: Pin) -> Iterator[None]:
    """Raise `ToolError` that names the pin for what its recipe or a patch does not fit."""
    try:
        yield
    except (ToolError, SourceError, FileNotFoundError, UnicodeDecodeError) as error:
        if pinned.own is None:
            raise
        known = shipped_pins()[pinned.name].version
        message = (
            f"`{pinned.name}` {pinned.version}, pinned by {pinned.own}, does not build: its recipe "
            f"and patches are for {known}\n{_reason(error)}"
        )
        log = error.log if isinstance(error, ToolError) else None
        hint = f"pin a release that is closer to {known}, or remove the pin"
        raise ToolError(message, hint=hint, log=log) from error


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"no such file: {error.filename}"
    return str(error)


def check_version(shop: RecipeContext) -> None:
    """Warn where the folder in an archive does not name the version that the user's pin says.

    That version is what audits and bills of materials go by.
    """
    pinned = shop.source
    if pinned.own is not None and pinned.version not in shop.tree.name:
        shop.say(
            f"the archive of `{pinned.name}` contains {shop.tree.name}: check that {pinned.own} "
            f"gives its version, which is now {pinned.version}"
        )

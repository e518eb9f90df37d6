"""zlib: these files with these flags."""

from __future__ import annotations

from typing import Final

from obelisk.recipes.context import RecipeContext

_FLAGS: Final = ("-DHAVE_UNISTD_H", "-DHAVE_STDARG_H")
_OF_FORMAT: Final = {
    "elf": ("-DHAVE_HIDDEN",),
    # Symbols have no visibility.
    "pe": (),
}


def build(shop: RecipeContext) -> None:
    """Build libz and install its two headers."""
    target = shop.chain.target
    shop.library("libz", shop.glob("*.c"), flags=(*_FLAGS, *_OF_FORMAT[target.object_format]))
    if target.object_format == "elf":
        # The one library besides libc that musllinux wheels (PEP 656) do not bring with them.
        shop.shared("libz", "libz.so.1")
    shop.headers("zlib.h", "zconf.h")

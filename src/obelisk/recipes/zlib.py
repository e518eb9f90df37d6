"""zlib: these files with these flags."""

from __future__ import annotations

from obelisk.recipes.context import RecipeContext

_FLAGS = ("-DHAVE_UNISTD_H", "-DHAVE_STDARG_H", "-DHAVE_HIDDEN")


def build(shop: RecipeContext) -> None:
    """Build libz and install its two headers."""
    shop.library("libz", shop.glob("*.c"), flags=_FLAGS)
    # The one library besides libc that musllinux wheels (PEP 656) do not bring with them.
    shop.shared("libz", "libz.so.1")
    shop.headers("zlib.h", "zconf.h")

"""mingw-w64: what every program for Windows is linked with besides what the system has."""

from __future__ import annotations

from typing import Final

from obelisk.components.pinned import MINGW
from obelisk.recipes.context import RecipeContext
from obelisk.services.pins import Pin
from obelisk.toolchain import archives, mingw_runtime
from obelisk.toolchain.clang import VERSION

SOURCE: Final = Pin(
    name=MINGW,
    version=f"zig-{VERSION}",
    # As its COPYING.MinGW-w64-runtime.txt says.
    license="ZPL-2.1",
    license_file="lib/libc/mingw/COPYING",
    origins=(),
)
"""It comes with zig, and is as zig has changed it."""
CODE: Final = (archives, mingw_runtime)
"""What builds it, for cache keys."""


def build(shop: RecipeContext) -> None:
    """Build start files, mingw-w64's functions and import libraries of the system."""
    mingw_runtime.build_mingw_runtime(shop.chain, shop.output, shop.log)

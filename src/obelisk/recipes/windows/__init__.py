"""The libraries of a distribution for Windows: those of Linux that Windows does not have itself.

What is not here: libc and the allocator are the UCRT's; `_uuid` calls the system; Windows has
neither curses nor readline nor `dbm.ndbm`.
"""

from __future__ import annotations

from typing import Final

from obelisk.components.pinned import MINGW
from obelisk.recipes import Recipe, bzip2, zstd
from obelisk.recipes.windows import libraries

RUNTIME: Final = MINGW
"""What the others need; see toolchain/mingw_runtime.py."""

RECIPES: Final = {
    recipe.name: recipe
    for recipe in (
        # The slowest come first, so that the others fill the second processor beside them.
        Recipe(name="openssl", build=libraries.openssl, needs=(), provides=("ssl", "crypto")),
        Recipe(
            name="sqlite",
            build=libraries.sqlite,
            needs=(),
            provides=("sqlite3",),
            runs_programs=True,
        ),
        Recipe(name="zstd", build=zstd.build, needs=(), provides=("zstd",)),
        Recipe(name="xz", build=libraries.xz, needs=(), provides=("lzma",)),
        Recipe(name="libffi", build=libraries.libffi, needs=(), provides=("ffi",)),
        Recipe(name="zlib", build=libraries.zlib, needs=(), provides=("z",)),
        Recipe(name="bzip2", build=bzip2.build, needs=(), provides=("bz2",)),
    )
}

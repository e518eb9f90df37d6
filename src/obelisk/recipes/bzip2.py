"""bzip2: these files with these flags."""

from __future__ import annotations

from obelisk.recipes.context import RecipeContext

_FILES = (
    "blocksort.c",
    "bzlib.c",
    "compress.c",
    "crctable.c",
    "decompress.c",
    "huffman.c",
    "randtable.c",
)


def build(shop: RecipeContext) -> None:
    """Build libbz2 and install its header."""
    shop.library("libbz2", _FILES, flags=("-D_FILE_OFFSET_BITS=64",))
    shop.headers("bzlib.h")

"""zstd: these files with these flags."""

from __future__ import annotations

from obelisk.recipes.context import RecipeContext

_FOLDERS = ("common", "compress", "decompress", "dictBuilder")


def build(shop: RecipeContext) -> None:
    """Build libzstd; its xxhash.h also serves the runtime's payload reader."""
    sources = [name for folder in _FOLDERS for name in shop.glob(f"{folder}/*.[cS]", base="lib")]
    flags = ("-DZSTD_MULTITHREAD", "-DXXH_NAMESPACE=ZSTD_", "-DZSTD_LEGACY_SUPPORT=0")
    shop.library("libzstd", sources, flags=flags, base="lib")
    shop.headers("lib/zstd.h", "lib/zdict.h", "lib/zstd_errors.h", "lib/common/xxhash.h")

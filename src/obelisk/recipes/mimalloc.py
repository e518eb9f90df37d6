"""The allocator, in place of musl's, which is several times slower."""

from __future__ import annotations

from obelisk.recipes.context import RecipeContext

_FLAGS = (
    "-Iinclude",
    "-DMI_MALLOC_OVERRIDE=1",
    "-DMI_STATIC_LIB=1",
    "-DMI_LIBC_MUSL=1",
    # By this glibc says that there is `aligned_alloc`. Where libc has one and mimalloc has none,
    # `free` is given memory that is not mimalloc's.
    "-D__USE_ISOC11=1",
    # Statistics are kept and printed by nobody here.
    "-DMI_STAT=0",
    "-fvisibility=hidden",
    "-ftls-model=local-exec",
    "-fno-builtin-malloc",
    "-std=gnu11",
    "-Wno-error",
)


_HARDENED = "-DMI_SECURE=4"
"""Guard pages, random and encoded free lists, and a check for what is freed twice."""


def build(shop: RecipeContext) -> None:
    """Build the one object that defines malloc and its family, plain and hardened."""
    for name, more in (("libmimalloc", ()), ("libmimalloc-hardened", (_HARDENED,))):
        shop.library(name, ["src/static.c"], flags=(*_FLAGS, *more))

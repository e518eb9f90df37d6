"""libc: musl from its own source, because zig's copy of it is slower and less exact."""

from __future__ import annotations

from obelisk.recipes.context import RecipeContext
from obelisk.services.host import jobs
from obelisk.toolchain.compiler_rt import build_compiler_rt


def build(shop: RecipeContext) -> None:
    """Build libc, its start files and its headers, and what clang adds to them.

    The static one is the product's; the shared one is for the Python that builds packages.
    """
    runtime = shop.output / "resource/lib/linux"
    build_compiler_rt(shop.chain, runtime, shop.log)
    builtins = runtime / f"libclang_rt.builtins-{shop.chain.target.architecture}.a"
    shop.run(
        "./configure",
        f"--target={shop.chain.target.clang_triple}",
        *("--prefix=/", "--syslibdir=/lib"),
        env={
            # It says itself what is static; the other flags of `cc` do no harm.
            "CC": "cc-shared",
            "AR": "ar",
            "RANLIB": "ranlib",
            "CFLAGS": "-O2 -fstack-protector-strong -fPIE",
            "LIBCC": str(builtins),
        },
    )
    shop.run("make", f"-j{jobs()}")
    shop.run("make", "install", f"DESTDIR={shop.output}")
    # A link to where libc.so would be if it were the system's.
    (shop.output / "lib" / f"ld-musl-{shop.chain.target.architecture}.so.1").unlink()

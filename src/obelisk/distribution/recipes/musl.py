"""libc: musl from its own source, because zig's copy of it is slower and less exact."""

from __future__ import annotations

from obelisk.distribution.workshop import Workshop
from obelisk.toolchain import build_compiler_rt, jobs


def build(shop: Workshop) -> None:
    """Build the static libc, its start files and its headers, and what clang adds to them."""
    build_compiler_rt(shop.chain, shop.output / "resource/lib/linux", shop.log)
    shop.run(
        "./configure",
        f"--target={shop.chain.target.clang_triple}",
        "--disable-shared",
        "--prefix=/",
        env={
            "CC": "cc",
            "AR": "ar",
            "RANLIB": "ranlib",
            "CFLAGS": "-O2 -fstack-protector-strong -fPIE",
            "LIBCC": " ",
        },
    )
    shop.run("make", f"-j{jobs()}")
    shop.run("make", "install", f"DESTDIR={shop.output}")

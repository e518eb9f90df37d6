"""libc: musl from its own source, because zig's copy of it is slower and less exact."""

from __future__ import annotations

from obelisk.distribution.workshop import Workshop
from obelisk.toolchain import build_compiler_rt, jobs

_TLS_ROOM = ("void *space[16];", "void *space[1 << 17];")
"""Room for the main thread's variables, in words of .bss: 1 MiB, of which only what is used costs.

For more, musl maps memory before anything else runs and does not look whether it got any: where
that is refused, the process would die of SIGSEGV. The pool of linked objects alone needs 512 KiB.
"""


def build(shop: Workshop) -> None:
    """Build libc, its start files and its headers, and what clang adds to them.

    The static one is the product's; the shared one is for the Python that builds packages.
    """
    runtime = shop.output / "resource/lib/linux"
    build_compiler_rt(shop.chain, runtime, shop.log)
    builtins = runtime / f"libclang_rt.builtins-{shop.chain.target.architecture}.a"
    shop.replace("src/env/__init_tls.c", *_TLS_ROOM)
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

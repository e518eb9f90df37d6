"""libxslt and libexslt, by libxml2."""

from __future__ import annotations

from typing import Final

from obelisk.distribution.workshop import Workshop
from obelisk.toolchain import jobs

_OPTIONS: Final = ("--disable-shared", "--without-python", "--without-crypto", "--without-plugins")


def build(shop: Workshop) -> None:
    """Build both libraries and install their headers and what `pkg-config` reads."""
    folders = ("libxslt", "libexslt")
    shop.configure(
        *(*_OPTIONS, f"--with-libxml-src={shop.root / 'none'}"),
        env={
            "CFLAGS": "-O2 -fPIC",
            "LIBXML_CFLAGS": f"-I{shop.chain.sysroot}/include/libxml2",
            "LIBXML_LIBS": "-lxml2",
        },
    )
    for folder in folders:
        shop.run("make", "-C", folder, f"-j{jobs()}", f"{folder}.la")
        shop.run("make", "-C", folder, "install", f"DESTDIR={shop.output}")
    shop.run("make", "install-pkgconfigDATA", f"DESTDIR={shop.output}")

"""zlib: these files with these flags."""

from __future__ import annotations

from obelisk.distribution.workshop import Workshop

_FLAGS = ("-DHAVE_UNISTD_H", "-DHAVE_STDARG_H", "-DHAVE_HIDDEN")


def build(shop: Workshop) -> None:
    """Build libz and install its two headers."""
    shop.library("libz", shop.glob("*.c"), flags=_FLAGS)
    # The one library besides libc that musllinux wheels (PEP 656) do not bring with them.
    shop.shared("libz", "libz.so.1")
    shop.headers("zlib.h", "zconf.h")

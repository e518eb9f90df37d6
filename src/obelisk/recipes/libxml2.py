"""libxml2, without what would need other libraries."""

from __future__ import annotations

from typing import Final

from obelisk.recipes.context import RecipeContext
from obelisk.services.host import jobs

_OPTIONS: Final = (
    *("--disable-shared", "--without-python", "--without-icu", "--without-zlib"),
    *("--without-readline", "--without-history", "--without-debug"),
    # Off by default since 2.15, and lxml has it.
    "--with-schematron",
)


def build(shop: RecipeContext) -> None:
    """Build libxml2 and install its headers and what `pkg-config` reads."""
    shop.configure(*_OPTIONS, env={"CFLAGS": "-O2 -fPIC"})
    shop.run("make", f"-j{jobs()}", "libxml2.la")
    shop.run("make", "install-libLTLIBRARIES", "install-pkgconfigDATA", f"DESTDIR={shop.output}")
    shop.run("make", "-C", "include", "install", f"DESTDIR={shop.output}")

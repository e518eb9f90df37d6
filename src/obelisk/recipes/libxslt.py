"""libxslt and libexslt, by libxml2."""

from __future__ import annotations

from typing import Final

from obelisk.recipes.context import RecipeContext
from obelisk.services.host import jobs

_OPTIONS: Final = ("--disable-shared", "--without-python", "--without-crypto", "--without-plugins")
_XML_CONFIG: Final = """\
#!/bin/sh
case "$1" in
--cflags) echo "-I{include}/libxml2" ;;
--libs) echo "-lxml2 -lm" ;;
--version) echo "{version}" ;;
esac
"""


def build(shop: RecipeContext) -> None:
    """Build both libraries and install their headers and what `pkg-config` reads."""
    # In place of the script that libxml2 installs, which knows only where it was to be.
    script = shop.root / "xml2-config"
    version = shop.pins["libxml2"].version
    script.write_text(_XML_CONFIG.format(include=shop.chain.sysroot / "include", version=version))
    script.chmod(0o755)
    env = {"CFLAGS": "-O2 -fPIC", "XML_CONFIG": str(script), "PKG_CONFIG": "false"}
    shop.configure(*_OPTIONS, env=env)
    for folder in ("libxslt", "libexslt"):
        shop.run("make", "-C", folder, f"-j{jobs()}", f"{folder}.la")
        shop.run("make", "-C", folder, "install", f"DESTDIR={shop.output}")
    shop.run("make", "install-pkgconfigDATA", f"DESTDIR={shop.output}")

"""OpenSSL, as a static library without the parts that would load code from disk."""

from __future__ import annotations

from obelisk.distribution.workshop import Workshop
from obelisk.toolchain import jobs

_OPTIONS = (
    *("no-shared", "no-tests", "no-apps", "no-docs", "no-engine", "no-dso", "no-module"),
    *("no-legacy", "no-ssl3", "no-comp", "no-zlib", "no-afalgeng", "no-async"),
)


def build(shop: Workshop) -> None:
    """Build libcrypto and libssl, with /etc/ssl as the folder of configuration and certificates."""
    shop.run(
        "perl",
        "./Configure",
        shop.chain.target.openssl_target,
        *_OPTIONS,
        *("--prefix=/usr", "--libdir=lib", "--openssldir=/etc/ssl"),
        # Flags of ours in place of its -g -Wa,...; buildinf.h would otherwise keep our paths.
        *("-O3", "-fPIC"),
        env={"CC": "cc", "AR": "ar", "RANLIB": "ranlib"},
    )
    shop.run("make", f"-j{jobs()}", "build_libs")
    shop.run("make", "install_dev", f"DESTDIR={shop.output}")
    usr = shop.output / "usr"
    for name in ("include", "lib"):
        (usr / name).rename(shop.output / name)

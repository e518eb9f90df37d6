"""OpenSSL, as a static library without the parts that would load code from disk."""

from __future__ import annotations

from obelisk.recipes.context import RecipeContext
from obelisk.services.host import jobs

_OPTIONS = (
    *("no-shared", "no-tests", "no-apps", "no-docs", "no-engine", "no-dso", "no-module"),
    *("no-legacy", "no-ssl3", "no-comp", "no-zlib", "no-afalgeng", "no-async"),
    # What no API of Python reaches: QUIC, threads of its own (for Argon2), names of its source
    # files in errors, and CBC suites of TLS 1.1 that compute several records at once.
    *("no-quic", "no-argon2", "no-thread-pool", "no-default-thread-pool", "no-filenames"),
    *("no-multiblock", "no-nextprotoneg"),
    # Ciphers and digests of the legacy provider, which is not there: they cannot be fetched.
    *("no-bf", "no-cast", "no-idea", "no-md4", "no-mdc2", "no-rc2", "no-rc4", "no-seed"),
    "no-whirlpool",
)


_ASKS_GLIBC = "#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)\n#if __GLIBC_PREREQ(2, 16)\n"
"""Where Arm's part asks whether libc has getauxval. Musl has, and does not say so: without it, each
start would try instructions out and catch SIGILL."""


def build(shop: RecipeContext) -> None:
    """Build libcrypto and libssl, with /etc/ssl as the folder of configuration and certificates."""
    shop.replace("crypto/armcap.c", _ASKS_GLIBC, "#if defined(__linux__)\n#if 1\n")
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

"""OpenSSL, as a static library without the parts that would load code from disk."""

from __future__ import annotations

from typing import Final

from obelisk.recipes.context import RecipeContext
from obelisk.services.host import jobs

_OPTIONS: Final = (
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
_OF_SYSTEM: Final = {
    # Flags of ours in place of its -g -Wa,...; buildinf.h would otherwise keep our paths.
    "linux": ("--openssldir=/etc/ssl", "-O3", "-fPIC"),
    "windows": (r"--openssldir=C:\Program Files\Common Files\SSL", "-O3"),
}
"""Where its configuration and certificates are (those of Windows's own store come through Python),
and flags."""
_ASKS_GLIBC: Final = (
    "#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)\n#if __GLIBC_PREREQ(2, 16)\n"
)
"""Where Arm's part asks whether libc has getauxval. Musl has, and does not say so: without it, each
start would try instructions out and catch SIGILL."""


def build(shop: RecipeContext) -> None:
    """Build libcrypto and libssl."""
    shop.replace("crypto/armcap.c", _ASKS_GLIBC, "#if defined(__linux__)\n#if 1\n")
    target = shop.chain.target
    shop.run(
        *("perl", "./Configure", target.openssl_target, *_OPTIONS, "--prefix=/usr", "--libdir=lib"),
        *_OF_SYSTEM[target.system],
        # Windows's resources are in no library, and no compiler of them is called.
        env={"CC": "cc", "AR": "ar", "RANLIB": "ranlib", "RC": "false"},
    )
    shop.run("make", f"-j{jobs()}", "build_libs")
    shop.run("make", "install_dev", f"DESTDIR={shop.output}")
    usr = shop.output / "usr"
    for name in ("include", "lib"):
        (usr / name).rename(shop.output / name)

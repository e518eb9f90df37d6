"""libuuid of util-linux: these files with these flags."""

from __future__ import annotations

from obelisk.recipes.context import RecipeContext

_FILES = (
    *("clear", "compare", "copy", "gen_uuid", "isnull", "pack", "parse", "predefined"),
    *("unpack", "unparse", "uuid_time"),
)
_SHARED = ("md5", "sha1", "randutils")
_FLAGS = (
    *("HAVE_STDLIB_H", "HAVE_UNISTD_H", "HAVE_SYS_TIME_H", "HAVE_SYS_FILE_H", "HAVE_SYS_IOCTL_H"),
    *("HAVE_SYS_SOCKET_H", "HAVE_SYS_UN_H", "HAVE_NET_IF_H", "HAVE_NETINET_IN_H", "HAVE_TLS"),
    *("HAVE_SYS_SYSCALL_H", "HAVE_GETRANDOM", "HAVE_ERR_H", "HAVE_ERRNO_H", "HAVE_STRNLEN"),
    *("HAVE_STRNDUP", "HAVE_STRNCHR", "HAVE_NANOSLEEP", "HAVE_USLEEP", "HAVE_MEMPCPY"),
    *("HAVE_JRAND48", "HAVE_SYS_RANDOM_H", "HAVE_LOCALE_H", "HAVE_REALLOCARRAY"),
)


def build(shop: RecipeContext) -> None:
    """Build libuuid and install its header."""
    sources = [f"libuuid/src/{name}.c" for name in _FILES] + [f"lib/{name}.c" for name in _SHARED]
    flags = (
        *(f"-D{name}=1" for name in _FLAGS),
        *("-D_GNU_SOURCE", '-D_PATH_RUNSTATEDIR="/run"', '-D_PATH_LOCALSTATEDIR="/var"'),
        *("-Iinclude", "-Ilibuuid/src"),
    )
    shop.library("libuuid", sources, flags=flags)
    shop.headers("libuuid/src/uuid.h", into="uuid")

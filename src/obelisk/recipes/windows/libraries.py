"""What building a library for Windows has that is other than for Linux, one function a library.

Their sources, patches and features are those of the recipes for Linux, by which these functions
are: a feature that is added there is here, too.
"""
# ruff: noqa: SLF001 (tables of the recipes for Linux, whose code is part of their cache keys)

from __future__ import annotations

from typing import Final

from obelisk.recipes import libffi as libffi_recipe
from obelisk.recipes import openssl as openssl_recipe
from obelisk.recipes import sqlite as sqlite_recipe
from obelisk.recipes import xz as xz_recipe
from obelisk.recipes import zlib as zlib_recipe
from obelisk.recipes.context import RecipeContext
from obelisk.services.host import jobs

_SQLITE_OF_UNIX: Final = (
    *("HAVE_USLEEP=1", "HAVE_FDATASYNC=1", "HAVE_GMTIME_R=1", "HAVE_LOCALTIME_R=1"),
)
_XZ_OF_UNIX: Final = (
    *("MYTHREAD_POSIX", "TUKLIB_CPUCORES_SYSCONF", "TUKLIB_PHYSMEM_SYSCONF"),
    *("HAVE_CLOCK_GETTIME", "HAVE_DECL_CLOCK_MONOTONIC", "HAVE_PTHREAD_CONDATTR_SETCLOCK"),
    # Symbols of a PE file have no visibility.
    "HAVE_VISIBILITY",
)
_FFI_CONFIG: Final = """\
#define EH_FRAME_FLAGS "aw"
#define HAVE_AS_X86_PCREL 1
#define HAVE_INTTYPES_H 1
#define HAVE_LONG_DOUBLE 1
#define HAVE_LONG_DOUBLE_VARIANT 0
#define HAVE_MEMCPY 1
#define HAVE_STDINT_H 1
#define SIZEOF_DOUBLE 8
#define SIZEOF_LONG_DOUBLE 16
#define SIZEOF_SIZE_T 8
#define STDC_HEADERS 1
#ifdef LIBFFI_ASM
#define FFI_HIDDEN(name)
#else
#define FFI_HIDDEN
#endif
"""


def zlib(shop: RecipeContext) -> None:
    """Build libz without a shared object: wheels for Windows bring their own."""
    flags = tuple(flag for flag in zlib_recipe._FLAGS if flag != "-DHAVE_HIDDEN")
    shop.library("libz", shop.glob("*.c"), flags=flags)
    shop.headers("zlib.h", "zconf.h")


def sqlite(shop: RecipeContext) -> None:
    """Build libsqlite3; its amalgamation, which is for all systems, is made with this machine's."""
    env = {"CC_FOR_BUILD": shop.native_cc}
    shop.configure_native(
        shop.tree, "--disable-shared", "--disable-tcl", "--disable-readline", env=env
    )
    shop.run("make", "sqlite3.c")
    features = [name for name in sqlite_recipe._FEATURES if name not in _SQLITE_OF_UNIX]
    shop.library("libsqlite3", ["sqlite3.c"], flags=tuple(f"-D{name}" for name in features))
    shop.headers("sqlite3.h", "src/sqlite3ext.h")


def xz(shop: RecipeContext) -> None:
    """Build liblzma with the threads of Windows."""
    base = xz_recipe._BASE
    without = xz_recipe._OTHER_VARIANTS + xz_recipe._TABLE_MAKERS
    sources = [
        name
        for folder in xz_recipe._FOLDERS
        for name in shop.glob(f"{folder}/*.c", base=base, without=without)
    ]
    features = [name for name in xz_recipe._FEATURES if name not in _XZ_OF_UNIX]
    flags = (
        *(f"-D{name}=1" for name in (*features, "MYTHREAD_VISTA")),
        *("-DASSUME_RAM=128", "-DSIZEOF_SIZE_T=8", "-DTUKLIB_SYMBOL_PREFIX=lzma_"),
        # Or lzma.h would declare its functions as those of a DLL.
        "-DLZMA_API_STATIC",
        *(f"-I{folder}" for folder in ("api", *xz_recipe._FOLDERS)),
        *("-I../common", "-std=gnu11"),
    )
    tuklib = ["../common/tuklib_cpucores.c", "../common/tuklib_physmem.c"]
    shop.library("liblzma", [*sources, *tuklib], flags=flags, base=base)
    shop.headers(f"{base}/api/lzma.h")
    api = f"{base}/api"
    shop.headers(*(f"{api}/{name}" for name in shop.glob("lzma/*.h", base=api)), into="lzma")


def libffi(shop: RecipeContext) -> None:
    """Build libffi for the calling convention of Windows alone."""
    version = shop.source.version
    number = "".join(part.zfill(2) for part in version.split(".")).lstrip("0")
    values = {
        "VERSION": version,
        "TARGET": shop.chain.target.libffi_target,
        "HAVE_LONG_DOUBLE": "1",
        "FFI_VERSION_STRING": version,
        "FFI_VERSION_NUMBER": number,
        "FFI_EXEC_TRAMPOLINE_TABLE": "0",
    }
    text = (shop.tree / "include/ffi.h.in").read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    shop.header("ffi.h", text)
    shop.headers("src/x86/ffitarget.h")
    (shop.tree / "fficonfig.h").write_text(_FFI_CONFIG)
    flags = (
        *("-DHAVE_CONFIG_H", "-DFFI_STATIC_BUILD", f"-I{shop.output / 'include'}"),
        *("-I.", "-Iinclude"),
    )
    sources = [*libffi_recipe._COMMON, "src/x86/ffiw64.c", "src/x86/win64.S"]
    shop.library("libffi", sources, flags=flags)


def openssl(shop: RecipeContext) -> None:
    """Build libcrypto and libssl; certificates come from the system's store, through Python."""
    shop.run(
        "perl",
        "./Configure",
        shop.chain.target.openssl_target,
        *openssl_recipe._OPTIONS,
        *("--prefix=/usr", "--libdir=lib", r"--openssldir=C:\Program Files\Common Files\SSL"),
        "-O3",
        env={"CC": "cc", "AR": "ar", "RANLIB": "ranlib", "RC": "false"},
    )
    shop.run("make", f"-j{jobs()}", "build_libs")
    shop.run("make", "install_dev", f"DESTDIR={shop.output}")
    usr = shop.output / "usr"
    for name in ("include", "lib"):
        (usr / name).rename(shop.output / name)

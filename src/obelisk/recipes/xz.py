"""liblzma of XZ Utils: these files with the choices that its `configure` would make."""

from __future__ import annotations

from typing import Final

from obelisk.recipes.context import RecipeContext

_BASE: Final = "src/liblzma"
_FOLDERS: Final = ("common", "check", "delta", "lz", "lzma", "rangecoder", "simple")
_OTHER_VARIANTS: Final = ("crc32_small.c", "crc64_small.c", "crc_clmul_consts_gen.c")
_TABLE_MAKERS: Final = (
    "crc32_tablegen.c",
    "crc64_tablegen.c",
    "fastpos_tablegen.c",
    "price_tablegen.c",
)
_FILTERS: Final = ("LZMA1", "LZMA2", "DELTA", "X86", "ARM", "ARM64", "ARMTHUMB", "POWERPC", "IA64")
_FEATURES: Final = (
    *(
        f"HAVE_{way}_{name}"
        for name in (*_FILTERS, "SPARC", "RISCV")
        for way in ("ENCODER", "DECODER")
    ),
    *(f"HAVE_CHECK_{name}" for name in ("CRC32", "CRC64", "SHA256")),
    *(f"HAVE_MF_{name}" for name in ("HC3", "HC4", "BT2", "BT3", "BT4")),
    *("HAVE_ENCODERS", "HAVE_DECODERS", "HAVE_LZIP_DECODER", "HAVE_STDBOOL_H", "HAVE__BOOL"),
    *("HAVE_STDINT_H", "HAVE_INTTYPES_H", "TUKLIB_FAST_UNALIGNED_ACCESS"),
)
_OF_SYSTEM: Final = {
    "linux": (
        *("-DHAVE_VISIBILITY=1", "-DMYTHREAD_POSIX=1", "-DTUKLIB_CPUCORES_SYSCONF=1"),
        *("-DTUKLIB_PHYSMEM_SYSCONF=1", "-DHAVE_CLOCK_GETTIME=1"),
        *("-DHAVE_DECL_CLOCK_MONOTONIC=1", "-DHAVE_PTHREAD_CONDATTR_SETCLOCK=1"),
    ),
    # Without the last one, lzma.h would declare its functions as those of a DLL.
    "windows": ("-DMYTHREAD_VISTA=1", "-DLZMA_API_STATIC"),
}
"""Threads, clocks and how symbols are hidden, which those of a PE file are not."""


def build(shop: RecipeContext) -> None:
    """Build liblzma and install its headers."""
    sources = [
        name
        for folder in _FOLDERS
        for name in shop.glob(f"{folder}/*.c", base=_BASE, without=_OTHER_VARIANTS + _TABLE_MAKERS)
    ]
    includes = tuple(f"-I{folder}" for folder in ("api", *_FOLDERS))
    flags = (
        *(f"-D{name}=1" for name in _FEATURES),
        *_OF_SYSTEM[shop.chain.target.system],
        *("-DASSUME_RAM=128", "-DSIZEOF_SIZE_T=8", "-DTUKLIB_SYMBOL_PREFIX=lzma_"),
        *includes,
        "-I../common",
        "-std=gnu11",
    )
    tuklib = ["../common/tuklib_cpucores.c", "../common/tuklib_physmem.c"]
    shop.library("liblzma", [*sources, *tuklib], flags=flags, base=_BASE)
    shop.headers(f"{_BASE}/api/lzma.h")
    shop.headers(
        *(f"{_BASE}/api/{n}" for n in shop.glob("lzma/*.h", base=f"{_BASE}/api")), into="lzma"
    )

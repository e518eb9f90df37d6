"""What is compiled for Windows: each source with the flags that its project file gives it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from obelisk.distribution.windows.modules import CORE, module_sources, modules_of
from obelisk.distribution.windows.projects import project_sources

PROGRAM: Final = "Programs/python.c"
"""The source of python.exe: of no library."""
INITTAB: Final = "PC/config.c"
OPERATORS: Final = "PC/obelisk_operators.c"
_BASE: Final = (
    *("-g0", "-O3", "-fwrapv", "-fno-strict-aliasing", "-fms-extensions", "-municode"),
    *("-Wno-everything", "-Werror=implicit-function-declaration"),
    *("-DWIN32", "-D_WIN64", "-D_M_X64=100", "-DNDEBUG", "-D_UNICODE", "-DUNICODE"),
    *("-DPy_NO_ENABLE_SHARED", "-D_CRT_SECURE_NO_WARNINGS"),
)
_INCLUDES: Final = tuple(
    f"-I{folder}"
    for folder in (
        *("Include", "Include/internal", "PC", "Python", "Include/internal/mimalloc"),
        *("Modules/_hacl/include", "Modules/_hacl/internal", "Modules/_hacl"),
    )
)
_NEWER: Final = {
    "3.13": ("-DHAVE_COMPUTED_GOTOS=1",),
    "3.14": ("-DPy_TAIL_CALL_INTERP=1", "-DPy_REMOTE_DEBUG"),
}
_VPATH: Final = r'-DVPATH="..\\.."'
_HACL_128: Final = "-D_Py_HACL_CAN_COMPILE_VEC128"
_HACL_256: Final = "-D_Py_HACL_CAN_COMPILE_VEC256"
_INTRINSICS: Final = ("-include", "intrin.h")
_ASYNC: Final = ("-Xclang", "-fasync-exceptions")
"""Structured exceptions are caught also where the compiler sees nothing that raises: an access to
memory that is not there."""
_OF_SOURCE: Final = {
    # It would keep the day and hour; `platform` parses `sys.version`, so no dashes.
    "Modules/getbuildinfo.c": ('-DDATE="19700101"', '-DTIME="00:00:00"'),
    "Modules/getpath.c": (
        *("-DPREFIX=NULL", "-DEXEC_PREFIX=NULL", "-DVERSION=NULL", _VPATH),
        *('-DPYDEBUGEXT=""', '-DPLATLIBDIR="DLLs"', "-I."),
    ),
    "Python/sysmodule.c": (_VPATH,),
    "Modules/binascii.c": ("-DUSE_ZLIB_CRC32",),
    "Modules/blake2module.c": (*_INTRINSICS, _HACL_128, _HACL_256),
    "Modules/hmacmodule.c": (*_INTRINSICS, _HACL_128, _HACL_256),
    "Modules/mmapmodule.c": _ASYNC,
    "Modules/_ctypes/callproc.c": _ASYNC,
}
_OF_ENDING: Final = {
    "Simd128.c": ("-DHACL_CAN_COMPILE_VEC128", "-msse", "-msse2", "-msse3", "-msse4.1", "-msse4.2"),
    "Simd256.c": ("-DHACL_CAN_COMPILE_VEC256", "-mavx2"),
}
_APART_IN_MODULES: Final = ("main.c", "gcmodule.c", "getpath.c")
"""What CPython's Makefile compiles by rules of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """A source of CPython's tree, and what it is compiled with."""

    source: str
    flags: tuple[str, ...]

    @property
    def object(self) -> str:
        """The path of the object file below the folder of all of them."""
        return self.source.rpartition(".")[0] + ".o"

    @property
    def spelled(self) -> str:
        """The source as CPython's Makefile for Linux spells it.

        A profile knows static functions by it.
        """
        folder, _, name = self.source.partition("/")
        is_module = folder == "Modules" and name not in _APART_IN_MODULES
        return f"./{self.source}" if is_module else self.source


def units(tree: Path, version: str) -> list[Unit]:
    """Return all that is compiled of CPython's tree for a Python such as `3.14`, each once."""
    core = [*project_sources(tree, CORE), OPERATORS, PROGRAM]
    found: dict[str, tuple[str, ...]] = dict.fromkeys(core, ())
    for module in modules_of(version):
        for source in module_sources(tree, module):
            found.setdefault(source, module.flags)
    common = (
        *_BASE,
        *_INCLUDES,
        *("-DPy_BUILD_CORE", "-DPy_BUILD_CORE_BUILTIN", "-D_Py_HAVE_ZLIB"),
        f'-DMS_DLL_ID="{version}"',
        *_NEWER[version],
    )
    return [
        Unit(source=source, flags=(*common, *more, *_own_flags(source)))
        for source, more in found.items()
    ]


def _own_flags(source: str) -> tuple[str, ...]:
    endings = (flags for ending, flags in _OF_ENDING.items() if source.endswith(ending))
    return _OF_SOURCE.get(source, ()) + next(endings, ())

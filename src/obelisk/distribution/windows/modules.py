"""The extension modules that CPython has on Windows: their projects, libraries and flags."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from obelisk.distribution.windows.projects import project_sources

LEFT_OUT: Final = ("_tkinter",)
"""Extension modules that CPython's installer for Windows has and a distribution has not."""
CORE: Final = "pythoncore"
"""The project of the interpreter and of the modules that are always built in."""
CORE_LIBRARIES: Final = ("version", "ws2_32", "api-ms-win-core-path-l1-1-0", "bcrypt", "z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Module:
    """An extension module with a project of its own."""

    name: str
    libraries: tuple[str, ...] = ()
    """Libraries that it calls: recipes' or the system's, as `-l` names them."""
    flags: tuple[str, ...] = ()
    newest: bool = False
    """Whether 3.13 has it not."""


_EXPAT: Final = ("-DXML_STATIC", "-IModules/expat")
_OPENSSL: Final = ("ssl", "crypto", "ws2_32", "crypt32", "user32", "gdi32", "advapi32")
MODULES: Final = (
    Module(name="_asyncio"),
    Module(name="_bz2", libraries=("bz2",)),
    Module(
        name="_ctypes",
        libraries=("ffi", "ole32", "oleaut32", "uuid"),
        flags=("-DFFI_STATIC_BUILD", "-DUSING_MALLOC_CLOSURE_DOT_C=1"),
    ),
    Module(
        name="_decimal",
        flags=(
            *("-DCONFIG_64", "-DANSI", "-DHAVE_UINT128_T", "-DBUILD_LIBMPDEC"),
            # Its io.h would be found in place of the C runtime's.
            *("-idirafter", "Modules/_decimal/libmpdec", "-IModules/_decimal"),
        ),
    ),
    Module(name="_elementtree", flags=_EXPAT),
    Module(name="_hashlib", libraries=_OPENSSL),
    Module(name="_lzma", libraries=("lzma",), flags=("-DLZMA_API_STATIC",)),
    Module(name="_multiprocessing", libraries=("ws2_32",)),
    Module(name="_overlapped", libraries=("ws2_32",)),
    Module(name="_queue"),
    Module(name="_remote_debugging", newest=True),
    Module(name="_socket", libraries=("ws2_32", "iphlpapi", "rpcrt4")),
    Module(
        name="_sqlite3",
        libraries=("sqlite3",),
        flags=("-DPY_SQLITE_HAVE_SERIALIZE", "-DPY_SQLITE_ENABLE_LOAD_EXTENSION"),
    ),
    Module(name="_ssl", libraries=_OPENSSL),
    Module(name="_uuid", libraries=("rpcrt4",)),
    Module(
        name="_wmi",
        libraries=("wbemuuid", "propsys", "ole32", "oleaut32"),
        flags=(
            *("-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"),
            # C++ that calls three functions of its library: see `OPERATORS`.
            *("-x", "c++"),
        ),
    ),
    Module(name="_zoneinfo"),
    Module(name="_zstd", libraries=("zstd",), newest=True),
    Module(name="pyexpat", flags=_EXPAT),
    Module(name="select", libraries=("ws2_32",)),
    Module(name="unicodedata"),
    Module(name="winsound", libraries=("winmm",)),
)
OPERATORS: Final = """\
/* The three C++ functions that _wmi calls, so that no C++ library is linked. */
#include <stdlib.h>

void *_Znwy(size_t size);
void _ZdlPv(void *memory);
void _ZdaPv(void *memory);

void *_Znwy(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (memory == NULL) {
        abort();
    }
    return memory;
}

void _ZdlPv(void *memory)
{
    free(memory);
}

void _ZdaPv(void *memory)
{
    free(memory);
}
"""
"""Of `PC/obelisk_operators.c`."""
_INIT: Final = re.compile(r"\bPyInit_(\w+)\(void\)")


def modules_of(version: str) -> tuple[Module, ...]:
    """Return the modules of a Python such as `3.14`."""
    return tuple(module for module in MODULES if not module.newest or version != "3.13")


def module_sources(tree: Path, module: Module) -> list[str]:
    """Return a module's sources as paths in CPython's tree."""
    return project_sources(tree, module.name)


def core_inits(tree: Path, sources: list[str]) -> dict[str, str]:
    """Return which source of the core defines each built-in module, by the module's name."""
    found: dict[str, str] = {}
    for source in sources:
        if source.startswith(("Modules/", "PC/", "Python/", "Objects/")):
            text = (tree / source).read_text(encoding="utf-8", errors="replace")
            found |= dict.fromkeys(_INIT.findall(text), source)
    return found

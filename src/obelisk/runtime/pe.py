"""Linking the runtime as a PE file, for Windows: the linker's arguments, and its map.

lld takes Microsoft's options for this format, and of mingw's `-wrap:`. Start files, mingw-w64's own
functions and the import libraries of the system are in the distribution, so that nothing is linked
that is not named here.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from obelisk.distribution.distribution import Distribution
from obelisk.errors import ToolError
from obelisk.recipes.windows import RECIPES
from obelisk.toolchain.clang import Toolchain
from obelisk.toolchain.mingw_link import link_inputs

COMPILE_FLAGS: Final = (
    "-DPy_NO_ENABLE_SHARED",
    # What rooms of all systems call, and mingw-w64 lacks.
    *("-include", "os/windows/posix.h"),
)
"""Flags of our C files besides those of all systems."""
_START: Final = "crt2u.obj"
"""mingw-w64's start file of programs whose main function gets wide arguments."""
_OPTIONS: Final = (
    "-subsystem:console",
    "-entry:mainCRTStartup",
    # Any address, of 64 bits, and no memory that is both written and run.
    *("-dynamicbase", "-highentropyva", "-nxcompat"),
    # As much as threads have elsewhere; memory is taken when it is touched.
    "-stack:8388608",
    # Parts of libraries that nothing can reach, and equal functions twice.
    *("-opt:ref", "-opt:icf"),
    # No time of the build, and no order of functions that differs from link to link, as that has
    # which lld finds from what profiles say of calls.
    *("-Brepro", "-call-graph-profile-sort:no"),
)
_ADDED_SECTIONS: Final = 3
"""How many `link/pe` adds: their headers must have room."""
_SECTION_HEADER: Final = 40


def link_arguments(
    chain: Toolchain,
    distribution: Distribution,
    objects: Sequence[Path],
    wrapped: Sequence[str],
    map_file: Path,
) -> list[str | Path]:
    """Return the linker and its arguments, but for the output and what a debugger needs."""
    lib = chain.lib
    libraries = [lib / f"lib{name}.a" for recipe in RECIPES.values() for name in recipe.provides]
    exports = distribution.config / f"python{distribution.version.replace('.', '')}.def"
    return [
        chain.tool("lld-link"),
        *_OPTIONS,
        *wrapping(wrapped),
        # What `ctypes.pythonapi` finds.
        f"-def:{exports}",
        f"-lldmap:{map_file}",
        lib / _START,
        *objects,
        distribution.static_library,
        *libraries,
        *link_inputs(lib),
    ]


def wrapping(names: Sequence[str]) -> list[str]:
    """Return the arguments that let functions `__wrap_NAME` be called in place of others.

    lld says nothing of what is missing then. A function that only `__real_NAME` names is found in
    no library, and `__wrap_NAME` that is only called as a function of a DLL is taken for unused.
    """
    return [
        argument
        for name in names
        for argument in (f"-wrap:{name}", f"-include:{name}", f"-include:__wrap_{name}")
    ]


def require_room(path: Path) -> None:
    """Raise `ToolError` if the headers of a linked runtime have no room for more sections.

    The offset of the PE header is at 0x3c; the number of sections, the size of the optional header
    and, in that, the size of all headers, are where the PE format has them.
    """
    data = path.read_bytes()[:4096]
    (header,) = struct.unpack_from("<I", data, 0x3C)
    (sections,) = struct.unpack_from("<H", data, header + 6)
    (optional,) = struct.unpack_from("<H", data, header + 20)
    (size,) = struct.unpack_from("<I", data, header + 24 + 60)
    end = header + 24 + optional + (sections + _ADDED_SECTIONS) * _SECTION_HEADER
    if end > size:
        message = f"{path} has no room for {_ADDED_SECTIONS} section headers"
        raise ToolError(message, hint="this is a bug in Obelisk; please report it")

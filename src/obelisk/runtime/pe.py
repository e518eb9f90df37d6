"""Linking the runtime as a PE file, for Windows: the linker's arguments, and its map.

lld takes Microsoft's options for this format, and of mingw's `-wrap:`. Start files, mingw-w64's own
functions and the import libraries of the system are in the distribution, so that nothing is linked
that is not named here.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from obelisk.components.pinned import MINGW
from obelisk.distribution.distribution import Distribution
from obelisk.errors import ToolError
from obelisk.recipes import recipes_of
from obelisk.runtime.linkmap import PARTS, Sizes, library_of
from obelisk.target import Target
from obelisk.toolchain.archives import archive_members
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
_LOADED_LATE: Final = (
    *("CRYPT32.dll", "IPHLPAPI.DLL", "ole32.dll", "OLEAUT32.dll", "PROPSYS.dll", "RPCRT4.dll"),
    *("SHELL32.dll", "USER32.dll", "VERSION.dll", "WINMM.dll", "WS2_32.dll"),
)
"""Libraries that a program loads when it first calls them, as most never do: with those that they
need, they are two thirds of what would be loaded. runtime/c/os/windows/load_config.c says where
from."""
_ADDED_SECTIONS: Final = 3
"""How many `link/pe` adds: their headers must have room."""
_SECTION_HEADER: Final = 40
_BUNDLED: Final = {
    "Modules/expat": "libexpat.a",
    "Modules/_decimal/libmpdec": "libmpdec.a",
    "Modules/_hacl": "libHacl.a",
}
"""Folders of objects of others in CPython's tree, and what Linux has in place of each."""
_BUILTINS: Final = "libclang_rt.builtins.a"
_PART_OF: Final = {".text": "code", ".rdata": "constants", ".pdata": "unwind", ".edata": "names"}
_SHOWN: Final = re.compile(r"([0-9a-f]{8}) ([0-9a-f]{8}) {1,5}\d+ ")
"""How lines of a map begin: address, size and alignment. The columns of 8 characters behind that
have a section of the output, what it has of a file, or a symbol in that."""


def link_arguments(
    chain: Toolchain,
    distribution: Distribution,
    objects: Sequence[Path],
    wrapped: Sequence[str],
    map_file: Path,
) -> list[str | Path]:
    """Return the linker and its arguments, but for the output and what a debugger needs."""
    lib = chain.lib
    exports = distribution.config / f"python{distribution.version.replace('.', '')}.def"
    return [
        chain.tool("lld-link"),
        *_OPTIONS,
        *(f"-delayload:{name}" for name in _LOADED_LATE),
        *wrapping(wrapped),
        # What `ctypes.pythonapi` finds.
        f"-def:{exports}",
        f"-lldmap:{map_file}",
        lib / _START,
        *objects,
        distribution.static_library,
        *_libraries(lib, distribution.target),
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


def library_sizes(text: str, own: Path, distribution: Distribution) -> Sizes:
    """Add up a map of lld's by library; objects in the folder `own` are the runtime's C files.

    It names members of static libraries without these. Where two have one of the same name, all
    such are counted for the first; what is in none is mingw-w64's, as stubs of DLLs' functions are.
    """
    owners: dict[str, str] = {}
    for folder, library in _BUNDLED.items():
        for path in (distribution.sysroot / folder).glob("*.o"):
            owners[path.name] = f"{library}({path.name})"
    lib = distribution.sysroot / "lib"
    for path in [distribution.static_library, *_libraries(lib, distribution.target)]:
        for member, _ in archive_members(path):
            owners.setdefault(member, f"{path}({member})")
    for member, _ in archive_members(lib / "compiler_rt.lib"):
        owners.setdefault(Path(member).name, f"{_BUILTINS}({member})")
    found: dict[str, Counter[str]] = {}
    for size, section, file in _pieces(text):
        name = file if file.startswith(f"{own}/") else owners.get(Path(file).name)
        library = MINGW if name is None else library_of(name, own)
        found.setdefault(library, Counter())[_PART_OF.get(section, "data")] += size
    return {
        library: {part: found[library][part] for part in PARTS if found[library][part]}
        for library in sorted(found)
    }


def _pieces(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield what the output has of each file: its size, its section, and the file."""
    section = ""
    for line in text.splitlines():
        match = _SHOWN.match(line)
        if match is None or line[24:40].isspace():
            continue
        if not line[24].isspace():
            section = line[24:].strip()
        elif int(match[2], 16):
            yield int(match[2], 16), section, line[32:].rpartition(":(")[0]


def _libraries(lib: Path, target: Target) -> list[Path]:
    return [
        lib / f"lib{name}.a" for recipe in recipes_of(target).values() for name in recipe.provides
    ]

"""The libraries of a link for Windows, and their order."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from obelisk.toolchain.mingw_runtime import SYSTEM_LIBRARIES, UCRT_MATH, UCRT_MATH_NAMES

_UCRT: Final = "api-ms-win-crt-*.lib"
_OWN: Final = ("libmingw32", "zigc", "compiler_rt")


def link_inputs(lib: Path) -> list[str | Path]:
    """Return the libraries of a link, in their order, after its objects and other libraries.

    Of functions that several define, the UCRT's is taken before mingw-w64's and zig's. From those
    of the system only what is called gets imported.
    """
    names = (*_OWN, *SYSTEM_LIBRARIES)
    return [
        # Asked for by name: zig's are all in one object, whose functions would be taken once any of
        # them is, by code that the linker comes to later.
        *(f"-include:{name}" for name in UCRT_MATH_NAMES),
        lib / f"{UCRT_MATH}.lib",
        *sorted(lib.glob(_UCRT)),
        *(lib / f"{name}.lib" for name in names if (lib / f"{name}.lib").is_file()),
    ]

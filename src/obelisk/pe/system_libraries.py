"""The libraries that every Windows has: those that an executable may import.

Compilers' own (vcruntime140, msvcp140, libwinpthread-1) are none of them, and neither is `msvcrt`,
which is a C runtime apart from the one that Python uses.
"""

from __future__ import annotations

import re
from typing import Final

_API_SET: Final = re.compile(r"(?:api|ext)-ms-win-[a-z0-9]+(?:-[a-z0-9]+)*-l\d+-\d+-\d+\.dll")
"""Names that the loader itself resolves to libraries of the system: the UCRT has such ones."""
_LIBRARIES: Final = frozenset(
    f"{name}.dll"
    for name in (
        *("kernel32", "kernelbase", "ntdll", "advapi32", "user32", "gdi32", "shell32", "shlwapi"),
        *("ole32", "oleaut32", "combase", "rpcrt4", "propsys", "wbemcomn", "comctl32", "comdlg32"),
        *("ws2_32", "mswsock", "iphlpapi", "dnsapi", "netapi32", "winhttp", "wininet", "secur32"),
        *("bcrypt", "bcryptprimitives", "crypt32", "ncrypt", "userenv", "version", "winmm"),
        *("psapi", "dbghelp", "setupapi", "cfgmgr32", "powrprof", "wintrust", "imm32", "ucrtbase"),
    )
)


def is_system_library(name: str) -> bool:
    """Return whether a library that is imported by that name is part of Windows 10 and later."""
    lower = name.lower()
    return lower in _LIBRARIES or _API_SET.fullmatch(lower) is not None

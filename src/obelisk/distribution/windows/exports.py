"""The C API that a program for Windows exports: what CPython's own DLL does, as a `.def` file.

`ctypes.pythonapi` and extension modules look the API up in the executable.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from obelisk.errors import ToolError

_HEADER: Final = struct.Struct("<HHIIIHH")
"""Of a COFF object: machine, sections, time, offset of the symbols, their number, ..., flags."""
_SECTION: Final = struct.Struct("<8s28xI")
"""Name and flags of a section."""
_SYMBOL: Final = struct.Struct("<8sIhHBB")
"""Name, value, section, type, storage class, and how many further records are of it."""
_EXTERNAL: Final = 2
_CODE: Final = 0x20
_API: Final = re.compile(
    r"\bPyAPI_(?:FUNC|DATA)\((?:[^()]|\([^()]*\))*\)\s*(?:(?:Py_\w+\s+)*)\**\s*(\w+)"
)
"""A declaration of CPython's headers, and the name that it declares."""


def declared_api(include: Path) -> set[str]:
    """Return the names that the headers in a folder declare as CPython's API."""
    found: set[str] = set()
    for header in sorted(include.rglob("*.h")):
        found |= set(_API.findall(header.read_text(encoding="utf-8")))
    return found


def definition(objects: Iterable[Path], api: set[str]) -> str:
    """Return the `.def` file of all that `objects` define of `api`; data is marked."""
    found: dict[str, bool] = {}
    for path in objects:
        found |= {name: code for name, code in symbols(path) if name in api}
    lines = (f"{name}{'' if found[name] else ' DATA'}\n" for name in sorted(found))
    return "EXPORTS\n" + "".join(lines)


def symbols(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield the global symbols that a COFF object defines, and whether each one is code.

    Raises `ToolError` for a file that is none.
    """
    data = path.read_bytes()
    try:
        yield from _symbols(data)
    except (struct.error, IndexError, ValueError) as error:
        message = f"invalid object file {path.name}: {error}"
        raise ToolError(message) from error


def _symbols(data: bytes) -> Iterator[tuple[str, bool]]:
    _, sections, _, start, count, optional, _ = _HEADER.unpack_from(data)
    first = _HEADER.size + optional
    flags = [_SECTION.unpack_from(data, first + 40 * n)[1] for n in range(sections)]
    names = start + count * _SYMBOL.size
    number = 0
    while number < count:
        raw, value, section, _, storage, more = _SYMBOL.unpack_from(
            data, start + number * _SYMBOL.size
        )
        number += 1 + more
        is_common = section == 0 and value > 0
        if storage == _EXTERNAL and (section > 0 or is_common):
            name = raw.rstrip(b"\0")
            if raw[:4] == bytes(4):
                offset = names + int.from_bytes(raw[4:], "little")
                name = data[offset : data.index(b"\0", offset)]
            yield name.decode(), not is_common and bool(flags[section - 1] & _CODE)

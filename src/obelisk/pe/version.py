"""Version information as a resource: what Windows's properties of a file show.

Follows VS_VERSIONINFO of Microsoft's "Menus and Other Resources": nested blocks, each of a length,
the length of its value, a type, a key in UTF-16, and a value, all at multiples of four bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

from obelisk.pe.headers import PeError
from obelisk.pe.resources import ENGLISH, Resource, ResourceType

_HEAD: Final = struct.Struct("<HHH")
_FIXED: Final = struct.Struct("<13I")
_SIGNATURE: Final = 0xFEEF04BD
_STRUCTURE: Final = 0x00010000
_FLAGS_MASK: Final = 0x3F
_WINDOWS_NT: Final = 0x40004
_APPLICATION: Final = 1
_UNICODE: Final = 1200
"""The code page of the texts, UTF-16."""
_TEXT: Final = 1
"""The type of a block whose value is text; 0 for binary ones."""
_LONGEST: Final = 0xFFFF

Numbers = tuple[int, int, int, int]
"""A version as Windows has them, each number below 65,536."""


def version_resource(numbers: Numbers, texts: Mapping[str, str]) -> Resource:
    """Return the resource with a version as numbers, and texts by Windows's names of them.

    Raises `PeError` if the texts are too long for a resource.
    """
    upper, lower = numbers[0] << 16 | numbers[1], numbers[2] << 16 | numbers[3]
    fixed = _FIXED.pack(
        *(_SIGNATURE, _STRUCTURE, upper, lower, upper, lower, _FLAGS_MASK, 0),
        *(_WINDOWS_NT, _APPLICATION, 0, 0, 0),
    )
    rows = b"".join(
        _padded(_block(name, f"{text}\0".encode("utf-16-le"), is_text=True))
        for name, text in texts.items()
    )
    table = _block(f"{ENGLISH:04X}{_UNICODE:04X}", b"", rows, is_text=True)
    strings = _padded(_block("StringFileInfo", b"", table, is_text=True))
    translation = _block("Translation", struct.pack("<HH", ENGLISH, _UNICODE))
    values = _block("VarFileInfo", b"", translation, is_text=True)
    content = _block("VS_VERSION_INFO", fixed, strings + values)
    return Resource(type=ResourceType.VERSION, name=1, content=content)


def read_version(content: bytes) -> tuple[Numbers, dict[str, str]]:
    """Return the numbers and texts of such a resource; raise `PeError` if it is malformed."""
    try:
        key, value, below = _read(content)
        signature, _, upper, lower, *_ = _FIXED.unpack_from(value)
        if key != "VS_VERSION_INFO" or signature != _SIGNATURE:
            message = "not version information"
            raise PeError(message)
        texts: dict[str, str] = {}
        for name, _, tables in _blocks(below):
            if name == "StringFileInfo":
                for _, _, rows in _blocks(tables):
                    for row, text, _ in _blocks(rows):
                        texts[row] = text.decode("utf-16-le").rstrip("\0")
    except (struct.error, UnicodeDecodeError) as error:
        message = f"malformed version information: {error}"
        raise PeError(message) from error
    return (upper >> 16, upper & 0xFFFF, lower >> 16, lower & 0xFFFF), texts


def _block(key: str, value: bytes, below: bytes = b"", *, is_text: bool = False) -> bytes:
    """Return one block; the length of a text's value is in characters."""
    name = f"{key}\0".encode("utf-16-le")
    head = _padded(bytes(_HEAD.size) + name)
    body = head + (_padded(value) + below if below else value)
    size = len(value) // 2 if is_text else len(value)
    if len(body) > _LONGEST:
        message = f"version information of {len(body)} bytes, of at most {_LONGEST}"
        raise PeError(message)
    return _HEAD.pack(len(body), size, _TEXT if is_text else 0) + body[_HEAD.size :]


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 4)


def _read(content: bytes) -> tuple[str, bytes, bytes]:
    """Return a block's key, its value and what is below it."""
    length, size, kind = _HEAD.unpack_from(content)
    body = content[:length]
    end = _HEAD.size
    while body[end : end + 2] not in (b"\0\0", b""):
        end += 2
    key = body[_HEAD.size : end].decode("utf-16-le")
    start = _aligned(end + 2)
    stop = start + size * (2 if kind == _TEXT else 1)
    return key, body[start:stop], body[_aligned(stop) :]


def _blocks(content: bytes) -> list[tuple[str, bytes, bytes]]:
    found = []
    while len(content) >= _HEAD.size:
        (length,) = struct.unpack_from("<H", content)
        found.append(_read(content))
        content = content[_aligned(max(length, _HEAD.size)) :]
    return found


def _aligned(offset: int) -> int:
    return offset + -offset % 4

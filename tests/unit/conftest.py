"""What unit tests share: a cache of their own, and a tiny runtime to link into."""

import json
import struct

import pytest

from obelisk.services.cache import Cache

MANIFEST = {
    "version": 2,
    "components": [
        {"reference": "pkg:generic/python@3.14.0", "kind": "interpreter", "name": "python"}
    ],
}


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def controls():
    """The control records that every executable has."""
    return {"manifest": json.dumps(MANIFEST).encode()}


def protected(body):
    """Add a function that checks the stack's canary, and the tables by which it is found."""
    checks, caller, table, symbols, strings, dynamic = 0x600, 0x610, 0x620, 0x650, 0x680, 0x700
    name = b"__stack_chk_fail"
    value = 5381
    for byte in name:
        value = (value * 33 + byte) & 0xFFFFFFFF
    pieces = {
        checks: b"\xf4",  # hlt
        caller: b"\xe8" + struct.pack("<i", checks - (caller + 5)),  # call
        table: struct.pack("<IIIIQII", 1, 1, 1, 0, 0, 1, value | 1),
        symbols: bytes(24) + struct.pack("<IBBHQQ", 1, 0x12, 0, 1, checks, 1),
        strings: b"\0" + name + b"\0",
        dynamic: struct.pack("<8q", 0x6FFFFEF5, table, 6, symbols, 5, strings, 0, 0),
    }
    for place, piece in pieces.items():
        body = body[:place] + piece + body[place + len(piece) :]
    return body


@pytest.fixture
def tiny_runtime():
    """An ELF file with what `link` needs of a runtime: a reserve note, one load, two sections."""
    note = 64 + 56 * 6
    segments = [
        struct.pack("<IIQQQQQQ", 6, 4, 64, 64, 64, 56 * 6, 56 * 6, 8),
        struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 0x800, 0x1800, 0x1000),
        struct.pack("<IIQQQQQQ", 0x6474E552, 4, 0x700, 0x700, 0x700, 64, 64, 1),
        struct.pack("<IIQQQQQQ", 0x6474E551, 6, 0, 0, 0, 0, 0, 0),
        struct.pack("<IIQQQQQQ", 2, 4, 0x700, 0x700, 0x700, 64, 64, 8),
        struct.pack("<IIQQQQQQ", 4, 4, note, note, 0, 896, 896, 8),
    ]
    names = b"\0.note.obelisk\0.shstrtab\0"
    sections = [
        struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        struct.pack("<IIQQQQIIQQ", 1, 7, 2, note, note, 896, 0, 0, 8, 0),
        struct.pack("<IIQQQQIIQQ", 15, 3, 0, 0, 0x800, len(names), 0, 0, 1, 0),
    ]
    sections_at = 0x800 + len(names)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", ident, 3, 62, 1, 0x1400, 64, sections_at, 0, 64, 56, 6, 64, 3, 2
    )
    body = protected((header + b"".join(segments)).ljust(0x800, b"\0"))
    return body + names + b"".join(sections)

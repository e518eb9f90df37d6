"""What unit tests share: a cache of their own, and a tiny runtime to link into."""

import struct

import pytest

from obelisk.services.cache import Cache


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def tiny_runtime():
    """An ELF file with what `link` needs of a runtime: a reserve note, one load, two sections."""
    segments = [
        struct.pack("<IIQQQQQQ", 6, 4, 64, 64, 64, 56 * 5, 56 * 5, 8),
        struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 0x800, 0x1800, 0x1000),
        struct.pack("<IIQQQQQQ", 0x6474E552, 4, 0x700, 0x700, 0x700, 16, 16, 1),
        struct.pack("<IIQQQQQQ", 0x6474E551, 6, 0, 0, 0, 0, 0, 0),
        struct.pack("<IIQQQQQQ", 4, 4, 64 + 56 * 5, 64 + 56 * 5, 0, 896, 896, 8),
    ]
    names = b"\0.note.obelisk\0.shstrtab\0"
    sections = [
        struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        struct.pack("<IIQQQQIIQQ", 1, 7, 2, 64 + 56 * 5, 64 + 56 * 5, 896, 0, 0, 8, 0),
        struct.pack("<IIQQQQIIQQ", 15, 3, 0, 0, 0x800, len(names), 0, 0, 1, 0),
    ]
    sections_at = 0x800 + len(names)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", ident, 3, 62, 1, 0x1400, 64, sections_at, 0, 64, 56, 5, 64, 3, 2
    )
    body = (header + b"".join(segments)).ljust(0x800, b"\0")
    return body + names + b"".join(sections)

"""What the link of a Windows runtime is asked for, and what is asked of it."""

import struct

import pytest

from obelisk.errors import ToolError
from obelisk.runtime import pe


def image(sections, header_size):
    """The headers of a PE file: as much of them as is read."""
    data = bytearray(4096)
    struct.pack_into("<I", data, 0x3C, 0x80)
    struct.pack_into("<HHIIIH", data, 0x80 + 4, 0x8664, sections, 0, 0, 0, 240)
    struct.pack_into("<I", data, 0x80 + 24 + 60, header_size)
    return bytes(data)


def test_a_runtime_has_room_for_the_headers_of_what_is_added(tmp_path):
    path = tmp_path / "runtime.exe"
    end = 0x80 + 24 + 240
    path.write_bytes(image(7, end + 40 * 10))
    pe.require_room(path)
    path.write_bytes(image(7, end + 40 * 10 - 1))
    with pytest.raises(ToolError, match="no room for 3 section headers"):
        pe.require_room(path)


def test_what_stands_for_a_function_is_linked_in_with_it():
    assert pe.wrapping(["CreateFileW"]) == [
        "-wrap:CreateFileW",
        "-include:CreateFileW",
        "-include:__wrap_CreateFileW",
    ]

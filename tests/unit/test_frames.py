"""Unwind tables for debuggers, read back with pyelftools."""

import io
import struct

import pytest
from elftools.dwarf.callframe import CIE, FDE, CallFrameInfo
from elftools.dwarf.structs import DWARFStructs
from hypothesis import given
from hypothesis import strategies as st

from obelisk.link.elf.frames import debug_frames

# Defines the CFA as rsp + 8, with the return address below it (DW_CFA_def_cfa, DW_CFA_offset).
START = bytes([0x0C, 7, 8, 0x90, 1])
ADVANCE = bytes([0x41, 0x0E, 16, 0, 0, 0, 0])


def entry(content):
    content += bytes(-len(content) % 4)
    return struct.pack("<I", len(content)) + content


def common(augmentation=b"zR", data=b"\x1b"):
    text = augmentation + b"\0" + bytes([1, 0x78, 16, len(data)]) + data
    return entry(struct.pack("<IB", 0, 1) + text + START)


def function(table, start, size, extra=b""):
    """Add an FDE for a function at an address; the table is at 0x1000."""
    place = len(table) + 4
    begin = struct.pack("<iI", start - (0x1000 + place + 4), size)
    return table + entry(struct.pack("<I", place) + begin + bytes([len(extra)]) + extra + ADVANCE)


def read(frames):
    structs = DWARFStructs(little_endian=True, dwarf_format=32, address_size=8)
    info = CallFrameInfo(io.BytesIO(frames), len(frames), 0, structs, for_eh_frame=False)
    return info.get_entries()


@pytest.mark.parametrize(
    ("augmentation", "data", "extra"),
    [
        (b"zR", b"\x1b", b""),
        (b"zPLR", b"\x9b" + bytes(4) + b"\x1b\x1b", bytes(4)),
        (b"zRS", b"\x1b", b""),
    ],
)
def test_functions_keep_their_addresses_and_instructions(augmentation, data, extra):
    table = function(common(augmentation, data), 0x5000, 0x40, extra)
    table = function(table, 0x6000, 0x10, extra) + bytes(4)
    kind, one, two = read(debug_frames(iter([(0x1000, table)])))
    assert isinstance(kind, CIE)
    assert (kind["code_alignment_factor"], kind["data_alignment_factor"]) == (1, -8)
    assert kind["return_address_register"] == 16
    assert isinstance(one, FDE)
    assert (one["initial_location"], one["address_range"]) == (0x5000, 0x40)
    assert (two["initial_location"], two["address_range"]) == (0x6000, 0x10)
    rows = one.get_decoded().table
    assert [(row["pc"], row["cfa"].offset) for row in rows] == [(0x5000, 8), (0x5001, 16)]


def test_tables_follow_one_another():
    table = function(common(), 0x5000, 0x40)
    entries = read(debug_frames(iter([(0x1000, table), (0x1000, b"junk"), (0x1000, table)])))
    assert [type(one).__name__ for one in entries] == ["CIE", "FDE", "CIE", "FDE"]


@given(st.binary(max_size=60), st.integers(0, 100))
def test_what_is_not_understood_is_left_out(junk, place):
    table = bytearray(function(common(), 0x5000, 0x40))
    table[place % len(table) :] = junk
    debug_frames(iter([(0x1000, bytes(table))]))

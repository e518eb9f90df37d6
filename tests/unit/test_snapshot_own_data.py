"""The executable's data, which its file has as the snapshot has it."""

import struct

import pytest
from elf_files import DATA, shared_object
from hypothesis import given
from hypothesis import strategies as st

from obelisk.link.elf import relr
from obelisk.link.elf.elf import read_elf
from obelisk.snapshot.memory import Mapping, ProcessMemory
from obelisk.snapshot.own_data import own_data

IMAGE = 0x2345_0000_0000
PAGE = 4096
POINTERS = (DATA, DATA + 16, DATA + 40)
"""Addresses of words that are relocated."""
WORDS = (0x1000, 7, 0x2000, 8, 9, 0x3000, 10)


def pack(words):
    return struct.pack(f"<{len(words)}Q", *(word % 2**64 for word in words))


def relocated(words, image):
    return [
        word + (image if DATA + 8 * number in POINTERS else 0) for number, word in enumerate(words)
    ]


def data_of(file):
    return next(one for one in read_elf(file).segments if one.type == 1 and one.flags == 6)


FILE = shared_object(data=pack(WORDS), relr=relr.encode(POINTERS))
SEGMENT = data_of(FILE)


def held(words, image=IMAGE, file=FILE):
    """The memory of a process in which the data is `words`."""
    segment = data_of(file)
    content = bytearray(file[segment.offset : segment.offset + segment.file_size])
    content[DATA - segment.address :] = pack(words)
    start = image + segment.address
    one = Mapping(
        start=start, end=start + len(content), rights=3, name="", content=memoryview(content)
    )
    return ProcessMemory(image=(one,), heap=(), words=())


def restored(own, image=IMAGE, file=FILE):
    """The data of a file after what runtime/c/snapshot/own_data.c does with it."""
    data = bytearray(file)
    for offset, content in own.pieces:
        data[offset : offset + len(content)] = content
    delta = SEGMENT.offset - SEGMENT.address
    for place in POINTERS:
        (value,) = struct.unpack_from("<Q", data, place + delta)
        struct.pack_into("<Q", data, place + delta, (value - image) % 2**64)
    place = 0
    while place < len(own.originals):
        word, count = struct.unpack_from("<II", own.originals, place)
        place += 8
        size = 8 * count
        data[8 * word + delta : 8 * word + delta + size] = own.originals[place : place + size]
        place += size
    return bytes(data)


def test_data_that_was_relocated_alone_needs_no_table():
    own = own_data(memoryview(FILE), held(relocated(WORDS, IMAGE)), IMAGE)
    assert own.originals == b""
    assert restored(own) == FILE
    ((offset, content),) = own.pieces
    assert (offset, len(content)) == (SEGMENT.offset, SEGMENT.file_size)
    assert content.endswith(pack(relocated(WORDS, IMAGE)))


def test_words_in_a_row_are_one_run():
    words = relocated(WORDS, IMAGE)
    words[3:5] = [100, 101]
    own = own_data(memoryview(FILE), held(words), IMAGE)
    assert struct.unpack("<II2Q", own.originals) == (DATA // 8 + 3, 2, *WORDS[3:5])


@given(st.lists(st.integers(0, 2**64 - 1), min_size=len(WORDS), max_size=len(WORDS)))
def test_a_cold_start_has_the_data_of_before(words):
    own = own_data(memoryview(FILE), held(words), IMAGE)
    assert restored(own) == FILE


@pytest.mark.parametrize("count", [20, 2000])
def test_a_page_that_zeros_follow_stays_as_it_is(count):
    """Of the zeros in it that are no part of a section, `strip` makes zeros in memory again."""
    words = [*WORDS, *range(count)]
    file = shared_object(data=pack(words), bss=PAGE, relr=relr.encode(POINTERS))
    segment = data_of(file)
    assert segment.memory_size > segment.file_size
    own = own_data(memoryview(file), held([1] * len(words), file=file), IMAGE)
    assert restored(own, file=file) == file
    ((_, content),) = own.pieces
    last = (segment.file_size - 1) // PAGE * PAGE
    known = pack(relocated(words, IMAGE))[-(segment.file_size - last) :]
    assert content.endswith(known)
    assert (pack([1] * 20) in content) == (last > 0)


@pytest.mark.parametrize("is_there", [True, False])
def test_data_that_cannot_be_read_is_as_it_is_when_it_is_relocated(is_there):
    memory = held(relocated(WORDS, IMAGE))
    closed = [
        Mapping(start=one.start, end=one.end, rights=0, name="", content=None)
        for one in memory.image
    ]
    image = memory.image if is_there else tuple(closed)
    own = own_data(memoryview(FILE), ProcessMemory(image=image, heap=(), words=()), IMAGE)
    assert restored(own) == FILE
    assert own.originals == b""

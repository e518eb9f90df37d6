"""Extension modules of Windows that are linked in: at other addresses, with other imports."""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pe_files import CODE, dll, exporting_runtime, payload

from obelisk.components.evidence import evidence_of
from obelisk.errors import LinkError
from obelisk.link.elf.shared_objects import SharedObjects
from obelisk.link.link import link, link_objects
from obelisk.model import SharedObjectFile
from obelisk.pe.headers import DirectoryEntry, read_headers
from obelisk.pe.imports import imported_libraries
from obelisk.pe.tables import (
    Memory,
    directory_of,
    exports,
    functions,
    imports,
    pack_relocations,
    relocations,
)
from obelisk.target import parse_target
from obelisk.verify.promise import Promise
from obelisk.verify.verify import verify

WINDOWS = parse_target("x86_64-pc-windows-gnu")
BASE = 0x140000000


@pytest.fixture
def linked(tmp_path):
    """A function that links libraries, by their paths in the executable, to a runtime."""

    def linked(**contents):
        files = []
        for name, content in contents.items():
            source = tmp_path / name
            source.write_bytes(content)
            files.append(SharedObjectFile(path=f"pkg/{name}.pyd", source=source, package="pkg"))
        runtime = exporting_runtime("PyFoo_Add", "PyFoo_Var")
        found = link_objects(runtime, SharedObjects(files=files, provided={}, abi=""), WINDOWS)
        path = tmp_path / "app.exe"
        with path.open("wb") as file:
            link(runtime, payload(), found, WINDOWS).write(file)
        return path

    return linked


def opened(path):
    data = path.read_bytes()
    headers = read_headers(data)
    return Memory(data, headers), headers


def images(headers):
    """The addresses of linked libraries."""
    return [one.address for one in headers.sections if one.name == ".object"][::2]


def test_a_library_is_two_sections_that_nothing_can_both_write_and_run(linked):
    _, headers = opened(linked(ext=dll()))
    code, data = (one for one in headers.sections if one.name == ".object")
    assert (code.flags, data.flags) == (0x60000020, 0xC0000040)
    assert data.address - code.address == 0x2000


def test_addresses_are_relocated_and_remain_relocatable(linked):
    memory, headers = opened(linked(ext=dll()))
    (image,) = images(headers)
    assert memory.number(image + 0x2000, 8) == BASE + image + 0x1000
    table = list(relocations(memory, directory_of(headers, DirectoryEntry.RELOCATION)))
    assert image + 0x2000 in table
    assert table == sorted(table)


def test_symbols_of_python_are_bound_and_those_of_windows_imported(linked):
    memory, headers = opened(linked(ext=dll()))
    (image,) = images(headers)
    rows = list(imports(memory, directory_of(headers, DirectoryEntry.IMPORT)))
    assert [one.library for one in rows] == [
        *("KERNEL32.dll", "api-ms-win-crt-heap-l1-1-0.dll", "KERNEL32.dll"),
    ]
    (slot,) = rows[-1].slots
    assert slot.name == "Sleep"
    assert slot.address > image + 0x2000
    slots = [
        address
        for address in relocations(memory, directory_of(headers, DirectoryEntry.RELOCATION))
        if address > image + 0x2000
    ]
    assert [memory.number(address, 8) for address in slots] == [BASE + CODE]


def test_functions_are_unwound_by_one_sorted_table(linked):
    memory, headers = opened(linked(one=dll("one"), two=dll("two")))
    rows = functions(memory, directory_of(headers, DirectoryEntry.EXCEPTION))
    first, second = images(headers)
    assert [row[0] for row in rows] == [first + 0x1000, second + 0x1000]
    assert rows == sorted(rows)
    for image, row in zip((first, second), rows, strict=True):
        assert memory.number(row[2] + 4, 4) == image + 0x1008  # the handler


def test_libraries_import_from_one_another(linked):
    two = dll("two", imported=(("ONE.PYD", ("PyInit_one",)),))
    memory, headers = opened(linked(one=dll("one"), two=two))
    first, second = images(headers)
    table = relocations(memory, directory_of(headers, DirectoryEntry.RELOCATION))
    values = {memory.number(address, 8) for address in table if address > second}
    assert BASE + first + 0x1000 in values


def test_what_is_inside_is_listed_and_verified(linked):
    path = linked(one=dll("one"), two=dll("two"))
    found = {one.promise: one for one in verify(path)}
    # Nobody wrote a component of them into this manifest.
    assert {promise for promise, one in found.items() if not one.sound} == {Promise.COMPONENTS}
    assert "`pkg/one.pyd` is linked in, but of no component" in found[Promise.COMPONENTS].detail
    assert found[Promise.OBJECTS].detail == "2 linked"
    data = path.read_bytes()
    (table,) = read_headers(data).section(".objects")
    broken = bytearray(data)
    struct.pack_into("<I", broken, table.offset + 24, 0x1000)
    path.write_bytes(broken)
    assert "not where the table says" in {o.promise: o.detail for o in verify(path)}["objects"]


def test_many_libraries_have_room_for_their_headers(linked):
    path = linked(**{f"m{number}": dll(f"m{number}") for number in range(35)})
    assert len(images(read_headers(path.read_bytes()))) == 35
    assert "KERNEL32.dll" in imported_libraries(path.read_bytes(), read_headers(path.read_bytes()))


def test_the_order_of_files_changes_nothing(linked):
    one = linked(a=dll("a"), b=dll("b")).read_bytes()
    assert linked(b=dll("b"), a=dll("a")).read_bytes() == one


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (dll(tls=100), "thread-local variables"),
        (dll(flags=0x22), "not a library"),
        (dll(code=0xE0000020), "code can be written to"),
        (dll(data=0x60000020, code=0xC0000040), "data between its code"),
        (dll(imported=(("VCRUNTIME140.dll", ("memcpy",)),)), "the library `VCRUNTIME140.dll`"),
        (dll(imported=(("python314.dll", ("PyNothing",)),)), "ext.pyd: PyNothing"),
        (b"MZ", "truncated"),
        (dll()[:0x700], "outside"),
    ],
)
def test_what_cannot_be_linked_in_is_named_with_the_ways_out(linked, content, fault):
    with pytest.raises(LinkError, match=fault) as refused:
        linked(ext=content)
    assert "pkg/ext.pyd" in str(refused.value)
    assert "pure" in refused.value.hint


def test_exports_are_found_by_name():
    data = dll()
    headers = read_headers(data)
    memory = Memory(data, headers)
    assert exports(memory, directory_of(headers, DirectoryEntry.EXPORT)) == {"PyInit_ext": 0x1000}


@given(st.lists(st.integers(0, 1 << 24), unique=True, max_size=60))
def test_relocations_are_read_back(addresses):
    table = pack_relocations(addresses)
    memory = Memory(exporting_runtime(), read_headers(exporting_runtime()))
    memory.content = bytearray(table)
    assert len(table) % 4 == 0

    class All:
        address, size = 0, len(table)

    assert list(relocations(memory, All)) == sorted(addresses)


@given(seed=st.integers(0, 1 << 32))
@settings(max_examples=150, deadline=None)
def test_damaged_libraries_are_refused_or_linked(tmp_path_factory, seed):
    chance = random.Random(seed)
    data = bytearray(dll())
    for _ in range(chance.randrange(1, 9)):
        ranges = [range(len(data)), range(0x80, 0x300), range(0x600, 0xB00)]
        data[chance.choice(chance.choice(ranges))] = chance.choice([0, 1, 0x7F, 0x80, 0xFF])
    source = tmp_path_factory.getbasetemp() / "damaged.pyd"
    source.write_bytes(data)
    file = SharedObjectFile(path="damaged.pyd", source=source, package=None)
    runtime = exporting_runtime("PyFoo_Add")
    try:
        found = link_objects(runtime, SharedObjects(files=[file], provided={}, abi=""), WINDOWS)
        link(runtime, payload(), found, WINDOWS)
    except LinkError as error:
        assert error.hint  # noqa: PT017 - a file that still links is fine, too


def test_texts_of_a_library_tell_what_is_in_it(tmp_path):
    data = bytearray(dll(data=0x40000040))
    text = b"deflate 1.3.1 Copyright 1995-2024 Jean-loup Gailly and Mark Adler"
    data[0x600 + 0x800 : 0x600 + 0x800 + len(text)] = text
    path = tmp_path / "ext.pyd"
    path.write_bytes(data)
    found = evidence_of(path)
    assert found.faults == ()
    assert ("zlib", "1.3.1") in found.texts
    path.write_bytes(b"MZ")
    assert evidence_of(path).faults == ("malformed PE file: truncated headers",)

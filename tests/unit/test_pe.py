"""Executables of Windows: what `link` writes, read back by the rules of the format."""

import contextlib
import io
import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pe_files import DATA, OPTIONAL, TABLE, payload, tiny_runtime, write

from obelisk.errors import LinkError
from obelisk.link.pe.executable import link_pe
from obelisk.payload.content import FileContent
from obelisk.payload.payload import Packed
from obelisk.pe.appearance import PLAIN, Appearance
from obelisk.pe.checksum import checksum
from obelisk.pe.headers import PeError, Subsystem, read_headers
from obelisk.pe.icon import icon_resources, missing_images
from obelisk.pe.imports import imported_libraries
from obelisk.pe.manifest import manifest_faults
from obelisk.pe.resources import Resource, pack_resources, read_resources
from obelisk.pe.version import read_version, version_resource


def slow_checksum(data, field):
    """The algorithm of imagehlp, word by word."""
    total = 0
    data = data[:field] + bytes(4) + data[field + 4 :]
    for (word,) in struct.iter_unpack("<H", data + bytes(len(data) % 2)):
        total += word
        total = (total >> 16) + (total & 0xFFFF)
    return (total + len(data)) & 0xFFFFFFFF


def test_sections_are_appended_and_the_headers_agree(tmp_path):
    packed = payload([("big", bytes(range(256)) * 99)])
    data = write(tmp_path / "app.exe", packed).read_bytes()
    headers = read_headers(data)
    names = [one.name for one in headers.sections]
    assert names == [".text", ".rdata", ".reloc", ".rsrc", ".obelisk", ".digest"]
    (section,) = headers.section(".obelisk")
    assert section.virtual_size == packed.size
    assert section.offset % 4096 == 0
    assert section.flags == 0x40000040
    content = data[section.offset : section.offset + section.virtual_size]
    for place, piece in packed.pieces:
        assert content[place : place + len(piece)] == bytes(piece)
    last = headers.sections[-1]
    assert headers.image_size == -(-last.memory_end // 0x1000) * 0x1000
    assert last.file_end == len(data)
    initialized = struct.unpack_from("<I", data, OPTIONAL + 8)[0]
    assert initialized == 0x400 + sum(one.raw_size for one in headers.sections[3:])
    assert headers.checksum == slow_checksum(data, headers.checksum_at)
    assert headers.timestamp == 0


def test_the_runtime_is_unchanged_but_for_its_headers(tmp_path):
    runtime = tiny_runtime()
    data = write(tmp_path / "app.exe", runtime=runtime).read_bytes()
    assert data[0x400 : len(runtime)] == runtime[0x400:]
    assert imported_libraries(data, read_headers(data)) == imported_libraries(
        runtime, read_headers(runtime)
    )


def test_the_same_input_gives_the_same_bytes_whenever_the_runtime_was_linked(tmp_path):
    one = write(tmp_path / "one.exe").read_bytes()
    other = write(tmp_path / "two.exe", runtime=tiny_runtime(timestamp=0x5EAD)).read_bytes()
    assert one == other


@pytest.mark.parametrize("subsystem", Subsystem)
def test_the_subsystem_is_that_of_the_setting(tmp_path, subsystem):
    appearance = Appearance(subsystem=subsystem, resources=PLAIN.resources)
    data = write(tmp_path / "app.exe", appearance=appearance).read_bytes()
    assert read_headers(data).subsystem == subsystem


def test_a_large_payload_stays_a_file(tmp_path):
    """400 MB of a sparse file: nothing of that size is ever in memory at once."""
    big = tmp_path / "big"
    size = 400 << 20
    with big.open("wb") as file:
        file.truncate(size)
        file.seek(size - 3)
        file.write(b"end")
    packed = Packed(pieces=((0, FileContent(big, size)),), size=size)
    image = link_pe(tiny_runtime(), packed, PLAIN)
    headers = read_headers(bytes(image.pieces[0][1]))
    (section,) = headers.section(".obelisk")
    assert section.virtual_size == size
    assert image.size < size + (4 << 20)


def test_an_executable_that_windows_could_not_load_is_refused(tmp_path):
    size = 2 << 30
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(size)
    packed = Packed(pieces=((0, FileContent(big, size)),), size=size)
    with pytest.raises(LinkError, match="Windows loads at most 2 GiB"):
        link_pe(tiny_runtime(), packed, PLAIN)


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda data: data[:50], "truncated headers"),
        (lambda data: b"\x7fELF" + data[4:], "not a PE file"),
        (lambda data: data + b"symbols", "7 bytes behind its sections"),
        (lambda data: data.replace(b".rdata", b".rsrc\0"), r"it has a section \.rsrc"),
        (lambda data: data[:0x200] + b"\1" + data[0x201:], "no room for 3 section headers"),
        (lambda data: data.replace(b"\x0b\x02\x0e", b"\x0b\x01\x0e"), "not a 64-bit image"),
    ],
)
def test_what_is_no_runtime_is_refused(damage, fault):
    with pytest.raises(LinkError, match=fault):
        link_pe(damage(tiny_runtime()), payload(), PLAIN)


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=70_000)), max_size=3),
    st.integers(0, 9),
)
@settings(max_examples=50)
def test_a_checksum_of_pieces_is_that_of_the_file(parts, tail):
    place, pieces, data = 0, [], bytearray()
    for gap, content in parts:
        data += bytes(gap) + content
        pieces.append((place + gap, memoryview(content)))
        place = len(data)
    data += bytes(tail)
    assert checksum(pieces, len(data)) == slow_checksum(bytes(data) + bytes(4), len(data)) - 4


# Resources


def image_of(resources):
    """An image with one section of resources, and its headers."""
    data = bytearray(tiny_runtime())
    content = pack_resources(resources, DATA)
    data[0x600:] = content.ljust(-(-len(content) // 512) * 512, b"\0")
    size = len(data) - 0x600
    struct.pack_into("<III", data, TABLE + 40 + 8, size, DATA, size)
    struct.pack_into("<II", data, OPTIONAL + 112 + 16, DATA, len(content))
    return bytes(data), read_headers(bytes(data))


NUMBERS = st.integers(1, 40)


@given(st.dictionaries(st.tuples(NUMBERS, NUMBERS, NUMBERS), st.binary(max_size=60), max_size=20))
@settings(max_examples=60)
def test_resources_are_read_back(contents):
    resources = [
        Resource(type=kind, name=name, language=language, content=content)
        for (kind, name, language), content in contents.items()
    ]
    data, headers = image_of(resources)
    found = read_resources(data, headers)
    assert sorted(found, key=lambda one: one.key) == sorted(resources, key=lambda one: one.key)


def test_a_circle_of_resources_has_an_end():
    data, headers = image_of(PLAIN.resources)
    broken = bytearray(data)
    struct.pack_into("<I", broken, 0x600 + 20, 0x80000000)
    with pytest.raises(PeError, match="circle"):
        read_resources(bytes(broken), headers)


def icon(*sizes):
    """An ICO file with images of these sizes in bytes."""
    rows, images = b"", b""
    start = 6 + 16 * len(sizes)
    for size in sizes:
        rows += struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, size, start + len(images))
        images += b"\x89PNG\r\n\x1a\n".ljust(size, b"\7")
    return struct.pack("<HHH", 0, 1, len(sizes)) + rows + images


def test_an_icon_becomes_images_and_a_list_of_them():
    *images, group = icon_resources(icon(100, 200))
    assert [(one.type, one.name, len(one.content)) for one in images] == [(3, 1, 100), (3, 2, 200)]
    assert group.type == 14
    assert group.content == struct.pack("<HHH", 0, 1, 2) + b"".join(
        struct.pack("<BBBBHHIH", 16, 16, 0, 0, 1, 32, size, number)
        for number, size in ((1, 100), (2, 200))
    )
    assert missing_images([*images, group]) == []
    assert missing_images([images[0], group]) == [2]


@pytest.mark.parametrize(
    "content",
    [b"", b"\x89PNG\r\n", icon(100)[:90], struct.pack("<HHH", 0, 2, 1) + icon(100)[6:], icon()],
    ids=["empty", "png", "truncated", "cursor", "none"],
)
def test_what_is_no_icon_is_refused(content):
    with pytest.raises(PeError):
        icon_resources(content)


@given(
    st.tuples(*[st.integers(0, 0xFFFF)] * 4),
    st.dictionaries(
        st.text("abcdefgXYZ", min_size=1, max_size=9),
        st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30),
        max_size=6,
    ),
)
def test_a_version_is_read_back(numbers, texts):
    assert read_version(version_resource(numbers, texts).content) == (numbers, texts)


def test_a_version_has_the_layout_of_windows():
    """What Microsoft's resource compiler makes of the same: lengths and places, by hand."""
    content = version_resource((1, 2, 3, 4), {"A": "bc"}).content
    length, value, kind = struct.unpack_from("<HHH", content)
    assert (length, value, kind) == (len(content), 52, 0)
    assert content[6:38] == "VS_VERSION_INFO\0".encode("utf-16-le")
    assert struct.unpack_from("<IIII", content, 40) == (0xFEEF04BD, 0x10000, 0x10002, 0x30004)
    assert "040904B0\0".encode("utf-16-le") in content
    row = content.index("A\0bc\0".encode("utf-16-le")[:4]) - 6
    assert struct.unpack_from("<HHH", content, row) == (18, 3, 1)
    assert row % 4 == 0


def test_the_manifest_is_what_windows_is_asked_for():
    (manifest,) = PLAIN.resources
    assert manifest_faults(manifest.content) == ("asInvoker", [])
    weakened = manifest.content.replace(b"UTF-8</", b"legacy</")
    assert manifest_faults(weakened) == ("asInvoker", ["the manifest lacks `activeCodePage` UTF-8"])


# Whatever a file says


def whole():
    file = io.BytesIO()
    link_pe(tiny_runtime(), payload(), PLAIN).write(file)
    return file.getvalue()


@given(st.integers(0, 1 << 32))
@settings(max_examples=400, deadline=None)
def test_damaged_files_are_read_or_refused(seed):
    """Nothing but `PeError` comes of any bytes."""
    chance = random.Random(seed)
    data = bytearray(whole())
    for _ in range(chance.randrange(1, 9)):
        place = chance.choice([chance.randrange(len(data)), chance.randrange(0x80, 0x300)])
        data[place] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
    data = bytes(data)[: chance.choice([len(data), chance.randrange(len(data))])]
    with contextlib.suppress(PeError):
        headers = read_headers(data)
        imported_libraries(data, headers)
        for one in read_resources(data, headers):
            if one.type == 24:
                manifest_faults(one.content)
        missing_images(read_resources(data, headers))

import contextlib
import io
import struct
from dataclasses import replace

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given, settings
from hypothesis import strategies as st

from obelisk.errors import LinkError, VerifyError
from obelisk.link.elf import read_elf
from obelisk.link.image import link as link_all
from obelisk.link.native import Natives
from obelisk.payload import Item, Kind, write_payload
from obelisk.target import DEFAULT_TARGET, parse_target
from obelisk.verify.elf import read_executable
from obelisk.verify.verify import verify

NOTHING = Natives(files=(), provided={}, abi="")


def link(runtime, payload, page_size=4096):
    """Link with no shared object, and return the file's bytes."""
    target = replace(parse_target(DEFAULT_TARGET), page_size=page_size)
    file = io.BytesIO()
    link_all(runtime, payload, NOTHING, target).write(file)
    return file.getvalue()


@pytest.fixture
def payload():
    return write_payload([Item(name="m", kind=Kind.MODULE, data=b"code")], [], entry="m", options=0)


@pytest.fixture
def executable(tiny_runtime, payload, tmp_path):
    path = tmp_path / "app"
    path.write_bytes(link(tiny_runtime, payload))
    return path


def test_the_payload_is_one_more_segment_after_the_last(tiny_runtime, payload):
    elf = ELFFile(io.BytesIO(link(tiny_runtime, payload)))
    loads = [s.header for s in elf.iter_segments("PT_LOAD")]
    assert [load["p_vaddr"] for load in loads] == [0, 0x2000]
    assert loads[1]["p_offset"] % 4096 == 0
    assert loads[1]["p_flags"] == 4
    section = elf.get_section_by_name(".obelisk")
    assert section.data() == payload
    assert section["sh_addr"] == loads[1]["p_vaddr"]
    assert elf.get_section_by_name(".note.obelisk") is None


def test_the_table_describes_itself(tiny_runtime, payload):
    elf = read_elf(link(tiny_runtime, payload))
    assert elf.segments[0].file_size == len(elf.segments) * 56


def test_large_pages_are_respected(tiny_runtime, payload):
    elf = read_elf(link(tiny_runtime, payload, page_size=65536))
    loads = [segment for segment in elf.segments if segment.type == 1]
    assert loads[1].address == 0x10000
    assert loads[1].offset % 65536 == 0


def test_a_sound_executable_has_only_sound_findings(executable):
    assert all(finding.sound for finding in verify(executable))


def test_a_runtime_without_room_is_refused(tiny_runtime):
    with pytest.raises(LinkError, match="no room"):
        link(tiny_runtime.replace(b".note.obelisk", b".note.another"), b"")


@pytest.mark.parametrize("data", [b"", b"MZ", b"\x7fELF" + bytes(60), b"#!/bin/sh\n" * 20])
def test_what_is_no_executable_of_ours_is_refused(tmp_path, data):
    path = tmp_path / "other"
    path.write_bytes(data)
    with pytest.raises(VerifyError, match="not an executable that Obelisk made"):
        read_executable(path)
    with pytest.raises(LinkError):
        link(data, b"")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(VerifyError, match="cannot read"):
        read_executable(tmp_path / "nothing")


@pytest.mark.parametrize("size", [100, 0x1000, 0x1040])
def test_a_cut_executable_is_refused(executable, size):
    executable.write_bytes(executable.read_bytes()[:size])
    with pytest.raises(VerifyError):
        verify(executable)


def test_a_damaged_payload_is_a_finding(executable):
    data = bytearray(executable.read_bytes())
    data[data.index(b"code")] ^= 1
    executable.write_bytes(bytes(data))
    assert [finding.what for finding in verify(executable) if not finding.sound] == [
        "payload intact"
    ]


def test_a_writable_and_executable_segment_is_a_finding(executable):
    data = bytearray(executable.read_bytes())
    data[64 + 56 + 4] = 7  # flags of the first load
    executable.write_bytes(bytes(data))
    unsound = [finding.what for finding in verify(executable) if not finding.sound]
    assert unsound == ["nothing writable and executable"]


@settings(deadline=None)
@given(st.data())
def test_readers_of_damaged_files_refuse_and_never_crash(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "fuzzed"
    image = bytearray(_image())
    for _ in range(data.draw(st.integers(1, 6))):
        image[data.draw(st.integers(0, 0x400))] = data.draw(st.integers(0, 255))
    image = bytes(image)[: data.draw(st.sampled_from([len(image), 0x900, 200]))]
    path.write_bytes(image)
    with contextlib.suppress(VerifyError):
        verify(path)
    with contextlib.suppress(LinkError):
        link(image, b"payload")


def _image():
    segments = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 0x800, 0x800, 0x1000)
    segments += struct.pack("<IIQQQQQQ", 0x6F626C6B, 4, 0x800, 0x800, 0, 0x60, 0x60, 16)
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = struct.pack("<16sHHIQQQIHHHHHH", ident, 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    return (header + segments).ljust(0x800, b"\0") + bytes(0x100)

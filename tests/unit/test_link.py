import contextlib
import io
import mmap
import os
import socket
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obelisk.errors import LinkError, VerifyError
from obelisk.link.elf.elf import read_elf
from obelisk.link.link import link as link_all
from obelisk.payload.payload import Item, Kind, Packed, write_payload
from obelisk.target import DEFAULT_TARGET, parse_target
from obelisk.verify.bytewise import check_digest
from obelisk.verify.digest import find_digest
from obelisk.verify.verify import open_payload, verify


def link(runtime, payload, page_size=4096):
    """Link with no shared object, and return the file's bytes."""
    target = replace(parse_target(DEFAULT_TARGET), page_size=page_size)
    file = io.BytesIO()
    packed = Packed(pieces=((0, payload),), size=len(payload))
    link_all(runtime, packed, None, target).write(file)
    return file.getvalue()


@pytest.fixture
def payload(controls):
    return write_payload([Item(name="m", kind=Kind.MODULE, data=b"code")], [], controls)


@pytest.fixture
def executable(tiny_runtime, payload, tmp_path):
    path = tmp_path / "app"
    path.write_bytes(link(tiny_runtime, payload))
    return path


def test_the_payload_is_one_more_segment_after_the_last(tiny_runtime, payload):
    elf = ELFFile(io.BytesIO(link(tiny_runtime, payload)))
    loads = [s.header for s in elf.iter_segments("PT_LOAD")]
    assert [load["p_vaddr"] for load in loads] == [0, 0x2000, 0x3000]
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
    with pytest.raises(LinkError, match="no space for program headers"):
        link(tiny_runtime.replace(b".note.obelisk", b".note.another"), b"")


@pytest.mark.parametrize("data", [b"", b"MZ", b"\x7fELF" + bytes(60), b"#!/bin/sh\n" * 20])
def test_what_is_no_executable_of_ours_is_refused(tmp_path, data):
    path = tmp_path / "other"
    path.write_bytes(data)
    for read in (verify, open_payload):
        with pytest.raises(VerifyError, match="not an Obelisk executable, or is corrupt"):
            read(path)
    with pytest.raises(LinkError):
        link(data, b"")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(VerifyError, match=r"cannot read .*nothing: No such file"):
        verify(tmp_path / "nothing")


def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    place = socket.socket(socket.AF_UNIX)
    place.bind(str(tmp_path / "socket"))
    kinds = {
        tmp_path / "pipe": "named pipe",
        tmp_path / "socket": "socket",
        tmp_path: "directory",
        Path("/dev/zero"): "device",
    }
    for path, kind in kinds.items():
        for read in (verify, open_payload):
            with pytest.raises(VerifyError, match=f"^cannot read {path}: it is a {kind}"):
                read(path)
    place.close()


@pytest.mark.parametrize("size", [100, 0x1000, 0x1040, -1])
def test_a_cut_executable_is_refused(executable, size):
    executable.write_bytes(executable.read_bytes()[:size])
    with pytest.raises(VerifyError, match=r"truncated|malformed|no payload"):
        open_payload(executable)
    with contextlib.suppress(VerifyError):
        assert {"file", "bounds"} <= {
            str(one.promise) for one in verify(executable) if not one.sound
        }


def test_every_byte_is_checked_but_what_follows_the_file(executable):
    """Each flip shows, those of the digest itself too, and is named by its part."""
    data = executable.read_bytes()
    parts = set()
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0x10
        with mmap.mmap(-1, len(data)) as file:
            file[:] = bytes(damaged)
            finding = check_digest(file, find_digest(file))
        assert not finding.sound, hex(place)
        parts.add(finding.detail)
    assert {part.removeprefix("checksum mismatch in ") for part in parts} == {
        *("ELF header", "program headers", "payload", "section contents", "section headers"),
        "padding",
        "no valid digest: the file may be truncated",
    }
    executable.write_bytes(data + b"signature")
    assert all(finding.sound for finding in verify(executable))
    note = next(one for one in verify(executable) if one.is_note)
    assert note.detail.startswith(f"9 bytes from offset {len(data)}, such as a signature")


def test_an_executable_inside_another_is_not_taken_for_it(
    tiny_runtime, executable, controls, tmp_path
):
    inner = Item(name="f", kind=Kind.FILE, data=executable.read_bytes())
    outer = tmp_path / "outer"
    data = link(tiny_runtime, write_payload([], [inner], controls))
    outer.write_bytes(data)
    assert all(finding.sound for finding in verify(outer))
    place = data.rindex(b"\x89OBDIGEST")
    outer.write_bytes(data[:place] + b"\0" + data[place + 1 :])
    assert not verify(outer)[0].sound


def unsound(executable):
    return {f.what: f.detail for f in verify(executable) if not f.sound}


def test_a_damaged_payload_is_a_finding(executable):
    data = bytearray(executable.read_bytes())
    data[data.index(b"code")] ^= 1
    executable.write_bytes(bytes(data))
    assert unsound(executable) == {
        "file": "checksum mismatch in payload",
        "payload": "checksum mismatch in m",
    }


def test_a_writable_and_executable_segment_is_a_finding(executable):
    data = bytearray(executable.read_bytes())
    data[64 + 56 + 4] = 7  # flags of the first load
    executable.write_bytes(bytes(data))
    assert unsound(executable) == {
        "file": "checksum mismatch in program headers",
        "permissions": "segment 1 (LOAD) is writable and executable",
    }


def test_damaged_headers_are_findings_as_long_as_the_digest_is_found(executable):
    data = bytearray(executable.read_bytes())
    data[54] ^= 0xFF  # size of a program header
    executable.write_bytes(bytes(data))
    assert set(unsound(executable)) == {"file", "headers"}


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_damage_passes_and_no_reader_crashes(executable, data):
    """Anywhere in the file, several bytes, and cut: it is refused or named."""
    path = executable.with_name("damaged")
    whole = executable.read_bytes()
    image = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.sampled_from([0, 0x2000, 0x3000]))
        place = min(start + data.draw(st.integers(0, 0x1000)), len(image) - 1)
        image[place] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(image)[: data.draw(st.sampled_from([len(image), len(image) - 1, 500]))])
    with contextlib.suppress(VerifyError):
        findings = verify(path)
        assert path.read_bytes() == whole or not all(finding.sound for finding in findings)
    with contextlib.suppress(VerifyError):
        open_payload(path)


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

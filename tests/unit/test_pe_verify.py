"""What `verify` says of executables of Windows: sound, signed, and damaged in every way."""

import contextlib
import json
import random
import struct
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pe_files import DATA, FLAGS, OPTIONAL, TABLE, seal, tiny_runtime, write

from obelisk.audit.executable import read_components
from obelisk.cli import main
from obelisk.errors import VerifyError
from obelisk.pe.appearance import Appearance
from obelisk.pe.headers import DirectoryEntry, read_headers
from obelisk.pe.icon import icon_resources
from obelisk.pe.manifest import manifest_resource
from obelisk.verify.promise import Promise
from obelisk.verify.verify import open_payload, require_sound, verify

ICON = struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, 40, 22) + bytes([40]).ljust(
    40, b"\0"
)
RICH = Appearance(subsystem=None, resources=(manifest_resource("asInvoker"), *icon_resources(ICON)))


def failing(path):
    return {one.promise: one.detail for one in verify(path) if not one.sound}


@pytest.fixture
def executable(tmp_path):
    return write(tmp_path / "app.exe", appearance=RICH)


def test_a_new_executable_keeps_all_promises(executable):
    findings = verify(executable)
    assert all(one.sound for one in findings)
    found = {one.promise: one.detail for one in findings}
    linux_alone = {"interpreter", "relro", "canary", "objects", "snapshot", "trailing", "signature"}
    assert set(Promise) - found.keys() == linux_alone
    assert found[Promise.RESOURCES] == "manifest (asInvoker), icon with 1 images"
    assert found[Promise.AUTHENTICODE] == "not signed"
    require_sound(executable)


def test_commands_read_the_payload_of_an_executable(executable, capsys):
    assert [one.name for one in read_components(executable)] == ["cpython"]
    _, found = open_payload(executable)
    assert [one.name for one in found.files] == ["a.txt"]
    with pytest.raises(SystemExit) as exited:
        main(["verify", "--json", str(executable)])
    assert exited.value.code == 0
    assert json.loads(capsys.readouterr().out)["sound"] is True


# Damage: each of these is a change that a tool of its own may make, so the digest and the checksum
# are made right again; what is promised must not hold only because one of them is wrong.


def put(data, place, layout, *values):
    struct.pack_into(layout, data, place, *values)


def set_flags(number, flags):
    return lambda data: put(data, TABLE + 40 * number + 36, "<I", flags)


def field(offset, layout, value):
    return lambda data: put(data, OPTIONAL + offset, layout, value)


def directory(number, address, size):
    return lambda data: put(data, OPTIONAL + 112 + 8 * number, "<II", address, size)


def in_section(number, offset, value):
    return lambda data: put(data, TABLE + 40 * number + offset, "<I", value)


def replaced(old, new):
    def change(data):
        place = data.index(old)
        data[place : place + len(old)] = new.ljust(len(old), b"\0")

    return change


WEAKENED = {
    "timestamp": (lambda d: put(d, OPTIONAL - 16, "<I", 7), Promise.HEADERS, "a timestamp of 0x7"),
    "library": (lambda d: put(d, OPTIONAL - 2, "<H", 0x2022), Promise.HEADERS, "(DLL)"),
    "entry": (field(16, "<I", DATA), Promise.HEADERS, "starts at 0x2000"),
    "subsystem": (field(68, "<H", 10), Promise.HEADERS, "unknown subsystem 10"),
    "dotnet": (directory(14, DATA, 8), Promise.HEADERS, ".NET"),
    "machine": (lambda d: put(d, OPTIONAL - 20, "<H", 0xAA64), Promise.MACHINE, "0xaa64"),
    "fixed": (field(70, "<H", FLAGS & ~0x40), Promise.PIE, "DYNAMIC_BASE"),
    "low": (field(70, "<H", FLAGS & ~0x20), Promise.PIE, "HIGH_ENTROPY_VA"),
    "stripped": (directory(5, 0, 0), Promise.PIE, "no relocations"),
    "no DEP": (field(70, "<H", FLAGS & ~0x100), Promise.STACK, "NX_COMPAT"),
    "vcruntime": (
        replaced(b"KERNEL32.dll", b"KERNEL33.dll"),
        *(Promise.NEEDED, "needs `KERNEL33.dll`, which is not part of Windows"),
    ),
    "api set": (
        replaced(b"api-ms-win-crt-heap-l1-1-0.dll", b"api-ms-win-crt-heap.dll"),
        *(Promise.NEEDED, "`api-ms-win-crt-heap.dll`"),
    ),
    "imports": (directory(1, 0x9000000, 40), Promise.NEEDED, "unreadable imports"),
    "writable code": (set_flags(0, 0xE0000020), Promise.PERMISSIONS, "section .text is writable"),
    "shared": (set_flags(1, 0xD0000040), Promise.PERMISSIONS, ".rdata is written to by all"),
    "order": (in_section(1, 12, 0x1000), Promise.SEGMENTS, "section .rdata overlaps"),
    "overlap": (in_section(2, 20, 0x600), Promise.SEGMENTS, ".rdata and section .reloc overlap"),
    "image size": (field(56, "<I", 0x4000), Promise.SEGMENTS, "an image of 0x4000 bytes"),
    "unaligned": (in_section(0, 12, 0x1010), Promise.SEGMENTS, "begins at 0x1010"),
    "directory": (directory(6, 0x1FFFF0, 28), Promise.SEGMENTS, "the debug directory"),
    "writable payload": (set_flags(4, 0xC0000040), Promise.PAYLOAD_SEGMENT, "writable"),
    "code payload": (set_flags(4, 0x60000040), Promise.PAYLOAD_SEGMENT, "executable"),
    "manifest": (replaced(b"UTF-8</", b"UTF-9</"), Promise.RESOURCES, "activeCodePage"),
    "no XML": (replaced(b"</assembly>", b"<assembly>"), Promise.RESOURCES, "not XML"),
    "resources": (directory(2, 0x4000, 8), None, None),
    "no resources": (directory(2, 0, 0), Promise.RESOURCES, "0 manifests"),
    "text": (replaced(b"content", b"Content"), Promise.PAYLOAD, "checksum mismatch in a.txt"),
}


@pytest.mark.parametrize("name", WEAKENED)
def test_weakened_executables_are_named_by_their_promise(executable, name):
    change, promise, fault = WEAKENED[name]
    data = bytearray(executable.read_bytes())
    change(data)
    seal(data)
    executable.write_bytes(data)
    found = failing(executable)
    if promise is None:  # what the header says of the size of resources is read by nobody
        assert found == {}
        return
    assert fault in found[promise]
    with pytest.raises(VerifyError, match="failed verification"):
        require_sound(executable)


def change_byte(section, offset=3):
    def change(data):
        (found,) = read_headers(bytes(data)).section(section)
        data[found.offset + offset] ^= 1

    return change


DAMAGED = {
    "code": (change_byte(".text"), "checksum mismatch in .text"),
    "data": (change_byte(".rdata", 300), "checksum mismatch in .rdata"),
    "relocations": (change_byte(".reloc", 100), "checksum mismatch in .reloc"),
    "resources": (change_byte(".rsrc", 900), "checksum mismatch in resources"),
    "payload": (change_byte(".obelisk", 200), "checksum mismatch in payload"),
    "headers": (lambda data: put(data, OPTIONAL + 2, "<B", 9), "checksum mismatch in PE headers"),
    "digest": (change_byte(".digest", 100), "no valid digest"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_anywhere_is_named_and_the_checksum_tells_of_it(executable, name):
    change, fault = DAMAGED[name]
    data = bytearray(executable.read_bytes())
    change(data)
    executable.write_bytes(data)
    found = failing(executable)
    assert fault in found[Promise.FILE]
    assert "the file's sum is" in found[Promise.CHECKSUM]


def test_a_truncated_executable_is_named(executable):
    whole = executable.read_bytes()
    executable.write_bytes(whole[:-1024])
    assert "bytes beyond the end of the file" in failing(executable)[Promise.BOUNDS]


def test_what_is_appended_is_a_note_and_breaks_the_checksum(executable):
    executable.write_bytes(executable.read_bytes() + b"more")
    findings = {one.promise: one for one in verify(executable)}
    assert findings[Promise.TRAILING].is_note
    assert "4 bytes" in findings[Promise.TRAILING].detail
    assert not findings[Promise.CHECKSUM].sound


@pytest.mark.parametrize("head", [b"MZ", b"MZ" + bytes(200), b"\x7fELF", b"text", b""])
def test_other_files_are_no_executables_of_ours(tmp_path, head):
    path = tmp_path / "other.exe"
    path.write_bytes(head)
    with pytest.raises(VerifyError, match="is not an Obelisk executable"):
        verify(path)


def test_a_program_of_somebody_else_is_none_of_ours(tmp_path):
    path = tmp_path / "other.exe"
    path.write_bytes(tiny_runtime())
    with pytest.raises(VerifyError, match="no payload section"):
        verify(path)


# Signatures that are added later


@pytest.fixture(scope="module")
def sign(tmp_path_factory):
    """A function that signs by a new certificate; skipped where osslsigncode is missing."""
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-days", "9"]
    make = ["openssl", "req", *options, "-keyout", key, "-out", certificate]

    def sign(path):
        signed = path.with_name("signed.exe")
        words = ["osslsigncode", "sign", "-certs", certificate, "-key", key, "-h", "sha256"]
        subprocess.run([*words, "-in", path, "-out", signed], check=True, capture_output=True)
        return signed

    try:
        subprocess.run(make, check=True, capture_output=True)
        subprocess.run(["osslsigncode", "--version"], check=True, capture_output=True)
    except FileNotFoundError as missing:
        pytest.skip(f"{missing.filename} is not installed")
    return sign


def test_a_signature_leaves_every_promise_kept(executable, sign):
    signed = sign(executable)
    assert signed.read_bytes() != executable.read_bytes()
    findings = {one.promise: one for one in verify(signed)}
    assert all(one.sound for one in findings.values())
    assert "sha256 matches the file" in findings[Promise.AUTHENTICODE].detail
    assert Promise.TRAILING not in findings


def test_a_signature_of_another_file_is_named(tmp_path, sign):
    one = sign(write(tmp_path / "one.exe"))
    data = bytearray(one.read_bytes())
    data[OPTIONAL + 3] ^= 1  # the linker's version: nothing reads it
    table = read_headers(bytes(data)).directory(DirectoryEntry.CERTIFICATE)
    seal(data)
    one.write_bytes(data)
    assert table.size
    assert "of another file" in failing(one)[Promise.AUTHENTICODE]


@pytest.mark.parametrize("offset", [0, 6, 8, 10])
def test_a_damaged_signature_is_named(tmp_path, sign, offset):
    one = sign(write(tmp_path / "one.exe"))
    data = bytearray(one.read_bytes())
    table = read_headers(bytes(data)).directory(DirectoryEntry.CERTIFICATE)
    data[table.address + offset] ^= 0x5A
    one.write_bytes(data)
    assert Promise.AUTHENTICODE in failing(one)


@given(st.integers(0, 1 << 32))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_change_is_found(executable, seed):
    """Every byte is covered but padding of the last section; nothing crashes."""
    chance = random.Random(seed)
    data = bytearray(executable.read_bytes())
    place = chance.randrange(len(data))
    data[place] ^= chance.randrange(1, 256)
    path = executable.with_name("changed.exe")
    path.write_bytes(data)
    with contextlib.suppress(VerifyError):
        assert failing(path)

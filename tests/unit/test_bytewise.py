"""A file is read once, region by region, wherever records and blocks begin and end."""

import io
import mmap
import random
from dataclasses import replace
from hashlib import sha256

import pytest

from obelisk.link.link import link
from obelisk.payload.content import FileContent
from obelisk.payload.payload import Item, Kind, Packed, pack_payload
from obelisk.payload.reader import read_payload
from obelisk.target import DEFAULT_TARGET, parse_target
from obelisk.verify import bytewise
from obelisk.verify.bytewise import Contents, read_all
from obelisk.verify.digest import find_digest
from obelisk.verify.executable import map_file
from obelisk.verify.read import read_executable
from obelisk.verify.verify import require_sound, verify

SIZES = {"none": 0, "one": 1, "small": 5000, "large": (1 << 20) + 17, "other": (2 << 20) - 4096}


@pytest.fixture
def executable(tiny_runtime, controls, tmp_path):
    """One with contents of many sizes, of which two are the same bytes."""
    numbers = random.Random(1)
    items = []
    for name, size in SIZES.items():
        path = tmp_path / name
        path.write_bytes(numbers.randbytes(size))
        items += [
            Item(name=f"{name}/{copy}", kind=Kind.FILE, data=FileContent(path, size))
            for copy in ("a", "b")
        ]
    packed = pack_payload([], items, controls)
    with (tmp_path / "app").open("wb") as file:
        link(tiny_runtime, packed, None, parse_target(DEFAULT_TARGET)).write(file)
    return tmp_path / "app"


def damage_of(path):
    data = map_file(path)
    executable = read_executable(data)
    payload = read_payload(executable.payload)
    contents = Contents(payload, executable.payload_offset)
    expected = [one.name for one in payload.records if not payload.content_intact(one)]
    return read_all(data, find_digest(data), contents, hashed=True), expected


@pytest.mark.parametrize("region", [4096, 65536, 32 << 20])
def test_every_content_is_checked_whatever_is_read_at_once(executable, monkeypatch, region):
    monkeypatch.setattr(bytewise, "_REGION", region)
    data = executable.read_bytes()
    damage, expected = damage_of(executable)
    assert (damage.parts, damage.records, expected) == ([], [], [])
    assert damage.sha256 == sha256(data).hexdigest() == require_sound(executable)
    assert all(finding.sound for finding in verify(executable))
    whole = read_executable(map_file(executable))
    records = read_payload(whole.payload).files
    for record in (record for record in records if record.stored):
        for place in (record.offset, record.offset + record.stored - 1):
            changed = bytearray(data)
            changed[whole.payload_offset + place] ^= 1
            executable.write_bytes(changed)
            damage, expected = damage_of(executable)
            assert damage.parts == ["payload"]
            assert record.name in damage.records
            assert damage.records == expected


def test_bytes_of_a_file_are_hashed_as_those_in_memory(executable, tiny_runtime):
    """Blocks that a large file remembered are those of the digest."""
    whole = read_executable(map_file(executable))
    packed = Packed(pieces=((0, bytes(whole.payload)),), size=len(whole.payload))
    file = io.BytesIO()
    link(tiny_runtime, packed, None, parse_target(DEFAULT_TARGET)).write(file)
    assert file.getvalue() == executable.read_bytes()


def test_a_record_at_the_end_of_the_file_is_read(executable):
    """Where nothing follows the payload, as after damage, one without bytes is checked as well."""
    payload = read_payload(read_executable(map_file(executable)).payload)
    empty = replace(payload.files[0], name="end", offset=len(payload.data), stored=0, check=1)
    with mmap.mmap(-1, len(payload.data)) as file:
        file[:] = bytes(payload.data)
        ending = replace(payload, modules=(), files=(empty,), controls=())
        damage = read_all(file, None, Contents(ending, 0), hashed=False)
    assert (damage.records, damage.sha256) == (["end"], "")


def test_parts_beyond_the_end_of_the_file_are_damaged(executable):
    data = map_file(executable)
    digest = find_digest(data)
    starts = {name: start for start, _, name in digest.parts}
    with mmap.mmap(-1, starts["section contents"]) as file:
        file[:] = data[: len(file)]
        damage = read_all(file, digest, None, hashed=False)
    assert damage.parts == ["section contents", "section headers"]

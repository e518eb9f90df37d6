"""What is stored may lie in memory or in a file: both are the same bytes."""

import random
from hashlib import sha256

import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from obelisk.errors import CollectError
from obelisk.payload import content
from obelisk.payload.content import FileContent, chunks, hash_content, hash_stored, whole
from obelisk.payload.payload import Item, Kind, pack_payload, write_payload
from obelisk.payload.reader import read_payload


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(content, "_CHUNK", 7)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("content") / "file"


def on_disk(path, data):
    path.write_bytes(data)
    return FileContent(path, len(data))


@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(0, 50), st.integers(0, 50))
def test_a_file_is_its_bytes(path, data, other, start, stop):
    file = on_disk(path, data)
    assert len(file) == len(data)
    assert whole(file) == data
    assert b"".join(chunks(file, start, stop)) == b"".join(chunks(data, start, stop))
    assert b"".join(chunks(data, start, stop)) == data[start : max(start, stop)]
    for seed in (0, start):
        assert hash_content(file, seed) == xxhash.xxh64_intdigest(data, seed)
    assert (file == other) == (other == file) == (data == other)
    assert file == data


@pytest.mark.parametrize("offset", [0, 1, 4096, content.BLOCK - 1, content.BLOCK])
@pytest.mark.parametrize("size", [1 << 20, (1 << 20) + 1, (1 << 20) + 5 * content.BLOCK - 7])
def test_blocks_of_a_large_file_are_hashed_when_it_is_read(path, monkeypatch, offset, size):
    monkeypatch.undo()
    data = random.Random(size).randbytes(size)
    file = on_disk(path, data)
    assert hash_stored(file, 9, offset) == xxhash.xxh64_intdigest(data, 9)
    whole = bytes(offset) + data
    for start in range(0, len(whole), content.BLOCK):
        found = file.known_block(start - offset, start - offset + content.BLOCK)
        lies_within = start >= offset and start + content.BLOCK <= len(whole)
        block = whole[start : start + content.BLOCK]
        assert found == (sha256(block).digest() if lies_within else None)
    assert file.known_block(-offset % content.BLOCK, size) is None
    assert file.known_block(-offset % content.BLOCK + 1, size) is None


def test_a_file_that_became_shorter_is_told(path):
    file = on_disk(path, b"0123456789")
    path.write_bytes(b"01234")
    with pytest.raises(CollectError, match="changed during the build"):
        whole(file)


def test_payloads_of_files_are_those_of_bytes(path):
    data = bytes(range(256)) * 11
    items = [
        [Item(name=name, kind=Kind.FILE, data=data) for name in ("a", "b/c")]
        for data in (data, on_disk(path, data))
    ]
    written, packed = write_payload([], items[0], {}), pack_payload([], items[1], {})
    assert packed.joined() == written
    payload = read_payload(memoryview(written))
    assert {payload.read(record) for record in payload.files if record.size} == {data}
    assert sum(len(piece) for _, piece in packed.pieces) < 2 * len(data), (
        "equal bytes are stored once"
    )

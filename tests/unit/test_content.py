"""What is stored may lie in memory or in a file: both are the same bytes."""

import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from obelisk.errors import CollectError
from obelisk.payload import content
from obelisk.payload.content import FileContent, chunks, hash_content, whole
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

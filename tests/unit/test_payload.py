import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obelisk.errors import CollectError, VerifyError
from obelisk.payload import Control, Item, Kind, read_payload, write_payload

CONTROLS = {Control.MAIN: b"app/cli.py", Control.MANIFEST: b"{}"}


def sample():
    modules = [
        Item(name="app", kind=Kind.PACKAGE),
        Item(name="app/cli", kind=Kind.MODULE),
        Item(name="app/cli.py", kind=Kind.CODE, data=b"code of cli" * 50, compress=True),
        Item(name="space", kind=Kind.NAMESPACE),
    ]
    files = [
        Item(name="app/data/one.txt", kind=Kind.FILE, data=b"one"),
        Item(name="app/cli.py", kind=Kind.FILE, data=b"import sys\n" * 100, compress=True),
        Item(name="top.txt", kind=Kind.FILE, data=b""),
    ]
    return write_payload(modules, files, CONTROLS)


def test_what_is_written_is_read():
    payload = read_payload(memoryview(sample()))
    assert [(r.name, r.kind) for r in payload.modules] == [
        ("app", Kind.PACKAGE),
        ("space", Kind.NAMESPACE),
        ("app/cli", Kind.MODULE),
        ("app/cli.py", Kind.CODE),
    ]
    assert payload.control(Control.MAIN) == b"app/cli.py"
    assert payload.control(Control.SETTINGS) is None
    assert all(record.intact for record in payload.records)
    assert payload.read(payload.modules[3]) == b"code of cli" * 50
    assert payload.modules[3].compressed
    assert payload.read(payload.file("app/cli.py")) == b"import sys\n" * 100
    assert payload.read(payload.file("top.txt")) == b""


def test_folders_are_added_and_children_are_neighbours():
    payload = read_payload(memoryview(sample()))
    kinds = {record.name: record.kind for record in payload.files}
    assert kinds["app"] == kinds["app/data"] == Kind.FOLDER
    assert [record.name for record in payload.files] == [
        *("app", "top.txt", "app/cli.py", "app/data", "app/data/one.txt")
    ]


def test_order_of_items_does_not_matter():
    items = [Item(name=name, kind=Kind.FILE, data=name.encode()) for name in ("a/b", "c", "a/a")]
    one = write_payload([], items, {})
    assert one == write_payload([], reversed(items), {})


@pytest.mark.parametrize(
    "names", [("a", "a", b"1", b"2"), ("a", "a/b", b"", b"")], ids=["content", "folder"]
)
def test_two_things_of_one_name_are_refused(names):
    first, second, *contents = names
    items = [
        Item(name=first, kind=Kind.FILE, data=contents[0]),
        Item(name=second, kind=Kind.FILE, data=contents[1]),
    ]
    with pytest.raises(CollectError, match="`a` is to be"):
        write_payload([], items, {})
    with pytest.raises(CollectError, match="`a` is to be"):
        write_payload([], reversed(items), {})


def test_a_file_that_is_named_twice_is_one():
    item = Item(name="a", kind=Kind.FILE, data=b"1")
    assert write_payload([], [item, item], {}) == write_payload([], [item], {})


def test_a_module_that_is_named_twice_and_a_long_name_are_refused():
    with pytest.raises(CollectError, match="twice"):
        write_payload([Item(name="m", kind=Kind.MODULE)] * 2, [], {})
    with pytest.raises(CollectError, match="more than 65535 bytes"):
        write_payload([], [Item(name="x" * 65535, kind=Kind.FILE)], {})


def test_compression_that_does_not_help_is_not_used():
    item = Item(name="small", kind=Kind.FILE, data=b"x", compress=True)
    payload = read_payload(memoryview(write_payload([], [item], {})))
    assert not payload.file("small").compressed


@pytest.mark.parametrize("size", [0, 10, 95, 96, 300])
def test_a_cut_payload_is_refused(size):
    with pytest.raises(VerifyError):
        read_payload(memoryview(sample()[:size]))


def test_every_single_damaged_byte_shows():
    data = sample()
    intact = read_payload(memoryview(data))
    padding = set(range(len(data)))
    for record in intact.records:
        padding -= set(range(record.offset, record.offset + record.stored))
    unnoticed = []
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0x40
        try:
            payload = read_payload(memoryview(bytes(damaged)))
        except VerifyError:
            continue
        if all(one.intact and payload.content_intact(one) for one in payload.records):
            unnoticed.append(place)
    # Bytes that nothing reads may differ: those between the parts.
    assert set(unnoticed) <= padding


@settings(deadline=None)
@given(st.data())
def test_damaged_payloads_are_refused_and_never_crash(data):
    mutated = bytearray(sample())
    for _ in range(data.draw(st.integers(1, 8))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(mutated)))
    try:
        payload = read_payload(memoryview(bytes(mutated[:cut])))
        for record in payload.records:
            payload.read(record)
    except VerifyError:
        pass

from dataclasses import replace
from types import SimpleNamespace

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from obelisk.compile.dictionaries import train
from obelisk.errors import CollectError, ConfigError, VerifyError
from obelisk.payload import stored
from obelisk.payload.filetimes import EARLIEST, source_date_epoch
from obelisk.payload.payload import LARGE, Control, Item, Kind, pack_payload, write_payload
from obelisk.payload.reader import read_payload
from obelisk.payload.stored import Frame, compressed, expanded, frame_key

CONTROLS = {Control.MAIN: b"app/cli.py", Control.MANIFEST: b"{}"}


def sample():
    modules = [
        Item(name="app", kind=Kind.PACKAGE),
        Item(name="app/cli", kind=Kind.MODULE),
        Item(name="app/cli.py", kind=Kind.CODE, data=b"code of cli" * 50, frame=Frame.PLAIN),
        Item(name="space", kind=Kind.NAMESPACE),
    ]
    files = [
        Item(name="app/data/one.txt", kind=Kind.FILE, data=b"one"),
        Item(name="app/cli.py", kind=Kind.FILE, data=b"import sys\n" * 100, frame=Frame.PLAIN),
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
    assert payload.modules[3].frame
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
    with pytest.raises(CollectError, match=r"`a` (would be|in the executable)"):
        write_payload([], items, {})
    with pytest.raises(CollectError, match=r"`a` (would be|in the executable)"):
        write_payload([], reversed(items), {})


def test_a_file_that_is_named_twice_is_one():
    item = Item(name="a", kind=Kind.FILE, data=b"1")
    assert write_payload([], [item, item], {}) == write_payload([], [item], {})


def test_a_module_that_is_named_twice_and_a_long_name_are_refused():
    with pytest.raises(CollectError, match="two files have the path `m`"):
        write_payload([Item(name="m", kind=Kind.MODULE)] * 2, [], {})
    with pytest.raises(CollectError, match="more than 65535 bytes"):
        write_payload([], [Item(name="x" * 65535, kind=Kind.FILE)], {})


def test_code_is_not_what_an_import_of_its_path_finds():
    """A package may install a command `bin/m` beside a file `bin/m.py`."""
    items = [
        Item(name="bin/m", kind=Kind.CODE, data=b"command"),
        Item(name="bin/m", kind=Kind.MODULE),
        Item(name="m", kind=Kind.CODE, data=b"script"),
        Item(name="m", kind=Kind.MODULE),
    ]
    payload = read_payload(memoryview(write_payload(items, [], {})))
    assert sorted((one.name, one.kind) for one in payload.modules) == sorted(
        (one.name, one.kind) for one in items[:2]
    ) + sorted((one.name, one.kind) for one in items[2:])


def test_compression_that_does_not_help_is_not_used():
    item = Item(name="small", kind=Kind.FILE, data=b"x", frame=Frame.PLAIN)
    payload = read_payload(memoryview(write_payload([], [item], {})))
    assert not payload.file("small").frame


def test_equal_bytes_are_stored_once():
    """Whoever has them: modules, files, compressed or not."""
    data = b"equal " * 5000
    modules = [Item(name="one.py", kind=Kind.CODE, data=data)]
    files = [
        Item(name="one.txt", kind=Kind.FILE, data=data),
        Item(name="two.txt", kind=Kind.FILE, data=data),
        Item(name="packed/one.txt", kind=Kind.FILE, data=data, frame=Frame.PLAIN),
        Item(name="packed/two.txt", kind=Kind.FILE, data=data, frame=Frame.PLAIN),
    ]
    written = write_payload(modules, files, {})
    payload = read_payload(memoryview(written))
    assert written.count(data) == 1
    assert len({record.offset for record in payload.records if record.size}) == 2
    assert all(payload.read(record) == data for record in payload.records if record.size)
    written = bytearray(written)
    written[written.index(data)] ^= 1
    payload = read_payload(memoryview(written))
    damaged = {one.name for one in payload.records if not payload.content_intact(one)}
    assert damaged == {"one.py", "one.txt", "two.txt"}


def test_a_hash_does_not_make_bytes_equal(monkeypatch):
    monkeypatch.setattr(stored, "xxhash", SimpleNamespace(xxh64_intdigest=lambda _: 1))
    store = stored.Store(0)
    assert [store.add(data) for data in (b"one", b"two", b"two")] == [0, 16, 16]


def test_large_files_begin_and_end_at_a_page():
    data = bytes(range(256)) * (LARGE // 256) + b"end"
    files = [
        Item(name="a", kind=Kind.FILE, data=b"small"),
        Item(name="b", kind=Kind.FILE, data=data),
        Item(name="c", kind=Kind.FILE, data=b"behind"),
        Item(name="d", kind=Kind.FILE, data=data, frame=Frame.PLAIN),
    ]
    written = write_payload([Item(name="m.py", kind=Kind.CODE, data=data)], files, {})
    payload = read_payload(memoryview(written))
    large = payload.file("b")
    end = large.offset + large.stored
    assert large.offset % 4096 == 0
    assert not any(written[end : -(-end // 4096) * 4096])
    assert payload.file("c").offset >= -(-end // 4096) * 4096 or payload.file("c").offset < end
    assert payload.file("d").frame


def test_a_payload_is_written_in_pieces():
    """What is huge is not held in memory twice."""
    data = memoryview(bytes(LARGE))
    packed = pack_payload([], [Item(name="huge", kind=Kind.FILE, data=data)], CONTROLS)
    assert any(piece is data for _, piece in packed.pieces)
    places = [place for place, _ in packed.pieces]
    assert places == sorted(places)
    assert read_payload(memoryview(packed.joined())).file("huge").size == LARGE


def times(*contents, epoch=None):
    files = [
        Item(name=f"folder/deep/{number}", kind=Kind.FILE, data=data)
        for number, data in enumerate(contents)
    ]
    payload = read_payload(memoryview(write_payload([], files, {}, epoch=epoch)))
    return {record.name: record.time for record in payload.files}


def test_times_are_made_from_content():
    one, two = times(b"first", b"other"), times(b"first", b"again")
    assert one == times(b"first", b"other")
    assert one["folder/deep/0"] == two["folder/deep/0"]
    # Both in whole seconds, as HTTP has them, and in all.
    assert one["folder/deep/1"] // 10**9 != two["folder/deep/1"] // 10**9
    assert one["folder"] == one["folder/deep"] == max(one.values())
    # Not before 1980-01-02 in any zone, and never in the future.
    assert all(315619200 + 14 * 3600 <= time // 10**9 < 6 * 10**8 for time in one.values())


def test_times_are_those_of_source_date_epoch():
    epoch = 1_700_000_000
    one, two = times(b"first", epoch=epoch), times(b"other", epoch=epoch)
    assert {time // 10**9 for time in (*one.values(), *two.values())} == {epoch}
    assert one["folder/deep/0"] != two["folder/deep/0"]
    assert min(times(b"later", epoch=epoch + 1).values()) > max(one.values())


def test_source_date_epoch_is_read():
    assert source_date_epoch({}) is None
    assert source_date_epoch({"SOURCE_DATE_EPOCH": ""}) is None
    assert source_date_epoch({"SOURCE_DATE_EPOCH": "1700000000"}) == 1_700_000_000
    # Nix's, and that of many build systems: zip archives do not know it.
    assert source_date_epoch({"SOURCE_DATE_EPOCH": "315532800"}) == EARLIEST
    assert source_date_epoch({"SOURCE_DATE_EPOCH": "0"}) == EARLIEST


@pytest.mark.parametrize(
    "text",
    ["now", "-1", "1.5", "1e9", " 1", "0x10", "1_000", "\u0661", "1700000000000", "9" * 5000],
)
def test_source_date_epoch_that_is_no_time(text):
    with pytest.raises(ConfigError, match="invalid `SOURCE_DATE_EPOCH`"):
        source_date_epoch({"SOURCE_DATE_EPOCH": text})


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


def test_known_first_uses_are_stored_first_in_their_order() -> None:
    names = [f"p/m{number}.py" for number in range(9)]
    code = [Item(name=name, kind=Kind.CODE, data=name.encode() * 9) for name in names]
    files = [Item(name=name, kind=Kind.FILE, data=name.encode()) for name in names]
    used = ("code p/m7.py", "file p/m3.py", "code p/m1.py", "code gone.py", "code p/m7.py")
    payload = read_payload(memoryview(write_payload(code, files, {"main": b"p"}, first_use=used)))
    stored = sorted((one for one in payload.records if one.size), key=lambda one: one.offset)
    assert [one.name for one in stored[:4]] == ["main", "p/m7.py", "p/m3.py", "p/m1.py"]
    assert [one.kind for one in stored[:4]] == [Kind.CONTROL, Kind.CODE, Kind.FILE, Kind.CODE]
    plain = read_payload(memoryview(write_payload(code, files, {"main": b"p"})))
    assert [payload.read(one) for one in payload.records] == [
        plain.read(one) for one in plain.records
    ]


CODE = [f"def function_{n}(argument): return argument + {n}\n".encode() * 9 for n in range(400)]


@pytest.fixture(scope="module")
def dictionaries():
    return train({Frame.CODE: CODE, Frame.TEXT: [one.upper() for one in CODE]})


def with_dictionaries(dictionaries, count=400):
    modules = [
        Item(name=f"m{n}.py", kind=Kind.CODE, data=data, frame=Frame.CODE)
        for n, data in enumerate(CODE[:count])
    ]
    return write_payload(modules, [], CONTROLS, dictionaries=dictionaries)


def test_training_gives_the_same_dictionaries_again(dictionaries):
    again = train({Frame.CODE: CODE, Frame.TEXT: [one.upper() for one in CODE]})
    assert again.contents == dictionaries.contents
    assert dictionaries.contents[Frame.CODE] != dictionaries.contents[Frame.TEXT]


def test_frames_refer_to_a_dictionary(dictionaries, monkeypatch):
    monkeypatch.setattr(stored, "_WORTH", 0)
    payload = read_payload(memoryview(with_dictionaries(dictionaries)))
    frames = [one for one in payload.modules if one.frame == Frame.CODE]
    assert len(frames) > 300
    assert [payload.read(one) for one in payload.modules] == [
        data for _, data in sorted((f"m{n}.py", data) for n, data in enumerate(CODE))
    ]
    assert payload.control(Control.DICTIONARIES[Frame.CODE]) == dictionaries.contents[Frame.CODE]


def test_a_dictionary_goes_in_only_where_it_pays(dictionaries):
    payload = read_payload(memoryview(with_dictionaries(dictionaries, count=3)))
    assert payload.control(Control.DICTIONARIES[Frame.CODE]) is None
    assert {one.frame for one in payload.modules} == {Frame.PLAIN}


def test_known_frames_are_those_that_would_be_made(dictionaries, monkeypatch):
    monkeypatch.setattr(stored, "_WORTH", 0)
    made = compressed([(data, Frame.CODE) for data in CODE], dictionaries)
    known = {
        frame_key(data, Frame.CODE): frame for data, (frame, _) in zip(CODE, made, strict=True)
    }
    assert with_dictionaries(replace(dictionaries, known=known)) == with_dictionaries(dictionaries)


@pytest.mark.parametrize("missing", [False, True])
def test_a_damaged_or_missing_dictionary_is_refused(dictionaries, monkeypatch, missing):
    monkeypatch.setattr(stored, "_WORTH", 0)
    data = bytearray(with_dictionaries(dictionaries))
    name = Control.DICTIONARIES[Frame.CODE]
    payload = read_payload(memoryview(bytes(data)))
    (record,) = [one for one in payload.controls if one.name == name]
    if missing:
        controls = tuple(one for one in payload.controls if one is not record)
        payload = replace(payload, controls=controls)
    else:
        data[record.offset + 99] ^= 1
        payload = read_payload(memoryview(bytes(data)))
    with pytest.raises(VerifyError, match="corrupt payload"):
        payload.read(payload.modules[0])


def test_a_frame_that_says_another_size_is_refused_before_it_is_expanded():
    """A kilobyte of it can be gigabytes of zeros."""
    frame = zstandard.ZstdCompressor().compress(bytes(1 << 30))
    with pytest.raises(zstandard.ZstdError, match="frame size 1073741824, expected 9"):
        expanded(frame, 9, None)

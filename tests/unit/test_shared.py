"""Frames that records share: written, read, damaged, and grouped."""

import random
from contextlib import suppress

import pytest
import zstandard
from forged import forged
from hypothesis import given, settings
from hypothesis import strategies as st

from obelisk.compile.frames_kept import KeptFrames
from obelisk.errors import VerifyError
from obelisk.pack import sharing
from obelisk.payload.payload import Control, Item, Kind, write_payload
from obelisk.payload.reader import read_payload
from obelisk.payload.shared import SHARED_MOST, content_of
from obelisk.payload.stored import Dictionaries, Frame
from obelisk.relink.changed import Changes, with_changes
from obelisk.report.sizes import payload_parts
from obelisk.services.cache import Cache

NAMES = [f"package/part{number}.txt" for number in range(12)]
GROUP = [f"file {name}" for name in NAMES]


def text(number):
    return f"line {number} of a text\n".encode() * (20 + number)


def items(frame=Frame.TEXT, **contents):
    known = {name: text(number) for number, name in enumerate(NAMES)}
    return [
        Item(name=name, kind=Kind.FILE, data=data, frame=frame)
        for name, data in {**known, **contents}.items()
    ]


def payload_of(files, groups=(GROUP,), **options):
    written = write_payload([], files, {Control.MAIN: b"m"}, groups=groups, **options)
    return read_payload(memoryview(written))


def test_a_group_is_one_frame_in_its_order():
    groups = (GROUP[:3], GROUP[:2:-1])
    payload = payload_of(items(), groups)
    for group in groups:
        records = [payload.file(key.removeprefix("file ")) for key in group]
        assert len({(one.offset, one.stored, one.frame) for one in records}) == 1
        begin = 0
        for one in records:
            assert one.begin == begin
            begin += one.size
        assert len(payload.frame_content(records[-1])) == begin
    assert len({one.offset for one in payload.files if one.size}) == 2
    assert [payload.read(payload.file(name)) for name in NAMES] == [text(n) for n in range(12)]
    # By whatever order they are read.
    again = payload_of(items(), groups)
    for name in random.Random(1).choices(NAMES, k=50):
        assert again.read(again.file(name)) == text(NAMES.index(name))


def test_frames_refer_to_dictionaries(monkeypatch):
    monkeypatch.setattr("obelisk.payload.stored._WORTH", 0)
    known = Dictionaries(contents={Frame.TEXT: b"line of a text\n" * 50})
    payload = payload_of(items(), dictionaries=known)
    assert {one.frame for one in payload.files if one.size} == {Frame.TEXT}
    assert {one.frame for one in payload_of(items()).files if one.size} == {Frame.PLAIN}
    assert [payload.read(payload.file(name)) for name in NAMES] == [text(n) for n in range(12)]


def test_equal_contents_are_in_a_frame_once():
    files = items(**{NAMES[9]: text(1)})
    payload = payload_of(files, (GROUP[:6], GROUP[6:]))
    one, other = payload.file(NAMES[1]), payload.file(NAMES[9])
    assert (one.offset, one.begin) == (other.offset, other.begin)
    assert payload.read(other) == text(1)
    assert sum(part.stored > 0 for part in payload_parts(payload)) == 11 + 1  # and `main`


def test_what_cannot_share_is_stored_as_ever():
    random_bytes = random.Random(2).randbytes(5000)
    large = text(5) * (SHARED_MOST // len(text(5)) + 1)
    files = items(**{NAMES[0]: b"", NAMES[1]: random_bytes, NAMES[2]: large})
    plain = [Item(name="plain", kind=Kind.FILE, data=text(3))]
    groups = ([GROUP[1]], [*GROUP[2:], "file plain", "file gone"])
    payload = payload_of([*files, *plain], groups)
    assert not payload.file("plain").frame
    assert not payload.file(NAMES[1]).frame
    record = payload.file(NAMES[2])
    assert record.frame
    assert len(payload.frame_content(record)) == len(large)
    assert [payload.read(payload.file(one.name)) for one in files] == [one.data for one in files]


def test_each_records_part_of_a_frame_adds_up_to_it():
    payload = payload_of(items())
    parts = [part for part in payload_parts(payload) if part.kind == "data"]
    assert sum(part.stored for part in parts) == payload.file(NAMES[0]).stored
    assert all(part.stored < payload.file(NAMES[0]).stored // 4 for part in parts)


def test_damage_to_a_frame_is_of_all_that_share_it():
    written = bytearray(write_payload([], items(), {}, groups=(GROUP[:6], GROUP[6:])))
    record = read_payload(memoryview(written)).file(NAMES[3])
    written[record.offset + record.stored // 2] ^= 1
    payload = read_payload(memoryview(bytes(written)))
    damaged = {one.name for one in payload.records if not payload.content_intact(one)}
    assert damaged == set(NAMES[:6])
    with pytest.raises(VerifyError, match=f"checksum mismatch in `{NAMES[3]}`"):
        payload.read(payload.file(NAMES[3]))
    assert payload.read(payload.file(NAMES[7])) == text(7)


@pytest.mark.parametrize(
    "changes",
    [
        {"begin": 1 << 63},
        {"begin": (1 << 64) - 1},
        {"begin": 1 << 20},
        {"size": 1 << 40},
        {"begin": 8000, "size": 1 << 30},
    ],
)
def test_a_record_that_leads_out_of_its_frame_is_refused(changes):
    written = write_payload([], items(), {}, groups=(GROUP,))
    for order in ([], NAMES[:1]):  # also where the frame's content is kept
        payload = read_payload(memoryview(forged(written, NAMES[4], **changes)))
        for name in order:
            payload.read(payload.file(name))
        with pytest.raises(VerifyError, match=f"cannot decompress `{NAMES[4]}`: frame size"):
            payload.read(payload.file(NAMES[4]))


def test_what_is_not_compressed_begins_nowhere_else():
    written = write_payload([], [Item(name="x", kind=Kind.FILE, data=b"some bytes")], {})
    with pytest.raises(VerifyError, match="malformed record of `x`"):
        read_payload(memoryview(forged(written, "/x", begin=2)))


def test_the_content_of_a_shared_frame_is_not_huge():
    """A kilobyte of it can be gigabytes of zeros."""
    frame = zstandard.ZstdCompressor().compress(bytes(SHARED_MOST + 1))
    with pytest.raises(zstandard.ZstdError, match="frame size 1048577, expected 10 at 5"):
        content_of(frame, 5, 10, None)
    assert content_of(frame, 0, SHARED_MOST + 1, None) == (bytes(SHARED_MOST + 1), False)


@settings(deadline=None)
@given(st.data())
def test_damaged_payloads_are_refused_and_never_read_wrong(data):
    written = write_payload([], items(), {}, groups=(GROUP[:5], GROUP[5:]))
    mutated = bytearray(written)
    for _ in range(data.draw(st.integers(1, 8))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    try:
        payload = read_payload(memoryview(bytes(mutated)))
    except VerifyError:
        return
    for number, name in enumerate(NAMES):
        record = payload.file(name)
        with suppress(VerifyError):
            assert record is None or payload.read(record) == text(number)


def test_what_was_made_is_kept_for_other_builds(cache):
    dictionaries = Dictionaries(contents={Frame.TEXT: b"line of a text\n" * 50})
    kept = KeptFrames(cache, dictionaries)
    made = {bytes([number]) * 17: bytes([number]) for number in range(70)}
    kept.keep(made)
    assert KeptFrames(Cache(cache.root), dictionaries).find([*made, b"other"]) == made
    other = Dictionaries(contents={Frame.TEXT: b"others"})
    assert not KeptFrames(cache, other).find(made)


def test_known_frames_are_not_made_again():
    class Watched(Dictionaries().kept.__class__):
        made = 0

        def keep(self, made):
            self.made += len(made)
            super().keep(made)

    kept = Watched()
    groups = (GROUP[:6], GROUP[6:])
    first = write_payload([], items(), {}, groups=groups, dictionaries=Dictionaries(kept=kept))
    assert kept.made == 2
    again = write_payload([], items(), {}, groups=groups, dictionaries=Dictionaries(kept=kept))
    assert again == first
    assert kept.made == 2
    changed = items(**{NAMES[2]: b"changed " * 50})
    write_payload([], changed, {}, groups=groups, dictionaries=Dictionaries(kept=kept))
    assert kept.made == 3


def test_a_relinked_payload_has_the_same_frames(tmp_path):
    before = payload_of(items(), (GROUP[6:], GROUP[:6]))
    nothing = with_changes(before, Changes(files={}, codes={}), epoch=None, page=4096)
    assert nothing.joined() == bytes(before.data)
    other = tmp_path / "other"
    other.write_bytes(b"something else\n" * 50)
    changes = Changes(files={NAMES[2]: other}, codes={})
    packed = with_changes(before, changes, epoch=None, page=4096)
    after = read_payload(memoryview(packed.joined()))
    assert after.read(after.file(NAMES[2])) == other.read_bytes()
    kept, made = after.file(NAMES[8]), after.file(NAMES[3])
    old = before.file(NAMES[8])
    assert (
        after.data[kept.offset : kept.offset + kept.stored]
        == before.data[old.offset : old.offset + old.stored]
    )
    assert after.frame_content(made) == b"".join(text(n) for n in (0, 1, 3, 4, 5))


def grouped(sizes, order=(), frame=Frame.CODE):
    modules = [
        Item(name=name, kind=Kind.CODE, data=bytes(size), frame=frame)
        for name, size in sizes.items()
    ]
    return sharing.groups(modules, [], order)


def test_groups_follow_the_order_and_then_paths():
    sizes = {f"m{number}.py": 9000 for number in range(90)}
    order = [f"code m{number}.py" for number in (70, 3, 55)]
    found = grouped(sizes, order)
    keys = [key for group in found for key in group]
    rest = sorted({f"code {name}" for name in sizes} - set(order))
    assert keys == [*order, *rest]
    total = [sum(sizes[key.removeprefix("code ")] for key in group) for group in found]
    assert len(found) > 3
    assert all(64 << 10 <= size <= 256 << 10 for size in total[:-1])
    assert not grouped(sizes, frame=Frame.NONE)
    modules = [Item(name=name, kind=Kind.CODE, data=b"x", frame=Frame.CODE) for name in sizes]
    (alone,) = sharing.groups(modules, [], order, "m70.py")
    assert alone == [key for key in keys if key != "code m70.py"]


def test_what_is_large_is_a_group_of_its_own():
    found = grouped({"a.py": 100, "b.py": 70_000, "c.py": 100, "d.py": 0})
    assert sorted(found) == [["code a.py", "code c.py", "code d.py"], ["code b.py"]]


def test_a_change_changes_few_groups():
    sizes = {f"m{number:03}.py": 3000 + 97 * number for number in range(300)}
    before = {tuple(group) for group in grouped(sizes)}
    removed = {name: size for name, size in sizes.items() if name != "m040.py"}
    changed = {**sizes, "m040.py": 20_000}
    for other in (removed, changed):
        after = {tuple(group) for group in grouped(other)}
        assert len(before - after) <= 4 < len(before) // 4


def test_text_of_modules_and_other_files_are_not_in_one_group():
    modules = [Item(name="a.py", kind=Kind.CODE, data=b"x" * 50, frame=Frame.CODE)]
    files = [
        Item(name=name, kind=Kind.FILE, data=b"y" * 50, frame=Frame.TEXT)
        for name in ("a.py", "b.txt", "c.txt")
    ]
    files.append(Item(name="d.txt", kind=Kind.FILE, data=b"z"))
    assert sharing.groups(modules, files, ()) == [
        ["code a.py"],
        ["file a.py"],
        ["file b.txt", "file c.txt"],
    ]

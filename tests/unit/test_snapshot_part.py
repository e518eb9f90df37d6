"""The part of an executable that holds a snapshot: what is stored, and what is read of it again."""

import mmap
import struct
from pathlib import Path
from types import SimpleNamespace

import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from obelisk.errors import SnapshotError, VerifyError
from obelisk.link.elf.elf import Header, Segment, SegmentType, pack_header, pack_segments
from obelisk.snapshot import report
from obelisk.snapshot.format import Facts, Range, Source, report_of, request, taken
from obelisk.snapshot.layout import HEAP_SIZE, addresses_of
from obelisk.snapshot.memory import Mapping, ProcessMemory, read_memory
from obelisk.snapshot.pages import Pages
from obelisk.verify.finding import Finding
from obelisk.verify.promise import Promise
from obelisk.verify.snapshot import snapshot_findings

PAGE = 4096
READ, WRITE, EXECUTE = 1, 2, 4
PLACES = addresses_of(b"input")
ZERO = bytes(PAGE)
HEADER = "<8sIIQQQQQ32s8IQQQQQQQQQ"


def page(fill):
    return bytes([fill]) * PAGE


def mapping(start, content, rights=READ | WRITE):
    view = memoryview(bytearray(content))
    return Mapping(start=start, end=start + len(content), rights=rights, name="", content=view)


def memory(image=(), heap=()):
    return ProcessMemory(image=tuple(image), heap=tuple(heap), words=(0,) * 8)


def executable(*loads):
    """An ELF file with one page of headers, and segments of (flags, address, content, size)."""
    segments, content = [], b""
    for flags, address, data, size in loads:
        segments.append(
            Segment(
                type=SegmentType.LOAD,
                flags=flags,
                offset=PAGE + len(content),
                address=address,
                physical=address,
                file_size=len(data),
                memory_size=size,
                alignment=PAGE,
            )
        )
        content += data
    header = Header(
        ident=b"\x7fELF\x02\x01\x01".ljust(16, b"\0"),
        type=3,
        machine=62,
        version=1,
        entry=0,
        segments_at=64,
        sections_at=0,
        flags=0,
        header_size=64,
        segment_size=56,
        segment_count=len(segments),
        section_size=64,
        section_count=0,
        names_section=0,
    )
    head = pack_header(header) + pack_segments(tuple(segments))
    return memoryview(head.ljust(PAGE, b"\0") + content)


def store(file, held, end=1 << 40):
    return Pages(file, PLACES, PAGE, end).store(held)


def test_addresses_follow_from_the_input():
    assert addresses_of(b"input") == PLACES
    other = addresses_of(b"other")
    assert (other.image, other.seed) != (PLACES.image, PLACES.seed)
    for places in (PLACES, other):
        assert places.image % (2 << 20) == 0
        assert 32 << 40 <= places.image < 39 << 40
        assert places.heap + 2 * HEAP_SIZE < (1 << 47) // 3


def test_memory_is_zeros_and_the_pages_that_are_not():
    far = ZERO * 20
    content = ZERO + page(1) + far + page(2)
    stored = store(executable(), memory(heap=[mapping(PLACES.heap, content)]))
    whole, *rest = stored.ranges
    assert whole == Range(
        address=PLACES.heap,
        size=len(content),
        rights=READ | WRITE,
        source=Source.ZEROS,
        is_free=True,
    )
    assert [(one.address - PLACES.heap, one.size, one.offset) for one in rest] == [
        (PAGE, PAGE, 0),
        (22 * PAGE, PAGE, PAGE),
    ]
    assert stored.pages == page(1) + page(2)


def test_pages_that_are_near_are_one_range():
    content = page(1) + ZERO * 2 + page(2)
    stored = store(executable(), memory(heap=[mapping(PLACES.heap, content)]))
    assert [one.size for one in stored.ranges[1:]] == [len(content)]
    assert stored.pages == content


def test_memory_that_cannot_be_read_stays_so():
    start = PLACES.heap
    closed = Mapping(start=start, end=start + PAGE, rights=0, name="", content=None)
    (only,) = store(executable(), memory(heap=[closed])).ranges
    assert (only.rights, only.source) == (0, Source.ZEROS)


def test_what_the_file_has_is_not_stored():
    content = page(1) + page(2)
    file = executable((6, 0, content, 3 * PAGE))
    held = mapping(PLACES.image, content + ZERO)
    assert store(file, memory(image=[held])).ranges == ()


def test_what_was_written_is_stored_with_its_rights():
    file = executable((6, 0, page(1) + page(2), 3 * PAGE))
    held = mapping(PLACES.image, page(1) + page(9) + page(8))
    stored = store(file, memory(image=[held]))
    assert [(one.address, one.rights, one.source) for one in stored.ranges] == [
        (PLACES.image + PAGE, READ | WRITE, Source.PART),
        (PLACES.image + 2 * PAGE, READ | WRITE, Source.PART),
    ]
    assert stored.pages == page(9) + page(8)


def test_other_rights_need_no_bytes():
    file = executable((6, 0, page(1), PAGE))
    held = mapping(PLACES.image, page(1), rights=READ)
    stored = store(file, memory(image=[held]))
    (only,) = stored.ranges
    assert (only.rights, only.source, only.offset) == (READ, Source.FILE, PAGE)
    assert stored.pages == b""


def test_nothing_is_kept_from_the_snapshot_itself_on():
    file = executable((4, 0, page(1), PAGE), (4, PAGE, page(2), PAGE))
    held = mapping(PLACES.image, page(1) + page(7), rights=READ)
    assert store(file, memory(image=[held]), end=PAGE).ranges == ()


def dump_of(lines, contents):
    text = "".join(f"{line}\n" for line in lines).encode()
    return struct.pack("<Q8I", len(text), *range(8)) + text + b"".join(contents)


def line(start, rights, name="", size=PAGE):
    return f"{start:x}-{start + size:x} {rights}p 00000000 00:00 0 {name}".rstrip()


def test_a_dump_is_read(tmp_path):
    lines = [
        line(PLACES.image, "r-x", "/tmp/program"),
        line(PLACES.heap, "rw-"),
        line(PLACES.heap + PAGE, "---"),
        line(PLACES.heap + HEAP_SIZE, "rw-"),
        line(0x7FFC00000000, "rw-", "[stack]"),
        line(0x7FFD00000000, "r-x", "[vdso]"),
    ]
    path = tmp_path / "memory"
    path.write_bytes(dump_of(lines, [page(1), page(2)]))
    found = read_memory(path, PLACES, PAGE)
    assert [(bytes(one.content), one.rights) for one in found.image] == [(page(1), 5)]
    assert [one.content and bytes(one.content) for one in found.heap] == [page(2), None]
    assert found.words == tuple(range(8))
    found.clear(PLACES.image + 8, 8)
    assert bytes(found.image[0].content) == page(1)[:8] + bytes(8) + page(1)[16:]


@pytest.mark.parametrize(
    ("start", "rights", "name", "said"),
    [
        (0x7F0000000000, "rw-", "", "memory that a library asked the kernel for itself"),
        (PLACES.heap, "rw-", "/tmp/data", "`/tmp/data`"),
        (0x7F0000000000, "r--", "/tmp/data", "`/tmp/data`"),
    ],
    ids=["foreign", "file", "elsewhere"],
)
def test_what_cannot_be_kept_is_named(tmp_path, start, rights, name, said):
    path = tmp_path / "memory"
    path.write_bytes(dump_of([line(start, rights, name)], [page(1)]))
    with pytest.raises(SnapshotError) as error:
        read_memory(path, PLACES, PAGE)
    assert said in str(error.value)


def test_code_for_callbacks_is_kept_of_a_file_that_is_gone(tmp_path):
    path = tmp_path / "memory"
    row = line(PLACES.heap, "r-x", "/tmp/#123 (deleted)")
    path.write_bytes(dump_of([row], [page(3)]))
    (only,) = read_memory(path, PLACES, PAGE).heap
    assert bytes(only.content) == page(3)


RANGES = (
    Range(address=PLACES.heap, size=PAGE, rights=3, source=Source.ZEROS, is_free=True),
    Range(address=PLACES.heap, size=PAGE, rights=3, source=Source.PART),
    Range(address=PLACES.image, size=PAGE, rights=1, source=Source.FILE, offset=PAGE),
)


def part(ranges=RANGES):
    facts = Facts(
        addresses=PLACES, page=PAGE, guards=(b"NAME=value", b"OTHER"), report=b"{}", hot=((1, 2),)
    )
    return taken(facts, ranges, page(1))


def findings(content, size=1 << 20):
    return snapshot_findings(memoryview(content), size)


def test_a_part_is_sound_and_its_pages_begin_at_a_page():
    made = part()
    assert made.size % PAGE == 0
    (found,) = findings(made.joined())
    assert found.sound
    assert f"{PLACES.image:#x}" in found.detail
    assert made.joined()[PAGE:] == page(1)
    assert b"NAME=value\0OTHER\0{}" in made.joined()


def test_there_is_nothing_to_say_of_no_part():
    assert findings(b"") == []


def test_a_request_is_no_snapshot():
    (found,) = findings(request(PLACES, PAGE).joined())
    assert not found.sound


@pytest.mark.parametrize("place", [0, 8, 16, 24, 40, 120, 170, 200])
def test_every_byte_of_header_and_tables_counts(place):
    content = bytearray(part().joined())
    content[place] ^= 0xFF
    (found,) = findings(content)
    assert found.promise == Promise.SNAPSHOT
    assert not found.sound


@pytest.mark.parametrize(
    ("one", "fault"),
    [
        (Range(address=PAGE, size=PAGE, rights=7, source=Source.ZEROS), "writable and executable"),
        (
            Range(address=PAGE, size=PAGE, rights=1, source=Source.FILE, offset=1 << 30),
            "of no bytes in the file",
        ),
        (
            Range(address=PAGE, size=9 * PAGE, rights=1, source=Source.PART),
            "of no bytes in the file",
        ),
        (
            Range(address=PLACES.heap, size=PAGE, rights=1, source=Source.ZEROS, is_free=True),
            "mapped twice",
        ),
        (Range(address=PAGE + 1, size=PAGE, rights=1, source=Source.ZEROS), "not of whole pages"),
        (Range(address=1 << 60, size=PAGE, rights=1, source=Source.ZEROS), "not of whole pages"),
        (Range(address=PAGE, size=0, rights=1, source=Source.ZEROS), "not of whole pages"),
        (Range(address=PAGE, size=PAGE, rights=8, source=Source.ZEROS), "unknown rights"),
    ],
    ids=["rights", "file", "part", "twice", "crooked", "high", "empty", "unknown"],
)
def test_ranges_that_no_snapshot_has_are_found(one, fault):
    (found,) = findings(part((*RANGES, one)).joined())
    assert isinstance(found, Finding)
    assert fault in found.detail
    assert not found.sound


def sealed(content, values):
    """Give a part other values of its header, and the checksum that is theirs."""
    values[4] = 0
    head = struct.pack(HEADER, *values)
    size = values[3]
    rest = bytes(content[len(head) : size]) if size <= len(content) else b""
    values[4] = xxhash.xxh64_intdigest(rest, xxhash.xxh64_intdigest(head, 0))
    return struct.pack(HEADER, *values) + bytes(content[len(head) :])


@given(
    places=st.lists(st.integers(0, 23), min_size=1, max_size=3, unique=True),
    number=st.one_of(st.integers(0, 300), st.integers(0, (1 << 64) - 1)),
    cut=st.integers(0, 2 * PAGE),
    intact=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_any_damage_is_a_finding_or_harmless(places, number, cut, intact):
    """Also where the checksum agrees with it: neither reader ends by any other exception."""
    content = bytearray(part().joined())
    values = list(struct.unpack_from(HEADER, content))
    for place in places:
        limit = {1: 32, 2: 32} | dict.fromkeys(range(9, 17), 32)
        if place not in (0, 8):
            values[place] = number % (1 << limit.get(place, 64))
    made = sealed(content, values)
    if not intact:
        made = made[:cut]
    found = findings(made)
    try:
        report_of(made)
    except ValueError:
        assert not found[0].sound
    if not intact and made:
        assert not found[0].sound or len(made) == len(content)


@given(content=st.binary(max_size=600), head=st.booleans())
@settings(max_examples=300, deadline=None)
def test_what_is_no_snapshot_is_refused(content, head):
    content = b"OBSNAP\n\0\1\0\0\0\2\0\0\0" + content if head else content
    if not content:
        return
    (found,) = findings(content)
    assert not found.sound
    with pytest.raises(ValueError, match="snapshot"):
        report_of(content)


def test_a_report_is_read_of_a_part():
    assert report_of(part().joined()) == b"{}"
    assert report_of(request(PLACES, PAGE).joined()) == b""
    assert report_of(b"") == b""


def test_another_version_is_not_called_damage(monkeypatch):
    content = bytearray(part().joined())
    content[8] = 1
    (found,) = findings(content)
    assert (found.sound, found.detail) == (False, "unsupported version 1, expected 2")
    opened = SimpleNamespace(snapshot=memoryview(content))
    monkeypatch.setattr(report, "open_payload", lambda _: (opened, None))
    with pytest.raises(VerifyError) as raised:
        report.read_report(Path("app"))
    said = "app is of an unsupported version: version 1 of the snapshot, expected 2"
    assert str(raised.value) == said


def test_rights_are_those_of_mmap():
    assert (mmap.PROT_READ, mmap.PROT_WRITE, mmap.PROT_EXEC) == (READ, WRITE, EXECUTE)

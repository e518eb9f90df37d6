"""Which memory of a snapshot is placed and copied together, by what runs wrote to."""

import struct
from array import array

from obelisk.model import Module
from obelisk.snapshot.layout import PLACES_DISTANCE, Addresses
from obelisk.snapshot.memory import Mapping, ProcessMemory
from obelisk.snapshot.plan import EMPTY, plan_of, seen_in
from obelisk.snapshot.prepare import guarded
from obelisk.snapshot.snapshot import trained_modules
from obelisk.snapshot.writing import Written, hot_spans

PAGE = 4096
HEAP = 1 << 40
READ, WRITE = 1, 2
OBJECT = 1 << 31
DENSE, CODE = 1, 2
SPARE = 1 << 20
PLACES = Addresses(seed=bytes(32), image=1 << 20, heap=HEAP)
IMMORTAL = struct.pack("<Q", 3 << 30)
WRITTEN, COUNTED, KEPT, LAST = 1, 2, 3, 4
UNCHANGED = 0x80


def memory(content, start=HEAP, rights=READ | WRITE):
    view = memoryview(bytearray(content))
    one = Mapping(start=start, end=start + len(content), rights=rights, name="", content=view)
    return ProcessMemory(image=(), heap=(one,), words=(0,) * 8)


def changed(content, *places):
    after = bytearray(content)
    for place in places:
        after[place] ^= 1
    return bytes(after)


def run(content, *pages):
    return Written(memory=memory(content), pages=array("Q", [HEAP + PAGE * one for one in pages]))


def listed(*blocks):
    """Pack (place in the heap, key, size, kind); kind 0 is left out."""
    return b"".join(
        struct.pack("<QQII", HEAP + place, key, size, *(kind or (0,)))
        for place, key, size, *kind in blocks
    )


def planned(blocks, before, runs):
    return plan_of(blocks, seen_in(blocks, before, runs, PAGE), PAGE)


def places(plan):
    """Return {key: place}, and the sizes of places."""
    count, *sizes = struct.unpack_from("<5Q", plan)
    keys = struct.unpack_from(f"<{count}Q", plan, 40)
    chosen = plan[40 + 8 * count :]
    sizes = [size and size - SPARE for size in sizes]
    assert len(chosen) == count
    assert list(keys) == sorted(set(keys))
    return dict(zip(keys, chosen, strict=True)), sizes


def test_what_is_written_to_is_together_and_so_is_what_stays():
    content = bytes(2 * PAGE)
    blocks = listed((0, 5, 100), (112, 2, 16), (PAGE, 4, 40))
    one = run(changed(content, 120), 0)
    chosen, sizes = places(planned(blocks, memory(content), [one]))
    assert chosen == {2: WRITTEN, 4: KEPT, 5: KEPT}
    assert sizes == [PAGE, 0, PAGE, 0]


def test_counted_objects_beside_are_apart_if_their_count_is_written():
    content = bytearray(PAGE)
    content[64:72] = IMMORTAL
    content[128 + 16 : 128 + 24] = IMMORTAL
    blocks = listed((0, 1, 32 | OBJECT), (64, 2, 32 | OBJECT), (128, 3, 48 | OBJECT), (256, 4, 64))
    same = run(bytes(content), 0)
    chosen, _ = places(planned(blocks, memory(content), [same]))
    assert chosen == {1: COUNTED, 2: KEPT, 3: KEPT, 4: KEPT}


def test_kinds_that_may_are_placed_at_multiples_of_8_if_no_run_wrote_to_them():
    content = bytes(PAGE)
    size = 40 | OBJECT
    blocks = listed((0, 1, size + 1, DENSE), (64, 2, size, DENSE), (128, 3, size))
    chosen, sizes = places(planned(blocks, memory(content), [run(changed(content, 64))]))
    assert (chosen, sizes) == ({1: LAST, 2: LAST, 3: KEPT}, [0, 0, PAGE, PAGE])
    chosen, _ = places(planned(blocks, memory(content), [run(changed(content, 64), 0)]))
    assert chosen == {1: COUNTED, 2: WRITTEN, 3: COUNTED}


def test_each_run_counts_and_the_page_of_a_large_block_does_not():
    content = bytes(3 * PAGE)
    blocks = listed((0, 1, 64), (64, 2, 64), (PAGE, 3, 2 * PAGE))
    runs = [run(changed(content, 0), 0), run(changed(content, 64, PAGE), 0, 1)]
    chosen, sizes = places(planned(blocks, memory(content), runs))
    assert chosen == {1: WRITTEN, 2: WRITTEN, 3: KEPT}
    assert sizes == [PAGE, 0, 2 * PAGE, 0]


def test_a_block_over_two_pages_is_found_from_either():
    content = bytes(2 * PAGE)
    blocks = listed(
        (PAGE - 64, 1, 128),
    )
    for page, place in ((0, PAGE - 1), (1, PAGE)):
        one = run(changed(content, place), page)
        assert places(planned(blocks, memory(content), [one]))[0] == {1: WRITTEN}


def test_without_blocks_there_are_no_places():
    assert planned(b"", memory(bytes(PAGE)), [run(bytes(PAGE), 0)]) == EMPTY


def test_what_no_run_changed_is_marked_whether_it_is_alive_or_not():
    content = bytes(4 * PAGE)
    blocks = listed((0, 1, 64), (64, 2, 64), (128, 3, 64), (PAGE, 4, 2 * PAGE), (3 * PAGE, 5, PAGE))
    runs = [run(changed(content, 0), 0), run(changed(content, 2 * PAGE), 2)]
    seen = seen_in(blocks, memory(content), runs, PAGE)
    assert seen.unchanged == {2, 3, 5}
    chosen, sizes = places(plan_of(b"", seen, PAGE, deferring=True))
    assert chosen == {2: UNCHANGED, 3: UNCHANGED, 5: UNCHANGED}
    assert sizes == [0, 0, 0, 0]
    alive = listed((0, 1, 64), (64, 2, 64), (PAGE, 4, 2 * PAGE))
    chosen, sizes = places(plan_of(alive, seen, PAGE, deferring=True))
    assert chosen == {1: WRITTEN, 2: UNCHANGED | KEPT, 3: UNCHANGED, 4: KEPT, 5: UNCHANGED}
    assert sizes == [PAGE, 0, 3 * PAGE, 0]


def test_code_that_was_only_executed_is_not_taken_for_written_nor_for_unchanged():
    content = bytes(PAGE)
    blocks = listed((0, 1, 64, CODE), (64, 2, 64, CODE), (128, 3, 64), (192, 4, 64, CODE))
    one = run(changed(content, 10, 70, 80, 130), 0)
    seen = seen_in(blocks, memory(content), [one], PAGE)
    assert seen.unchanged == {4}
    chosen, _ = places(plan_of(blocks, seen, PAGE))
    assert chosen == {1: KEPT, 2: WRITTEN, 3: WRITTEN, 4: KEPT}


def test_pages_that_runs_wrote_to_are_copied_in_few_steps():
    content = bytes(20 * PAGE)
    start = run(content, 1, 2, 4, 12, -1, 1 << 18)
    assert hot_spans(memory(content), start, [], PLACES, PAGE) == [
        (HEAP + PAGE, 4 * PAGE),
        (HEAP + 12 * PAGE, PAGE),
    ]


def test_of_training_runs_it_does_not_count_where_new_memory_is():
    content = bytes(4 * PAGE)
    placed = HEAP + PLACES_DISTANCE
    before = memory(content).heap + memory(content, placed).heap
    before = ProcessMemory(image=(), heap=before, words=())
    trained = Written(memory=before, pages=array("Q", [HEAP + PAGE, placed + PAGE]))
    start = run(content, 3)
    assert hot_spans(before, start, [trained], PLACES, PAGE) == [
        (HEAP + 3 * PAGE, PAGE),
        (placed + PAGE, PAGE),
    ]


def test_of_training_runs_it_does_not_count_how_much_memory_they_have():
    image, noted = PLACES.image, [(2 * PAGE - 8, 16), (9 * PAGE + 16, 8)]
    mapped = memory(bytes(10 * PAGE), image).heap
    before = ProcessMemory(image=mapped, heap=(), words=())
    start, trained = (
        Written(memory=before, pages=array("Q", [image + PAGE * one for one in pages]))
        for pages in ((1,), (1, 2, 6, 9))
    )
    assert hot_spans(before, start, [trained], PLACES, PAGE, noted) == [
        (image + PAGE, PAGE),
        (image + 6 * PAGE, PAGE),
    ]


def test_what_cannot_be_written_to_is_not_copied():
    first, last = memory(bytes(PAGE)), memory(bytes(PAGE), HEAP + 2 * PAGE)
    between = memory(bytes(PAGE), HEAP + PAGE, READ)
    before = ProcessMemory(image=(), heap=(*first.heap, *between.heap, *last.heap), words=())
    one = run(bytes(3 * PAGE), 0, 1, 2)
    assert hot_spans(before, one, [], PLACES, PAGE) == [(HEAP, PAGE), (HEAP + 2 * PAGE, PAGE)]


def test_modules_of_a_training_run_are_known_by_what_it_used(tmp_path):
    modules = [
        Module(path=f"lib/{path}", source=tmp_path / "x", base="lib", name=name)
        for path, name in (("a/__init__.py", "a"), ("a/b.py", "a.b"), ("main.py", "main"))
    ]
    keys = ("code lib/main.py", "code lib/a/b.py", "file lib/a/b.py", "code lib/gone.py")
    assert trained_modules(keys, modules, "lib/main.py") == ("a.b",)


def test_training_runs_have_the_variables_with_which_the_snapshot_is_used():
    given = {"TMPDIR": "/scratch", "MODE": "other", "KEPT": "yes"}
    guards = [
        b"TMPDIR",
        b"MODE=fast=1",
        b"ABSENT",
        b"/etc/app",
        b"+/etc",
        b"=0123456789abcdef/etc/x",
    ]
    assert guarded(given, guards) == {"MODE": "fast=1", "KEPT": "yes"}
    assert given["TMPDIR"] == "/scratch"

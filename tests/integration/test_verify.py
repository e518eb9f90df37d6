"""Every promise of `verify` is broken by its own name on an executable that was weakened there.

Unless a case is about checksums, these are made right again: no promise may rest on another one.
"""

import json
import re
import shutil
import struct

import pytest
from elf_files import CODE, DATA, FUNCTION, OBJECT, shared_object
from machines import ALL
from support import APPS, emulation, obelisk, run
from weakened import (
    DYNAMIC,
    INTERP,
    LOAD,
    OBJECTS,
    PAYLOAD,
    RELRO,
    STACK,
    Image,
)

from obelisk.verify.builder import Builder
from obelisk.verify.promise import Promise
from obelisk.verify.verify import verify

pytestmark = pytest.mark.compile

BUILDER = Builder(
    user="dagny",
    host="forge-7f3a91",
    home="/home/dagny",
    working="/srv/work/project",
    cache="/home/dagny/.cache/obelisk",
    secrets=(("INDEX_TOKEN", "s3cret-of-the-index"),),
)
NOBODY = Builder()
ROOM = "x" * 200
"""What a test writes over in the application's own file."""
TEXT = f"room {ROOM}"


@pytest.fixture(scope="module", params=ALL, ids=lambda target: target.architecture)
def target(request):
    return request.param


@pytest.fixture(scope="module")
def built(target, executables, tmp_path_factory):
    """An executable with a shared object, a data file and bytecode with room for a path."""
    folder = tmp_path_factory.mktemp("application")
    shutil.copy(APPS / "damage/app.py", folder)
    (folder / "texts").mkdir()
    for name in ("one", "two"):
        (folder / f"texts/{name}.txt").write_text(name * 50)
    (folder / "texts/room.txt").write_text(TEXT)
    library = shared_object(
        exports={"answer": (DATA, OBJECT), "nothing": (CODE, FUNCTION)},
        data=struct.pack("<Q", 42),
        name="damage.so",
        target=target,
    )
    (folder / "damage.so").write_bytes(library)
    return executables("weakened", "--target", target.triple, what=folder / "app.py")


@pytest.fixture(scope="module")
def sound(built):
    return Image(built)


def broken(path, builder=BUILDER):
    return {str(one.promise): one.detail for one in verify(path, builder) if not one.sound}


def test_nothing_is_broken_before(built):
    assert broken(built) == {}
    found = [str(one.promise) for one in verify(built, BUILDER)]
    others = {"snapshot", "trailing", "signature", "resources", "checksum", "authenticode"}
    assert found == [str(one) for one in Promise if one not in others]


# What is done to the image of an executable, and what of the promises that breaks. Those whose name
# begins with an underscore leave the digest of the file as it was.


def writable_code(image):
    image.change(image.find(LOAD, 5), flags=7)


def executable_stack(image):
    image.change(image.find(STACK), flags=7)


def no_stack_header(image):
    image.change(image.find(STACK), kind=0)


def no_relro(image):
    image.change(image.find(RELRO), kind=0)


def empty_relro(image):
    image.change(image.find(RELRO), memory_size=0, file_size=0)


def relro_without_dynamic(image):
    _, known = image.segment(image.find(RELRO))
    _, dynamic = image.segment(image.find(DYNAMIC))
    image.change(image.find(RELRO), memory_size=dynamic["address"] - known["address"])


def interpreter(image):
    image.change(image.find(0x6474E550), kind=INTERP)


def needed_library(image):
    image.add_dynamic(1, 1)


def library_path(image):
    image.add_dynamic(29, 1)


def fixed_address(image):
    image.pack(16, "<H", 2)


def other_machine(image):
    image.pack(18, "<H", 3)


def elf_version(image):
    image.pack(20, "<I", 2)


def entry_in_data(image):
    image.pack(24, "<Q", image.headers.segments[image.find(PAYLOAD)].address)


def names_of_sections(image):
    image.pack(62, "<H", 0xFF00)


def section_headers_beyond_the_end(image):
    image.pack(40, "<Q", len(image.data) - 64)


def segment_beyond_the_end(image):
    last = max(image.headers.loads, key=lambda load: load.offset)
    size = last.file_size + (64 << 20)
    image.change(last.number, file_size=size, memory_size=size)


def overlap_in_memory(image):
    one, other = image.headers.loads[-2:]
    image.change(one.number, memory_size=other.address - one.address + 1)


def overlap_in_the_file(image):
    one, other = image.headers.loads[1:3]
    image.change(one.number, file_size=one.file_size + 0x40000, memory_size=one.memory_size)
    assert other.offset >= one.file_end


def unsorted_segments(image):
    one, other = image.headers.loads[:2]
    first, second = image.segment(one.number)[1], image.segment(other.number)[1]
    image.change(one.number, **second)
    image.change(other.number, **first)


def more_in_the_file_than_in_memory(image):
    last = image.headers.loads[-1]
    image.change(last.number, memory_size=last.file_size - 1)


def header_of_nothing_loaded(image):
    image.change(image.find(0x6474E550), address=1 << 40)


def writable_payload(image):
    payload = image.headers.segments[image.find(PAYLOAD)]
    load = next(one for one in image.headers.loads if one.address == payload.address)
    image.change(load.number, flags=6)


def no_payload(image):
    image.change(image.find(PAYLOAD), kind=0)


def two_payloads(image):
    number = image.find(PAYLOAD)
    _, fields = image.segment(number)
    image.change(image.find(0x6474E550), **fields)


def header_sizes(image):
    image.pack(54, "<H", 57)


def no_canary_function(image):
    place = image.data.index(b"\0__stack_chk_fail\0")
    image.put(place + 1, b"__stack_chk_fa1l")


def no_canary_calls(image):
    fail = image.offset_of(image.exported(b"__stack_chk_fail"))
    start, end = image.code()
    # Elsewhere the same function: what it is called from does not matter.
    for place in range(start, end, 4 if image.headers.machine == 183 else 1):
        if image.headers.machine == 183:
            (word,) = struct.unpack_from("<I", image.data, place)
            if word >> 26 == 0b100101 and (word & 0x3FFFFFF) * 4 == (fail - place) % (1 << 28):
                image.pack(place, "<I", 0xD503201F)
        elif image.data[place] == 0xE8:
            (distance,) = struct.unpack_from("<i", image.data, place + 1)
            if place + 5 + distance == fail:
                image.put(place, b"\x0f\x1f\x44\0\0")


def changed_object(image):
    table = image.headers.segments[image.find(OBJECTS)].offset
    (objects,) = struct.unpack_from("<Q", image.data, table + 16)
    (base,) = struct.unpack_from("<Q", image.data, image.offset_of(objects) + 8)
    image.data[image.offset_of(base + DATA)] ^= 1


def changed_table_of_objects(image):
    table = image.headers.segments[image.find(OBJECTS)]
    image.data[table.offset + table.file_size - 1] ^= 1


def table_of_other_objects(image):
    image.put(image.headers.segments[image.find(OBJECTS)].offset, b"OBJECTZ\0")


def changed_file(image):
    start, _ = image.stored(image.record("texts/one.txt", 1))
    image.data[start] ^= 1


def changed_record(image):
    image.data[image.record("texts/one.txt", 1) + 24] ^= 1


def changed_payload_header(image):
    image.data[image.payload + 16] ^= 1


def truncated_payload(image):
    _, known = image.segment(image.find(PAYLOAD))
    image.pack(image.payload + 16, "<Q", known["file_size"] + 1)
    image.seal_payload_header()


def no_manifest(image):
    start, _ = image.stored(image.record("manifest", 2))
    image.write_manifest("")
    assert not image.data[start : start + 4].strip()


def no_version(image):
    image.write_manifest(json.dumps({k: v for k, v in image.manifest.items() if k != "version"}))


def components_but(image, predicate):
    manifest = image.manifest
    manifest["components"] = [one for one in manifest["components"] if predicate(one)]
    kept = {one["reference"] for one in manifest["components"]}
    for one in manifest["components"]:
        one["needs"] = [name for name in one.get("needs", ()) if name in kept]
        if one.get("part_of") not in kept:
            one.pop("part_of", None)
    image.write_manifest(json.dumps(manifest))


def no_component_for_a_library(image):
    components_but(image, lambda one: one["name"] != "openssl")


def no_component_for_the_interpreter(image):
    components_but(image, lambda one: one["kind"] != "interpreter")


def no_component_for_an_object(image):
    components_but(image, lambda one: not one.get("files"))


def no_components(image):
    image.write_manifest(json.dumps({**image.manifest, "components": None}))


def reference_to_nothing(image):
    manifest = image.manifest
    manifest["components"][0]["needs"] = ["pkg:generic/nothing@1"]
    image.write_manifest(json.dumps(manifest))


def write_room(image, text):
    """Put a text into the application's data file."""
    record = image.record("texts/room.txt", 1)
    start, _ = image.stored(record)
    image.put(start + 5, text.encode())
    image.seal_record(record)


def path_in_a_file(image):
    write_room(image, " /home/dagny/project/app.py ")


def path_of_the_cache_in_a_file(image):
    write_room(image, " /home/dagny/.cache/obelisk/work/1 ")


def path_in_code(image):
    start, _ = image.code()
    image.put(start + 16, b"/home/somebody/src/x.c\0")


def path_in_the_manifest(image):
    manifest = image.manifest
    manifest["name"] = "/root/app"
    image.write_manifest(json.dumps(manifest))


def host_in_a_file(image):
    write_room(image, " built on forge-7f3a91. ")


def user_and_host_in_a_file(image):
    write_room(image, " dagny@forge-7f3a91 ")


def user_in_code(image):
    start, _ = image.code()
    image.put(start + 16, b"\0dagny\0")


def secret_in_a_file(image):
    write_room(image, " s3cret-of-the-index ")


def _code(image):
    start, end = image.code()
    image.data[(start + end) // 2] ^= 1


def _constant(image):
    start, _ = image.code()
    image.data[image.data.index(b"Traceback (most", 4096, start)] ^= 1


def _file(image):
    changed_file(image)


def _digest(image):
    image.data[-100] ^= 1


def _truncated(image):
    del image.data[-70_000:]


def _truncated_a_lot(image):
    del image.data[len(image.data) // 2 :]


CASES = [
    (writable_code, {"permissions": r"segment \d+ \(LOAD\) is writable and executable"}),
    (executable_stack, {"stack": r"segment \d+ \(GNU_STACK\) is executable"}),
    (no_stack_header, {"stack": "no GNU_STACK"}),
    (no_relro, {"relro": "no GNU_RELRO"}),
    (empty_relro, {"relro": "no GNU_RELRO, or an empty one"}),
    (relro_without_dynamic, {"relro": r"\(DYNAMIC\) stays writable"}),
    (interpreter, {"interpreter": r"segment \d+ \(INTERP\) asks for a dynamic loader"}),
    (needed_library, {"needed": "needs the shared library `"}),
    (library_path, {"needed": r"for shared libraries \(RUNPATH\)"}),
    (fixed_address, {"pie": "ET_EXEC, loaded at a fixed address"}),
    (other_machine, {"machine": "unknown machine 3", "canary": "no function"}),
    (elf_version, {"headers": "unknown version 2"}),
    (entry_in_data, {"headers": "the program starts at 0x[0-9a-f]+, which is not executable"}),
    (names_of_sections, {"headers": "names of sections are in section 65280"}),
    (section_headers_beyond_the_end, {"bounds": r"section headers end \d+ bytes beyond the end"}),
    (
        segment_beyond_the_end,
        {"bounds": r"segment \d+ \(LOAD\) ends at offset \d+, 67108864 bytes"},
    ),
    (overlap_in_memory, {"segments": "overlap in memory"}),
    (overlap_in_the_file, {"segments": "overlap in the file"}),
    (unsorted_segments, {"segments": "is loaded below"}),
    (more_in_the_file_than_in_memory, {"segments": "more bytes in the file than in memory"}),
    (header_of_nothing_loaded, {"segments": "not inside a loaded segment"}),
    (writable_payload, {"payload-segment": "the payload is writable"}),
    (no_payload, {"payload-segment": "0 headers of a payload instead of one"}),
    (two_payloads, {"payload-segment": "2 headers of a payload instead of one"}),
    (header_sizes, {"headers": "malformed ELF headers: sizes 64 and 57"}),
    (no_canary_function, {"canary": "no function `__stack_chk_fail`"}),
    (no_canary_calls, {"canary": "only 0 functions of the runtime check the stack"}),
    (changed_object, {"objects": "checksum mismatch in .obelisk/lib/damage.so"}),
    (changed_table_of_objects, {"objects": "checksum mismatch in the table"}),
    (table_of_other_objects, {"objects": "malformed header in the table"}),
    (changed_file, {"payload": "checksum mismatch in texts/one.txt"}),
    (changed_record, {"index": "checksum mismatch in texts/one.txt"}),
    (changed_payload_header, {"payload": "checksum mismatch in the header"}),
    (truncated_payload, {"payload": "corrupt payload: truncated"}),
    (no_manifest, {"manifest": "the manifest is not JSON"}),
    (no_version, {"manifest": "the manifest has no version"}),
    (
        no_component_for_a_library,
        {"components": "the library `openssl` is linked in, but not listed"},
    ),
    (no_component_for_the_interpreter, {"components": "no component is the interpreter"}),
    (
        no_component_for_an_object,
        {"components": "`.obelisk/lib/damage.so` is linked in, but of no"},
    ),
    (no_components, {"components": "lists no component"}),
    (reference_to_nothing, {"components": "refers to `pkg:generic/nothing@1`"}),
    (path_in_a_file, {"build-path": "`/home/dagny/project/app.py` in `texts/room.txt` at offset"}),
    (path_of_the_cache_in_a_file, {"build-path": "`/home/dagny/.cache/obelisk/work/1` in `texts"}),
    (path_in_code, {"build-path": r"`/home/somebody/src/x.c` in .* at offset \d+"}),
    (path_in_the_manifest, {"build-path": "`/root/app` in the manifest at offset"}),
    (host_in_a_file, {"builder": "`forge-7f3a91` in `texts/room.txt`"}),
    (user_and_host_in_a_file, {"builder": "`dagny@forge-7f3a91` in `texts/room.txt`"}),
    (user_in_code, {"builder": "`dagny` in"}),
    (secret_in_a_file, {"builder": "the secret in the variable `INDEX_TOKEN` in `texts/room.txt`"}),
    (_code, {"file": "checksum mismatch in .text"}),
    (_constant, {"file": "checksum mismatch in .rodata"}),
    (_file, {"file": "checksum mismatch in payload", "payload": "mismatch in texts/one.txt"}),
    (_digest, {"file": "no valid digest"}),
    (_truncated, {"file": "no valid digest", "bounds": "beyond the end of the file"}),
    (
        _truncated_a_lot,
        {"file": "no valid digest", "bounds": "beyond the end", "needed": "unreadable dynamic"},
    ),
]


@pytest.mark.parametrize(
    ("weaken", "expected"), CASES, ids=[weaken.__name__ for weaken, _ in CASES]
)
def test_a_weakened_executable_breaks_that_promise(sound, tmp_path, weaken, expected):
    image = sound.copy()
    weaken(image)
    if not weaken.__name__.startswith("_"):
        image.seal()
    path = tmp_path / "weakened"
    path.write_bytes(image.data)
    found = broken(path)
    assert found.keys() == expected.keys(), found
    for promise, pattern in expected.items():
        assert re.search(pattern, found[promise]), found


def test_what_others_appended_is_noted_and_does_no_harm(built, target, tmp_path):
    copy = tmp_path / "app"
    shutil.copy(built, copy)
    with copy.open("ab") as file:
        file.write(b"signature of dagny@forge-7f3a91")
    assert broken(copy) == {}
    note = next(one for one in verify(copy, BUILDER) if one.promise == Promise.TRAILING)
    assert note.state == "note"
    assert note.detail.startswith(f"31 bytes from offset {built.stat().st_size}, such as ")
    runner = emulation(target)
    done = run([*runner, copy], cwd=tmp_path, makes_code=bool(runner))
    assert (done.returncode, done.stderr) == (0, "")
    said = obelisk("verify", copy)
    assert f"note trailing data: 31 bytes from offset {built.stat().st_size}" in said


def test_another_machine_finds_only_what_no_executable_has(sound, tmp_path):
    """Paths of people in files are theirs, unless it is this machine they are of."""
    path = tmp_path / "app"
    for weaken, names in ((path_in_a_file, set()), (path_in_code, {"build-path"})):
        image = sound.copy()
        weaken(image)
        image.seal()
        path.write_bytes(image.data)
        assert broken(path, Builder()).keys() == names


def test_a_path_of_everybody_counts_where_it_exists(sound, tmp_path):
    path, folder = tmp_path / "app", tmp_path / "home/project/src"
    folder.mkdir(parents=True)
    builder = Builder(user="root", home=str(tmp_path / "home"))
    for text, names in (
        (f"{folder}/removed/x.c", {"build-path"}),
        (f"{tmp_path}/home/else/where.c", set()),
        (f"{tmp_path}/home/.cargo/registry/x.rs", set()),
    ):
        image = sound.copy()
        write_room(image, f" {text} ")
        image.seal()
        path.write_bytes(image.data)
        assert broken(path, builder).keys() == names


def test_contents_of_frames_are_searched(executables, tmp_path):
    app = tmp_path / "app.py"
    app.write_text(f"# {'a comment ' * 100}\nprint('dagny@forge-7f3a91')\n")
    built = executables("traced", "--compression", "zstd", what=app)
    found = broken(built)["builder"]
    assert "`dagny@forge-7f3a91` in `app.py`, at byte " in found


def test_the_checklist_as_json(built, sound, tmp_path):
    told = json.loads(obelisk("verify", "--json", built))
    assert told["sound"] is True
    assert [row["id"] for row in told["findings"]][:2] == ["file", "headers"]
    assert {row["state"] for row in told["findings"]} <= {"ok", "note"}
    image = sound.copy()
    executable_stack(image)
    path = tmp_path / "app"
    path.write_bytes(image.data)
    done = obelisk("verify", "--json", path, status=7)
    rows = json.loads(done[: done.rindex("}") + 1])["findings"]
    assert [row["id"] for row in rows if row["state"] == "fail"] == ["file", "stack"]


def test_this_user_and_machine_are_searched_for(built, sound, tmp_path):
    image = sound.copy()
    write_room(image, " s3cret-of-the-index ")
    image.seal()
    path = tmp_path / "app"
    path.write_bytes(image.data)
    env = {"INDEX_TOKEN": "s3cret-of-the-index"}
    said = obelisk("verify", path, env=env, status=7)
    assert "FAIL builder: the secret in the variable `INDEX_TOKEN` in `texts/room.txt`" in said
    assert "s3cret-of-the-index" not in said
    obelisk("verify", path)

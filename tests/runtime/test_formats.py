"""What `link`, `pack` and the runtime have in common is the same on both sides.

The tables are described once in Python, by `struct` formats, and once in C, by structs and enums.
The compiler compares the two: offsets and sizes of fields, numbers of kinds, versions.
"""

import struct
import subprocess
from itertools import accumulate

import pytest

from obelisk.link import digest
from obelisk.link.elf import start, table
from obelisk.link.elf.elf import SegmentType
from obelisk.payload import payload, shared
from obelisk.payload.payload import Kind, Table
from obelisk.payload.stored import Frame
from obelisk.runtime.sources import c_files, c_folder
from obelisk.snapshot import format as snapshot
from obelisk.target import DEFAULT_TARGET, parse_target

RECORD = "offset stored size time check own_check begin name name_size kind compressed"
HEADER = "magic version size names names_size tables tables tables tables tables tables"
OBJECT = (
    "name base end headers dynamic symbols strings hash versions init init_array fini fini_array "
    "closure order writable relr tls_below relro relro check header_count symbol_count init_count "
    "fini_count closure_count writable_count relr_count reserved"
)
OBJECTS = "magic version count objects names name_count data data_count memory memory image size"
DIGEST = "magic version block place part_count block_count names_size"
PART = "start name name_size"
SNAPSHOT = (
    "magic version kind size check image heap page_size seed words words words words words words "
    "words words ranges range_count guards guard_count flags hot hot_count originals original_words"
)
RANGE = "address size offset rights source is_free"
KINDS = {kind: f"PAYLOAD_{kind.name}" for kind in Kind}
TABLES = {table: f"PAYLOAD_{table.name}" for table in Table}
FRAMES = dict(zip(Frame, ("AS_IT_IS", "FRAME", "REFERS_CODE", "REFERS_TEXT"), strict=True))
PARTS = {"PAYLOAD": "OS_PAYLOAD", "OBJECTS": "OS_OBJECTS", "DIGEST": "OS_DIGEST"}


def fields(name, layout, names):
    """Assertions that each field of a struct is where its `struct` format has it."""
    codes = [layout.format[0]]
    for count, code in _codes(layout.format[1:]):
        codes += [f"{count}s"] if code == "s" else [code] * (count or 1)
    offsets = accumulate((struct.calcsize(f"{codes[0]}{code}") for code in codes[1:]), initial=0)
    first = {}
    for field, offset in zip(names.split(), offsets, strict=False):
        first.setdefault(field, offset)
    assert len(names.split()) == len(codes) - 1, f"{name} has other fields than {layout.format}"
    return [f"offsetof({name}, {field}) == {offset}" for field, offset in first.items()]


def _codes(text):
    digits = ""
    for char in text:
        if char.isdigit():
            digits += char
        else:
            yield int(digits or 0), char
            digits = ""


SHARED = {
    "payload/payload.c": [
        *fields("struct payload_record", payload.RECORD, RECORD),
        f"sizeof(struct payload_record) == {payload.RECORD.size}",
        *fields("struct header", payload.HEADER, HEADER),
        f"offsetof(struct header, check) == {payload.HEADER.size}",
        f"sizeof(struct header) == {payload.HEADER.size + payload.CHECK.size}",
        f"VERSION == {payload.VERSION}",
        f"PAYLOAD_SHARED_MOST == {shared.SHARED_MOST}",
        *(f"{name} == {kind}" for kind, name in {**KINDS, **TABLES}.items()),
        *(f"PAYLOAD_{name} == {frame}" for frame, name in FRAMES.items()),
    ],
    "elf/dso.c": [
        *fields("struct object", table._OBJECT, OBJECT),
        f"sizeof(struct object) == {table._OBJECT.size}",
        *fields("struct objects", table._HEADER, OBJECTS),
        f"offsetof(struct objects, check) == {table._HEADER.size}",
        f"sizeof(struct object_name) == {table._PAIR.size}",
        f"OBJECTS_VERSION == {table._VERSION}",
    ],
    "snapshot/format.h": [
        *fields("struct snapshot_header", snapshot._HEADER, SNAPSHOT),
        f"sizeof(struct snapshot_header) == {snapshot._HEADER.size}",
        *fields("struct snapshot_range", snapshot._RANGE, RANGE),
        f"sizeof(struct snapshot_range) == {snapshot._RANGE.size}",
        f"sizeof(struct snapshot_span) == {snapshot._SPAN.size}",
        f"SNAPSHOT_VERSION == {snapshot._VERSION}",
        f"SNAPSHOT_WORDS == {snapshot.WORDS}",
        f"SNAPSHOT_SEGMENT == {SegmentType.SNAPSHOT:#x}",
        f"SNAPSHOT_PYTHON_OPTION == {snapshot.PYTHON_OPTION}",
        f"SNAPSHOT_MEASURE == {snapshot.MEASURE}",
        *(f"SNAPSHOT_{source.name} == {source}" for source in snapshot.Source),
    ],
    "payload/integrity.c": [
        *fields("struct header", digest._HEADER, DIGEST),
        f"offsetof(struct header, root) == {digest._HEADER.size}",
        *fields("struct part", digest._PART, PART),
        f"VERSION == {digest._VERSION}",
        f"BLOCK == {digest.BLOCK}",
    ],
}


@pytest.mark.parametrize("file", SHARED)
def test_tables_are_the_same_on_both_sides(chain, tmp_path, file):
    asserted = "".join(f'_Static_assert({one}, "{one}");\n' for one in SHARED[file])
    source = tmp_path / "formats.c"
    source.write_text(f'#include <stddef.h>\n#include "{file}"\n{asserted}')
    flags = ("-std=c11", "-D_GNU_SOURCE", "-fsyntax-only", f"-I{c_folder()}")
    command = [chain.tool("cc"), *flags, source]
    done = subprocess.run(
        command, env=chain.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_runtime_finds_what_link_marks():
    """Types of segments are numbers of an array in C, which no assertion can look into."""
    text = (c_folder() / "os/linux/os.c").read_text()
    for name, part in PARTS.items():
        assert f"[{part}] = {SegmentType[name]:#x}," in text


def spelled(data):
    """Return bytes as C's text has them."""
    escapes = {10: r"\n", 13: r"\r"}
    shown = (chr(b) if 32 <= b < 127 else escapes.get(b, rf"\x{b:02x}") for b in data)
    return '"' + "".join(shown) + '"'


def test_magic_numbers_and_the_note_are_the_same_on_both_sides():
    assert spelled(payload.MAGIC) in (c_folder() / "payload/payload.c").read_text()
    own = digest._MAGIC.rstrip(bytes(1))
    assert spelled(own) in (c_folder() / "payload/integrity.c").read_text()
    rooms = c_files(parse_target(DEFAULT_TARGET))
    reserve = next(path for path in rooms if path.name == "phdr_reserve.c")
    assert f".section {start._RESERVE}," in reserve.read_text()

"""Linking shared objects, on files made byte by byte; see tests/elf_files.py."""

import contextlib
import io
import random
import struct
from itertools import pairwise

import pytest
from elf_files import (
    CODE,
    DATA,
    FUNCTION,
    IFUNC,
    IFUNC_KIND,
    MODULE,
    RELATIVE,
    RUNTIME_RELR,
    RUNTIME_SYMBOLS,
    SLOT,
    SYMBOL,
    TLS,
    TLS_AT,
    WEAK,
    runtime,
    shared_object,
)
from fuzz import WHOLE, damaged, library, tls_user, user
from hypothesis import given
from hypothesis import strategies as st

from obelisk.errors import LinkError
from obelisk.link.elf import relr
from obelisk.link.elf.elf import read_elf
from obelisk.link.elf.shared_objects import SharedObjects
from obelisk.link.link import link, link_objects
from obelisk.model import SharedObjectFile
from obelisk.payload.payload import Packed
from obelisk.target import DEFAULT_TARGET, parse_target
from obelisk.verify.digest import check_digest, find_digest
from obelisk.verify.elf import map_file, read_executable

ABI = "cpython-314-x86_64-linux-musl"
TARGET = parse_target(DEFAULT_TARGET)
PAYLOAD = Packed(pieces=((0, b"payload"),), size=7)


class Linked:
    """An executable as it is in memory, mapped at 0."""

    def __init__(self, image):
        file = io.BytesIO()
        image.write(file)
        self.file = file.getvalue()
        self.elf = read_elf(self.file)
        self.segments = self.elf.segments
        (place,) = [one.address for one in self.segments if one.type == 0x6F626C6D]
        head = struct.unpack("<8sIIQQQQQQQQQ", self.read(place, 88))
        self.memory = head[8:10]
        self.objects = {}
        for number in range(head[2]):
            row = struct.unpack("<21Q8I", self.read(head[3] + 200 * number, 200))
            self.objects[self.text(row[0])] = row
        rows = self.read(head[4], 16 * head[5])
        self.names = {self.text(t): n for t, n in struct.iter_unpack("<QQ", rows)}
        self.data = list(struct.iter_unpack("<QQ", self.read(head[6], 16 * head[7])))
        self.numbers = list(self.objects)

    def read(self, address, size):
        for one in self.segments:
            if one.type == 1 and one.address <= address < one.address + one.memory_size:
                start = one.offset + address - one.address
                return self.file[start : start + size]
        raise AssertionError(hex(address))

    def word(self, address):
        return struct.unpack("<Q", self.read(address, 8))[0]

    def text(self, address):
        return self.read(address, 200).split(b"\0")[0].decode()

    def base(self, name):
        return self.objects[name][1]

    def pointers(self, name):
        row = self.objects[name]
        words = struct.unpack(f"<{row[27]}Q", self.read(row[16], 8 * row[27]))
        return [address - row[1] for address in relr.decode(words)]

    def closure(self, name):
        row = self.objects[name]
        numbers = struct.unpack(f"<{row[25]}I", self.read(row[13], 4 * row[25]))
        return [self.numbers[number] for number in numbers]

    def order(self, name):
        row = self.objects[name]
        numbers = struct.unpack(f"<{row[25]}I", self.read(row[14], 4 * row[25]))
        return [self.numbers[number] for number in numbers]


@pytest.fixture
def linked(tmp_path):
    def build(files, provided=None, base=None, package="pkg"):
        def native(path, data):
            source = tmp_path / path.replace("/", "_")
            source.write_bytes(data)
            return SharedObjectFile(path=path, source=source, package=package)

        natives = SharedObjects(
            files=[native(path, data) for path, data in files.items()],
            provided={name: native(name, data) for name, data in (provided or {}).items()},
            abi=ABI,
        )
        file = base or runtime()
        return Linked(link(file, PAYLOAD, link_objects(file, natives, TARGET), TARGET))

    return build


def test_addresses_and_pointers(linked):
    one = shared_object(
        exports={"own": (CODE, FUNCTION)},
        imports=["malloc", "PyLong_FromLong"],
        relocations=[
            (DATA, RELATIVE, None, CODE + 4),
            (DATA + 8, SYMBOL, "malloc", 0),
            (DATA + 16, SLOT, "own", 0),
            (DATA + 24, SYMBOL, "PyLong_FromLong", 2),
        ],
        data=bytes(40),
    )
    found = linked({"a.so": one})
    base = found.base("a.so")
    assert base % 4096 == 0
    words = [found.word(base + DATA + place) for place in (0, 8, 16, 24, 32)]
    assert words == [base + CODE + 4, 0x500, base + CODE, 0x542, 0]
    assert found.pointers("a.so") == [DATA, DATA + 8, DATA + 16, DATA + 24]


def test_compact_relative_relocations(linked):
    data = struct.pack("<QQQ", CODE, 5, CODE + 8)
    found = linked({"a.so": shared_object(data=data, relr=[DATA, 0b101])})
    base = found.base("a.so")
    assert [found.word(base + DATA + n) for n in (0, 8, 16)] == [base + CODE, 5, base + CODE + 8]
    assert found.pointers("a.so") == [DATA, DATA + 16]


def test_the_executables_own_file_system_and_large_file_names(linked):
    one = shared_object(
        imports=["open", "open64", "stat64"],
        relocations=[
            (DATA, SLOT, "open", 0),
            (DATA + 8, SLOT, "open64", 0),
            (DATA + 16, SLOT, "stat64", 0),
        ],
        data=bytes(24),
    )
    found = linked({"a.so": one})
    base = found.base("a.so")
    assert [found.word(base + DATA + n) for n in (0, 8, 16)] == [0x520, 0x520, 0x530]


def test_weak_symbols_may_be_missing_and_libc_comes_first(linked):
    one = shared_object(
        exports={"malloc": (CODE, FUNCTION)},
        imports=[("nowhere", WEAK)],
        relocations=[(DATA, SLOT, "nowhere", 0), (DATA + 8, SLOT, "malloc", 0)],
        data=b"\xff" * 16,
    )
    found = linked({"a.so": one})
    base = found.base("a.so")
    assert found.word(base + DATA) == 0
    assert found.word(base + DATA + 8) == 0x500
    assert found.pointers("a.so") == [DATA + 8]


def test_libraries_are_found_beside_by_origin_and_by_soname(linked):
    found = linked(
        {
            "pkg/user.so": user(
                *("f", "g", "h"),
                needed=["libf.so.1", "libg.so", "libh.so"],
                tags=[(29, "$ORIGIN/../pkg.libs")],
            ),
            "pkg.libs/libf.so.1": library("libf.so.1", "f"),
            "pkg/libg.so": library("libg.so", "g"),
            "other/deep/x.so": library("libh.so", "h"),
        }
    )
    assert found.closure("pkg/user.so") == [
        *("pkg/user.so", "pkg.libs/libf.so.1", "pkg/libg.so", "other/deep/x.so")
    ]
    words = [found.word(found.base("pkg/user.so") + DATA + n) for n in (0, 8, 16)]
    names = ("pkg.libs/libf.so.1", "pkg/libg.so", "other/deep/x.so")
    assert words == [found.base(name) + CODE for name in names]


def test_needed_libraries_are_set_up_first(linked):
    found = linked(
        {
            "a.so": user(needed=["b.so", "c.so"]),
            "b.so": library("b.so", needed=["c.so"]),
            "c.so": library("c.so"),
        }
    )
    assert found.order("a.so") == ["c.so", "b.so", "a.so"]
    assert found.order("c.so") == ["c.so"]


def test_libraries_that_need_each_other(linked):
    found = linked(
        {"a.so": library("a.so", needed=["b.so"]), "b.so": library("b.so", needed=["a.so"])}
    )
    assert sorted(found.order("a.so")) == ["a.so", "b.so"]


def test_a_symbol_is_not_seen_without_need(linked):
    with pytest.raises(LinkError, match=r"`user\.so` of pkg needs `f`"):
        linked({"user.so": user("f"), "libf.so": library("libf.so", "f")})


def test_a_provided_library_goes_in_only_when_it_is_needed(linked):
    provided = {"libz.so.1": library("libz.so.1", "inflate")}
    alone = linked({"a.so": library("a.so")}, provided)
    assert list(alone.objects) == ["a.so"]
    found = linked({"a.so": user("inflate", needed=["libz.so.1"])}, provided)
    assert found.closure("a.so") == ["a.so", "libz.so.1"]


def test_a_library_under_two_roots_sees_what_both_have(linked):
    """Otherwise what it is bound to would depend on which is imported first."""
    one = library("one.so", "shared", needed=["low.so"])
    two = library("two.so", "shared", needed=["low.so"])
    low = shared_object(
        exports={"shared": (CODE + 8, FUNCTION)},
        relocations=[(DATA, SLOT, "shared", 0)],
        data=bytes(8),
        name="low.so",
    )
    found = linked({"one.so": one, "two.so": two, "low.so": low})
    assert found.word(found.base("low.so") + DATA) == found.base("low.so") + CODE + 8


def test_identical_files_are_linked_once(linked):
    same = library("libsame.so", "f")
    found = linked({"a.libs/libsame.so": same, "b.libs/libsame.so": same, "c.so": library("c.so")})
    assert list(found.objects) == ["a.libs/libsame.so", "c.so"]
    assert found.names["a.libs/libsame.so"] == found.names["b.libs/libsame.so"]
    assert {"libsame.so", "c.so"} <= set(found.names)


# Thread-local variables: the runtime's block begins 0x220 below the thread pointer.
BELOW = 0x220


def signed(value):
    return value - (1 << 64) if value >> 63 else value


@pytest.mark.parametrize("values", [b"", b"\0" * 8, b"\1" * 8])
def test_all_models_of_thread_local_variables(linked, values):
    one = tls_user({"variable": (16, TLS)}, tls=(values, 40, 8))
    found = linked({"a.so": one})
    row, at = found.objects["a.so"], found.base("a.so") + DATA
    below = row[17]
    (block,) = [one for one in found.segments if one.type == 7]
    whole = block.memory_size + ((-block.address - block.memory_size) & (block.alignment - 1))
    assert signed(found.word(at)) == 4 - below
    assert found.word(at + 8) == 1
    assert found.word(at + 16) == 6 + whole - below, "its own variables need no relocation"
    assert found.word(at + 24) == RUNTIME_SYMBOLS["obelisk_tls_descriptor"][0]
    assert signed(found.word(at + 32)) == 2 - below
    assert found.word(at + 40) == 1
    assert found.word(at + 48) == 16 + whole - below
    assert (below + TLS_AT) % 8 == 0
    if any(values):
        assert below > BELOW, "initial values stand below the runtime's block"
        place = block.address + whole - below
        assert found.read(place, 8) == values
        assert found.read(block.address + whole - BELOW, 16) == struct.pack("<QQ", 0x500, 7)
    else:
        assert 0 < below <= BELOW - 0x20, "zeros stand in the runtime's pool"
        assert block.file_size == 16, "and nothing more is copied for every thread"


def test_addresses_among_initial_values_are_relocated_where_they_are_used(linked):
    one = shared_object(
        relocations=[(TLS_AT, RELATIVE, None, CODE)], tls=(b"\xff" * 16, 16, 8), data=bytes(8)
    )
    found = linked({"a.so": one})
    (block,) = [one for one in found.segments if one.type == 7]
    whole = block.memory_size + ((-block.address - block.memory_size) & (block.alignment - 1))
    place = block.address + whole - found.objects["a.so"][17]
    assert found.word(place) == found.base("a.so") + CODE
    (dynamic,) = [one for one in found.segments if one.type == 2]
    rows = dict(struct.iter_unpack("<qQ", found.read(dynamic.address, dynamic.file_size)))
    words = struct.unpack(f"<{rows[35] // 8}Q", found.read(rows[36], rows[35]))
    moved = block.address + whole - BELOW
    assert relr.decode(words) == sorted([RUNTIME_RELR[0], moved, place])


def test_many_blocks_are_apart_and_aligned(linked):
    chance = random.Random(3)
    sizes = {f"{n}.so": (chance.randrange(1, 20), 2 ** chance.randrange(7)) for n in range(12)}
    files = {
        name: shared_object(
            name=name, tls=(b"\1" if size % 2 else b"", size, alignment), data=bytes(8)
        )
        for name, (size, alignment) in sizes.items()
    }
    found = linked(files, base=runtime(pool=0x400))
    spans = []
    for name, (size, alignment) in sizes.items():
        below = found.objects[name][17]
        assert (below + TLS_AT) % alignment == 0
        spans.append((-below, -below + size))
    spans.sort()
    assert all(one[1] <= two[0] for one, two in pairwise(spans))


def test_all_pages_but_code_lose_the_right_to_run_at_start(linked):
    found = linked({"a.so": library("a.so"), "b.so": library("b.so")})
    code = [(base + CODE, base + CODE + 0x1000) for base in map(found.base, ("a.so", "b.so"))]
    covered = sorted([*code, *found.data])
    assert covered[0][0] == found.memory[0]
    assert covered[-1][1] >= found.memory[1]
    assert all(one[1] == two[0] for one, two in pairwise(covered))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.so": shared_object(machine=183)}, "another machine (ELF machine 183), not x86-64"),
        ({"a.so": shared_object(kind=2)}, "it is not a shared object"),
        ({"a.so": shared_object(interpreter=True)}, "it is not a shared object"),
        ({"a.so": shared_object(needed=["libc.so.6"])}, "built for glibc (it needs libc.so.6)"),
        ({"a.so": shared_object(versions=["GLIBC_2.17"])}, "built for glibc (it needs GLIBC_2.17)"),
        ({"a.so": shared_object(tags=[(22, 0)])}, "text relocations"),
        ({"a.so": shared_object(tags=[(30, 4)])}, "text relocations"),
        ({"a.so": shared_object(code_flags=7)}, "writable and executable"),
        (
            {"a.so": shared_object(exports={"f": (CODE, IFUNC_KIND)})},
            "`f` is chosen at start (IFUNC)",
        ),
        (
            {"a.so": shared_object(relocations=[(DATA, IFUNC, None, CODE)], data=bytes(8))},
            "chooses a function at start (IFUNC)",
        ),
        (
            {"a.so": shared_object(relocations=[(DATA, 99, None, 0)], data=bytes(8))},
            "relocation of type 99",
        ),
        (
            {"a.so": shared_object(relocations=[(CODE, RELATIVE, None, 0)])},
            "relocation at 0x1000, which cannot be written to",
        ),
        (
            {"a.so": shared_object(relocations=[(DATA, MODULE, None, 0)], data=bytes(8))},
            "relocation at 0x2108, which cannot be written to",
        ),
        ({"a.so": user("lost")}, "`a.so` of pkg needs `lost`"),
        ({"a.so": user(needed=["libgone.so.3"])}, "`a.so` of pkg needs `libgone.so.3`"),
        ({"a.so": shared_object(tls=(b"", 0x300, 8))}, "bytes of thread-local variables"),
        ({"a.so": shared_object(tls=(b"", 8, 128))}, "aligns thread-local variables to 128"),
        ({"a.cpython-313-x86_64-linux-musl.so": shared_object()}, "it is for `cpython-313-x86_64"),
        ({"a.so": b"\x7fELF"}, "cut short"),
        ({"a.so": b"GROUP ( libc.a )" * 10}, "not a 64-bit little-endian ELF file"),
        ({"a.so": shared_object(bss=1 << 40)}, "MiB of memory"),
    ],
)
def test_what_cannot_be_linked_in_is_named_with_the_reason(linked, files, said):
    with pytest.raises(LinkError) as caught:
        linked(files)
    assert said in str(caught.value)
    assert "pkg" in str(caught.value)
    assert "a." in str(caught.value)


def test_versions_of_other_libraries_are_no_sign_of_glibc(linked):
    linked({"a.so": shared_object(versions=["GLIBCXX_3.4", "GCC_3.0"])})


def test_all_reasons_are_told_at_once(linked):
    with pytest.raises(LinkError) as caught:
        linked({"a.so": shared_object(machine=40), "b.so": shared_object(tags=[(22, 0)])})
    assert "`a.so`" in str(caught.value)
    assert "`b.so`" in str(caught.value)
    assert "-fPIC" in caught.value.hint
    assert "exclude" in caught.value.hint


def finding(file, path):
    path.write_bytes(file)
    (found,) = [f for f in read_executable(map_file(path)).findings if f.what == "shared objects"]
    return found


@pytest.mark.parametrize("where", ["code", "data"])
def test_a_damaged_object_is_a_finding(linked, tmp_path, where):
    found = linked({"a.so": user("malloc"), "b.so": library("b.so", "f")})
    assert finding(found.file, tmp_path / "app").detail == "2 linked"
    (load,) = [one for one in found.segments if one.address == found.memory[0]]
    place = load.offset + {"code": CODE, "data": DATA}[where] + 1
    damaged_file = bytearray(found.file)
    damaged_file[place] ^= 1
    wrong = finding(bytes(damaged_file), tmp_path / "app")
    assert (wrong.sound, wrong.detail) == (False, "checksum mismatch in a.so")
    parts = check_digest(map_file(tmp_path / "app"), find_digest(map_file(tmp_path / "app")))
    assert parts.detail == "checksum mismatch in a.so"


def test_a_damaged_table_is_a_finding(linked, tmp_path):
    """Its header too: what it says of places leads the runtime."""
    file = linked({"a.so": library("a.so")}).file
    start = file.index(b"OBJECTS\0")
    for place in range(0, 200, 3):
        wrong = bytearray(file)
        wrong[start + place] ^= 1
        found = finding(bytes(wrong), tmp_path / "app")
        assert not found.sound
        assert "table of shared objects" in found.detail


@given(st.sets(st.integers(0, 5000)))
def test_relative_relocations_are_written_as_they_are_read(places):
    addresses = sorted(8 * place for place in places)
    assert relr.decode(relr.encode(addresses)) == addresses


def test_damaged_objects_are_refused_and_never_crash(linked):
    """Every refusal is a LinkError; `scripts/fuzz_objects.py` tries as many as one likes."""
    chance = random.Random(1)
    for _ in range(300):
        with contextlib.suppress(LinkError):
            linked({"a.so": damaged(chance.choice(WHOLE), chance), "libf.so": library("libf.so")})

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
    Elf,
    behind_zeros,
)
from fuzz import damaged, whole
from hypothesis import given
from hypothesis import strategies as st
from machines import ALL

from obelisk.errors import LinkError
from obelisk.link.elf import relr
from obelisk.link.elf.elf import read_elf
from obelisk.link.elf.shared_objects import SharedObjects
from obelisk.link.link import link, link_objects
from obelisk.model import SharedObjectFile
from obelisk.payload.payload import Packed
from obelisk.verify.bytewise import check_digest
from obelisk.verify.digest import find_digest
from obelisk.verify.executable import map_file
from obelisk.verify.read import read_executable

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


@pytest.fixture(params=ALL, ids=[target.architecture for target in ALL])
def elf(request):
    """Every test is done for every machine."""
    return Elf(request.param)


@pytest.fixture
def linked(tmp_path, elf):
    def build(files, provided=None, base=None, package="pkg"):
        def native(path, data):
            source = tmp_path / path.replace("/", "_")
            source.write_bytes(data)
            return SharedObjectFile(path=path, source=source, package=package)

        natives = SharedObjects(
            files=[native(path, data) for path, data in files.items()],
            provided={name: native(name, data) for name, data in (provided or {}).items()},
            abi=f"cpython-314-{elf.target.platform_triplet}",
        )
        runtime = base or elf.runtime()
        objects = link_objects(runtime, natives, elf.target)
        return Linked(link(runtime, PAYLOAD, objects, elf.target))

    return build


def test_addresses_and_pointers(linked, elf):
    one = elf.shared_object(
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
    assert base % elf.target.page_size == 0
    words = [found.word(base + DATA + place) for place in (0, 8, 16, 24, 32)]
    assert words == [base + CODE + 4, 0x500, base + CODE, 0x542, 0]
    assert found.pointers("a.so") == [DATA, DATA + 8, DATA + 16, DATA + 24]


def test_compact_relative_relocations(linked, elf):
    data = struct.pack("<QQQ", CODE, 5, CODE + 8)
    found = linked({"a.so": elf.shared_object(data=data, relr=[DATA, 0b101])})
    base = found.base("a.so")
    assert [found.word(base + DATA + n) for n in (0, 8, 16)] == [base + CODE, 5, base + CODE + 8]
    assert found.pointers("a.so") == [DATA, DATA + 16]


def test_the_executables_own_file_system_and_large_file_names(linked, elf):
    one = elf.shared_object(
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


def test_weak_symbols_may_be_missing_and_libc_comes_first(linked, elf):
    one = elf.shared_object(
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


def test_libraries_are_found_beside_by_origin_and_by_soname(linked, elf):
    found = linked(
        {
            "pkg/user.so": elf.user(
                *("f", "g", "h"),
                needed=["libf.so.1", "libg.so", "libh.so"],
                tags=[(29, "$ORIGIN/../pkg.libs")],
            ),
            "pkg.libs/libf.so.1": elf.library("libf.so.1", "f"),
            "pkg/libg.so": elf.library("libg.so", "g"),
            "other/deep/x.so": elf.library("libh.so", "h"),
        }
    )
    assert found.closure("pkg/user.so") == [
        *("pkg/user.so", "pkg.libs/libf.so.1", "pkg/libg.so", "other/deep/x.so")
    ]
    words = [found.word(found.base("pkg/user.so") + DATA + n) for n in (0, 8, 16)]
    names = ("pkg.libs/libf.so.1", "pkg/libg.so", "other/deep/x.so")
    assert words == [found.base(name) + CODE for name in names]


def test_needed_libraries_are_set_up_first(linked, elf):
    found = linked(
        {
            "a.so": elf.user(needed=["b.so", "c.so"]),
            "b.so": elf.library("b.so", needed=["c.so"]),
            "c.so": elf.library("c.so"),
        }
    )
    assert found.order("a.so") == ["c.so", "b.so", "a.so"]
    assert found.order("c.so") == ["c.so"]


def test_libraries_that_need_each_other(linked, elf):
    found = linked(
        {"a.so": elf.library("a.so", needed=["b.so"]), "b.so": elf.library("b.so", needed=["a.so"])}
    )
    assert sorted(found.order("a.so")) == ["a.so", "b.so"]


def test_a_symbol_is_not_seen_without_need(linked, elf):
    with pytest.raises(LinkError, match=r"`user\.so` of pkg: `f`"):
        linked({"user.so": elf.user("f"), "libf.so": elf.library("libf.so", "f")})


def test_a_provided_library_goes_in_only_when_it_is_needed(linked, elf):
    provided = {"libz.so.1": elf.library("libz.so.1", "inflate")}
    alone = linked({"a.so": elf.library("a.so")}, provided)
    assert list(alone.objects) == ["a.so"]
    found = linked({"a.so": elf.user("inflate", needed=["libz.so.1"])}, provided)
    assert found.closure("a.so") == ["a.so", "libz.so.1"]


def test_a_library_under_two_roots_sees_what_both_have(linked, elf):
    """Otherwise what it is bound to would depend on which is imported first."""
    one = elf.library("one.so", "shared", needed=["low.so"])
    two = elf.library("two.so", "shared", needed=["low.so"])
    low = elf.shared_object(
        exports={"shared": (CODE + 8, FUNCTION)},
        relocations=[(DATA, SLOT, "shared", 0)],
        data=bytes(8),
        name="low.so",
    )
    found = linked({"one.so": one, "two.so": two, "low.so": low})
    assert found.word(found.base("low.so") + DATA) == found.base("low.so") + CODE + 8


def test_identical_files_are_linked_once(linked, elf):
    same = elf.library("libsame.so", "f")
    found = linked(
        {"a.libs/libsame.so": same, "b.libs/libsame.so": same, "c.so": elf.library("c.so")}
    )
    assert list(found.objects) == ["a.libs/libsame.so", "c.so"]
    assert found.names["a.libs/libsame.so"] == found.names["b.libs/libsame.so"]
    assert {"libsame.so", "c.so"} <= set(found.names)


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def from_thread(target, block):
    """Where libc puts the block of a PT_TLS, from the thread pointer: musl's __init_tls.c."""
    mask = block.alignment - 1
    if target.thread_gap is None:
        return -(block.memory_size + ((-block.memory_size - block.address) & mask))
    return target.thread_gap + ((block.address - target.thread_gap) & mask)


def tls_segment(elf):
    (block,) = [one for one in elf.segments if one.type == 7]
    return block


@pytest.mark.parametrize("values", [b"", b"\0" * 8, b"\1" * 8])
def test_all_models_of_thread_local_variables(linked, elf, values):
    one = elf.tls_user({"variable": (16, TLS)}, tls=(values, 40, 8))
    found = linked({"a.so": one})
    row, at = found.objects["a.so"], found.base("a.so") + DATA
    own, block = -signed(row[17]), tls_segment(found)
    start = from_thread(elf.target, block)
    assert start == from_thread(elf.target, tls_segment(read_elf(elf.runtime()))), "it stays there"
    offset = own - start
    assert signed(found.word(at)) == own + 4
    assert found.word(at + 8) == 1
    assert found.word(at + 16) == offset + 6, "its own variables need no relocation"
    assert found.word(at + 24) == RUNTIME_SYMBOLS["obelisk_tls_descriptor"][0]
    assert signed(found.word(at + 32)) == own + 2
    assert found.word(at + 40) == 1
    assert found.word(at + 48) == offset + 16
    assert (own - TLS_AT) % 8 == 0
    assert 0x20 <= offset <= block.memory_size - 40, "it stands in the runtime's pool"
    assert found.read(block.address, 16) == struct.pack("<QQ", 0x500, 7)
    if any(values):
        assert block.file_size == offset + 8
        assert found.read(block.address + offset, 8) == values
    else:
        assert block.file_size == 16, "nothing more is copied for every thread"


def test_values_come_first_whatever_the_order_of_objects(linked, elf):
    tls = {"a.so": b"", "b.so": b"\1" * 8, "c.so": b"", "d.so": b"\2" * 8}
    files = {name: elf.shared_object(name=name, tls=(tls[name], 64, 8)) for name in tls}
    found = linked(files)
    start = from_thread(elf.target, tls_segment(found))
    places = sorted((-signed(found.objects[name][17]) - start, name) for name in tls)
    assert [name for _, name in places] == ["b.so", "d.so", "a.so", "c.so"]
    assert tls_segment(found).file_size == places[1][0] + 8


def test_addresses_among_initial_values_are_relocated_where_they_are_used(linked, elf):
    one = elf.shared_object(
        relocations=[(TLS_AT, RELATIVE, None, CODE)], tls=(b"\xff" * 16, 16, 8), data=bytes(8)
    )
    found = linked({"a.so": one})
    block = tls_segment(found)
    offset = -signed(found.objects["a.so"][17]) - from_thread(elf.target, block)
    assert found.word(block.address + offset) == found.base("a.so") + CODE
    (dynamic,) = [one for one in found.segments if one.type == 2]
    rows = dict(struct.iter_unpack("<qQ", found.read(dynamic.address, dynamic.file_size)))
    words = struct.unpack(f"<{rows[35] // 8}Q", found.read(rows[36], rows[35]))
    wanted = sorted([RUNTIME_RELR[0], block.address, block.address + offset])
    assert relr.decode(words) == wanted


def test_many_blocks_are_apart_and_aligned(linked, elf):
    chance = random.Random(3)
    sizes = {f"{n}.so": (chance.randrange(1, 20), 2 ** chance.randrange(7)) for n in range(12)}
    files = {
        name: elf.shared_object(
            name=name, tls=(b"\1" if size % 2 else b"", size, alignment), data=bytes(8)
        )
        for name, (size, alignment) in sizes.items()
    }
    found = linked(files, base=elf.runtime(pool=0x400))
    spans = []
    for name, (size, alignment) in sizes.items():
        own = -signed(found.objects[name][17])
        assert (own - TLS_AT) % alignment == 0
        spans.append((own, own + size))
    spans.sort()
    assert all(one[1] <= two[0] for one, two in pairwise(spans))


def test_all_pages_but_code_lose_the_right_to_run_at_start(linked, elf):
    found = linked({"a.so": elf.library("a.so"), "b.so": elf.library("b.so")})
    page = elf.target.page_size
    code = [(base + CODE, base + CODE + page) for base in map(found.base, ("a.so", "b.so"))]
    covered = sorted([*code, *found.data])
    assert covered[0][0] == found.memory[0]
    assert covered[-1][1] >= found.memory[1]
    assert all(one[1] == two[0] for one, two in pairwise(covered))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            lambda elf: {"a.so": elf.shared_object(machine=40)},
            "another machine (ELF machine 40), not ",
        ),
        (lambda elf: {"a.so": elf.shared_object(kind=2)}, "not a shared object"),
        (lambda elf: {"a.so": elf.shared_object(interpreter=True)}, "not a shared object"),
        (
            lambda elf: {"a.so": elf.shared_object(needed=["libc.so.6"])},
            "built for glibc (needs libc.so.6)",
        ),
        (
            lambda elf: {"a.so": elf.shared_object(versions=["GLIBC_2.17"])},
            "built for glibc (needs GLIBC_2.17)",
        ),
        (lambda elf: {"a.so": elf.shared_object(tags=[(22, 0)])}, "text relocations"),
        (lambda elf: {"a.so": elf.shared_object(tags=[(30, 4)])}, "text relocations"),
        (lambda elf: {"a.so": elf.shared_object(code_flags=7)}, "writable and executable"),
        (
            lambda elf: {"a.so": elf.shared_object(exports={"f": (CODE, IFUNC_KIND)})},
            "`f` is an indirect function (IFUNC)",
        ),
        (
            lambda elf: {
                "a.so": elf.shared_object(relocations=[(DATA, IFUNC, None, CODE)], data=bytes(8))
            },
            "uses an indirect function (IFUNC)",
        ),
        (
            lambda elf: {
                "a.so": elf.shared_object(relocations=[(DATA, 99, None, 0)], data=bytes(8))
            },
            "relocation of unknown type 99",
        ),
        (
            lambda elf: {"a.so": elf.shared_object(relocations=[(CODE, RELATIVE, None, 0)])},
            "relocation in read-only memory at 0x10000",
        ),
        (
            lambda elf: {
                "a.so": elf.shared_object(relocations=[(DATA, MODULE, None, 0)], data=bytes(8))
            },
            "relocation in read-only memory at 0x20108",
        ),
        (lambda elf: {"a.so": elf.user("lost")}, "`a.so` of pkg: `lost`"),
        (
            lambda elf: {"a.so": elf.user(needed=["libgone.so.3"])},
            "`a.so` of pkg: `libgone.so.3`",
        ),
        (
            lambda elf: {"a.so": elf.shared_object(tls=(b"", 0x300, 8))},
            "bytes of thread-local variables",
        ),
        (
            lambda elf: {"a.so": elf.shared_object(tls=(b"", 8, 128))},
            "has an unsupported TLS alignment of 128",
        ),
        (
            lambda elf: {"a.cpython-313-x86_64-linux-musl.so": elf.shared_object()},
            "built for `cpython-313-x86_64",
        ),
        (lambda elf: {"a.so": b"\x7fELF"}, "truncated ELF file"),
        (lambda elf: {"a.so": b"GROUP ( libc.a )" * 10}, "not a 64-bit little-endian ELF file"),
        (lambda elf: {"a.so": elf.shared_object(bss=1 << 40)}, "MiB of memory"),
    ],
)
def test_what_cannot_be_linked_in_is_named_with_the_reason(linked, elf, files, said):
    with pytest.raises(LinkError) as caught:
        linked(files(elf))
    assert said in str(caught.value)
    assert "pkg" in str(caught.value)
    assert "a." in str(caught.value)


def test_versions_of_other_libraries_are_no_sign_of_glibc(linked, elf):
    linked({"a.so": elf.shared_object(versions=["GLIBCXX_3.4", "GCC_3.0"])})


def test_a_version_that_libgcc_calls_so_is_no_sign_of_glibc(linked, elf):
    """`__register_frame_info` of AArch64's has it on every libc."""
    needed = {"versions": ["GLIBC_2.0"], "versions_of": "libgcc_s-0123abcd.so.1"}
    linked({"a.so": elf.shared_object(**needed)})


def test_all_reasons_are_told_at_once(linked, elf):
    with pytest.raises(LinkError) as caught:
        linked({"a.so": elf.shared_object(machine=40), "b.so": elf.shared_object(tags=[(22, 0)])})
    assert "`a.so`" in str(caught.value)
    assert "`b.so`" in str(caught.value)
    assert "-fPIC" in caught.value.hint
    assert "exclude" in caught.value.hint


def finding(file, path):
    path.write_bytes(file)
    (found,) = [f for f in read_executable(map_file(path)).findings if f.what == "shared objects"]
    return found


@pytest.mark.parametrize("where", ["code", "data"])
def test_a_damaged_object_is_a_finding(linked, elf, tmp_path, where):
    found = linked({"a.so": elf.user("malloc"), "b.so": elf.library("b.so", "f")})
    assert finding(found.file, tmp_path / "app").detail == "2 linked"
    (load,) = [one for one in found.segments if one.address == found.memory[0]]
    place = load.offset + {"code": CODE, "data": DATA}[where] + 1
    damaged_file = bytearray(found.file)
    damaged_file[place] ^= 1
    wrong = finding(bytes(damaged_file), tmp_path / "app")
    assert (wrong.sound, wrong.detail) == (False, "checksum mismatch in a.so")
    parts = check_digest(map_file(tmp_path / "app"), find_digest(map_file(tmp_path / "app")))
    assert parts.detail == "checksum mismatch in a.so"


def test_a_damaged_table_is_a_finding(linked, elf, tmp_path):
    """Its header too: what it says of places leads the runtime."""
    file = linked({"a.so": elf.library("a.so")}).file
    start = file.index(b"OBJECTS\0")
    for place in range(0, 200, 3):
        wrong = bytearray(file)
        wrong[start + place] ^= 1
        found = finding(bytes(wrong), tmp_path / "app")
        assert not found.sound
        assert "table of shared objects" in found.detail


LONG = 5 << 20
"""Bytes of zeros that take none of the file."""


def holes(found):
    return [one for one in found.segments if one.type == 1 and not one.file_size]


def test_long_runs_of_zeros_take_no_bytes_of_the_file(linked, elf, tmp_path):
    """Between two objects, inside of one whose last segment is behind them, and at the end."""
    page = elf.target.page_size
    files = {
        "a.so": elf.shared_object(data=b"a" * 8, bss=LONG, behind=b"behind"),
        "b.so": elf.shared_object(data=b"b" * 8, bss=LONG, relocations=[(DATA, SLOT, None, 0)]),
        "c.so": elf.shared_object(data=b"c" * 8, bss=LONG),
    }
    found = linked(files)
    assert len(found.file) < LONG
    loads = [one for one in found.segments if one.type == 1]
    assert loads == sorted(loads, key=lambda one: one.address)
    for one, two in pairwise(loads):
        assert one.address + one.memory_size <= two.address
    for one in loads[1:]:
        assert one.address % page == one.offset % page == 0
    assert [(one.flags, one.memory_size > LONG - page) for one in holes(found)] == [(6, True)] * 3
    assert holes(found)[-1].address + holes(found)[-1].memory_size == found.memory[1]
    base = found.base("a.so")
    assert found.read(base + DATA, 8) == b"a" * 8
    assert found.read(base + behind_zeros(LONG), 8) == b"behind\0\0"
    assert found.word(found.base("b.so") + DATA) == found.base("b.so")
    assert finding(found.file, tmp_path / "app").detail == "3 linked"
    findings = read_executable(map_file(tmp_path / "app")).findings
    # This runtime has no code to start with.
    assert [one.what for one in findings if not one.sound] == ["headers"]
    sizes = dict(read_executable(map_file(tmp_path / "app")).objects)
    assert all(size < LONG for size in sizes.values())
    assert sizes["a.so"] > sizes["b.so"]


def test_what_is_only_read_may_follow_what_is_written_to(linked, elf, tmp_path):
    one = elf.shared_object(data=b"data", bss=64, behind=b"behind", behind_flags=4)
    found = linked({"a.so": one, "b.so": elf.library("b.so")})
    base = found.base("a.so")
    assert found.read(base + DATA, 8) == b"data" + bytes(4)
    assert found.read(base + behind_zeros(64), 8) == b"behind" + bytes(2)
    assert finding(found.file, tmp_path / "app").detail == "2 linked"


def test_damage_behind_long_zeros_is_that_of_the_object(linked, elf, tmp_path):
    found = linked({"a.so": elf.shared_object(data=b"a", bss=LONG, behind=b"behind")})
    damaged_file = found.file.replace(b"behind", b"beyond", 1)
    wrong = finding(damaged_file, tmp_path / "app")
    assert (wrong.sound, wrong.detail) == (False, "checksum mismatch in a.so")
    file = map_file(tmp_path / "app")
    assert check_digest(file, find_digest(file)).detail == "checksum mismatch in a.so"


def test_the_longest_runs_of_zeros_are_left_out_as_far_as_headers_suffice(linked, elf):
    lengths = [3, 9, 2, 8, 7, 2]
    files = {
        f"{n}.so": elf.shared_object(name=f"{n}.so", data=b"x", bss=length << 20)
        for n, length in enumerate(lengths)
    }
    found = linked(files)
    assert [one.memory_size >> 20 for one in holes(found)] == [9, 8, 7]
    assert len(found.file) > (3 + 2 + 2) << 20


def test_short_runs_of_zeros_stay_in_the_file(linked, elf):
    found = linked({"a.so": elf.shared_object(bss=14 << 16), "b.so": elf.library("b.so")})
    assert holes(found) == []
    assert len(found.file) > 14 << 16


@given(st.sets(st.integers(0, 5000)))
def test_relative_relocations_are_written_as_they_are_read(places):
    addresses = sorted(8 * place for place in places)
    assert relr.decode(relr.encode(addresses)) == addresses


def test_damaged_objects_are_refused_and_never_crash(linked, elf):
    """Every refusal is a LinkError; `scripts/fuzz_objects.py` tries as many as one likes."""
    chance = random.Random(1)
    for _ in range(300):
        with contextlib.suppress(LinkError):
            linked(
                {
                    "a.so": damaged(chance.choice(whole(elf)), chance),
                    "libf.so": elf.library("libf.so"),
                }
            )

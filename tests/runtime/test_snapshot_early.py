"""What an executable decides of its snapshot before libc starts, by its C files alone.

The part that it decides about is written as a build writes it.
"""

import signal
import struct
import subprocess

import pytest
import xxhash

from obelisk.snapshot.format import PYTHON_OPTION, Facts, Range, Source, request, taken
from obelisk.snapshot.layout import addresses_of

pytestmark = pytest.mark.compile

PAGE = 4096
HEADER_SIZE = struct.calcsize("<8sIIQQQQQ32s8I9Q")
PLACES = addresses_of(b"input")
RANGES = (
    Range(address=PLACES.heap, size=PAGE, rights=3, source=Source.ZEROS, is_free=True),
    Range(address=PLACES.heap, size=PAGE, rights=3, source=Source.PART),
)
HOT = ["from the snapshot"]
COLD = ["cold, with its own data"]
MACHINE = ("snapshot/x86_64/machine.c", "snapshot/x86_64/features.c")
MOST = (0x36D83203, 0x07888110, 6, 0x328, 0, 0, 0, 0)
"""Features of x86-64-v3, and AES, in the words of the header."""
MARKED = "./" * 129 + "/app"


def run(*argv):
    return subprocess.run(list(map(str, argv)), capture_output=True, text=True, check=False)


def part(path, **more):
    facts = {
        "addresses": PLACES,
        "page": PAGE,
        "words": (3,) * 8,
        "guards": (b"NAME=value", b"ABSENT", b"/absent"),
        "report": b"{    }",
        "hot": ((PLACES.heap, PAGE),),
        "originals": bytes(16),
        **more,
    }
    path.write_bytes(taken(Facts(**facts), RANGES, bytes(PAGE)).joined())
    return path


@pytest.fixture(scope="module")
def check(compiled):
    return compiled("snapshot_check", "snapshot/guards.c")


@pytest.fixture
def start(check, tmp_path):
    """Return what a start with options says, in lines."""

    def start(*options, argv=("app",), env=("NAME=value",), file=None, **more):
        names = [f"env={one}" for one in env]
        file = file or part(tmp_path / "part", **more)
        done = run(check, file, *options, *names, "--", *argv)
        assert done.returncode == 0, done.stderr or f"ended by signal {-done.returncode}"
        return done.stdout.splitlines()

    return start


def test_where_all_fits_it_starts_from_the_snapshot(start):
    assert start() == HOT
    assert start("words=0xff", "page=4096") == HOT
    assert start(env=("NAMES=x", "NAME=value", "ABSEN=x", "ABSENT")) == HOT
    assert start(argv=("app", "--python")) == HOT


@pytest.mark.parametrize(
    ("options", "more", "reason"),
    [
        (("secure",), {}, "the process is privileged"),
        (("page=65536",), {}, "the kernel has another page size"),
        (("words=1",), {}, "the processor lacks features"),
        (("taken",), {}, "memory cannot be mapped at the address it needs"),
        (("none",), {}, "its file cannot be opened"),
        (("other",), {}, "its file cannot be opened"),
        ((), {"env": ("NAME=other",)}, "it was made with another value of NAME"),
        ((), {"env": ("NAME=valu",)}, "it was made with another value of NAME"),
        ((), {"env": ("NAME=value2",)}, "it was made with another value of NAME"),
        ((), {"env": ()}, "it was made with another value of NAME"),
        (
            (),
            {"env": ("NAME=value", "ABSENT=")},
            "it was made with another value of ABSENT",
        ),
        ((), {"argv": (MARKED,)}, "the process is Python for the application"),
        ((), {"argv": ()}, "the process is Python for the application"),
        (
            (),
            {"argv": ("app", "--python"), "flags": PYTHON_OPTION},
            "the process is Python for the application",
        ),
    ],
)
def test_where_something_does_not_the_start_is_cold(start, options, more, reason):
    assert start(*options, **more) == COLD
    env = (*more.pop("env", ("NAME=value",)), "OBELISK_SNAPSHOT=explain")
    said, end = start(*options, env=env, **more)
    assert said.partition(": ")[2] == f"started without the snapshot: {reason}"
    assert [end] == COLD


EMPTY = b"=ef46db3751d8e999/etc/app"
"""XXH64 of nothing."""


@pytest.mark.parametrize(
    ("guard", "files", "difference"),
    [
        (b"/etc/app", (), None),
        (b"/etc/app", ("/etc/app",), "it was made where there is no /etc/app"),
        (b"+/etc/app", ("/etc/app",), None),
        (b"+/etc/app", ("/etc/apps",), "it was made where there is /etc/app"),
        (EMPTY, ("/etc/app",), None),
        (EMPTY, (), "it was made with another content of /etc/app"),
        (
            EMPTY.replace(b"999", b"998"),
            ("/etc/app",),
            "it was made with another content of /etc/app",
        ),
    ],
)
def test_files_are_as_they_were(start, guard, files, difference):
    options = [f"file={path}" for path in files]
    said, *end = start(*options, guards=(b"OTHER", guard), env=("OBELISK_SNAPSHOT=explain",))
    how = f"without the snapshot: {difference}" if difference else "from the snapshot"
    assert said == f"app: started {how}"
    assert end == (COLD if difference else HOT)


def test_a_variable_turns_it_off(start):
    assert start(env=("NAME=value", "OBELISK_SNAPSHOT=0")) == COLD
    assert start(env=("NAME=value", "OBELISK_SNAPSHOT=1")) == HOT


def test_a_path_that_is_nearly_marked_is_ordinary(start):
    for path in ("./app", "./" * 128 + "app", "/" * 128 + "app", ""):
        assert start(argv=(path,)) == HOT
    assert start(argv=("/" * 129 + "app",)) == COLD


def test_a_request_has_no_effect_but_on_the_build(start, tmp_path):
    file = tmp_path / "request"
    file.write_bytes(request(PLACES, PAGE).joined())
    assert start(file=file) == ["cold"]
    option = "--obelisk-prepare-snapshot=app"
    assert start(file=file, argv=("app", option)) == ["cold"]
    assert start(file=file, argv=("app", option, "memory", "report")) == HOT
    assert start("taken", file=file, argv=("app", option, "memory", "report")) == [
        "memory cannot be mapped at the address it needs",
        "exit 70",
    ]


@pytest.mark.parametrize("place", [0, 8, 16, 24, 40, 120, 170, 200, 270])
def test_any_damage_of_header_and_tables_ends_the_process(start, tmp_path, place):
    content = bytearray(part(tmp_path / "whole").read_bytes())
    content[place] ^= 0xFF
    file = tmp_path / "damaged"
    file.write_bytes(content)
    assert start(file=file) == [
        "app: corrupt executable: checksum mismatch in `snapshot`",
        "exit 74",
    ]


def test_another_version_of_the_part_is_named(start, tmp_path):
    content = bytearray(part(tmp_path / "whole").read_bytes())
    size = int.from_bytes(content[16:24], "little")
    content[8] += 1
    content[24:32] = bytes(8)
    head = xxhash.xxh64_intdigest(content[:HEADER_SIZE], 0)
    check = xxhash.xxh64_intdigest(content[HEADER_SIZE:size], head)
    content[24:32] = check.to_bytes(8, "little")
    file = tmp_path / "other"
    file.write_bytes(content)
    assert start(file=file) == [
        "app: corrupt executable: unsupported version of `snapshot`",
        "exit 74",
    ]


@pytest.mark.parametrize("size", [1, 100, 176, 272])
def test_a_part_that_is_cut_off_ends_the_process(start, tmp_path, size):
    file = tmp_path / "cut"
    file.write_bytes(part(tmp_path / "whole").read_bytes()[:size])
    assert start(file=file)[-1] == "exit 74"


def test_no_damage_leads_out_of_the_part(check, tmp_path):
    """Also where the checksum agrees with it: nothing is read behind the tables."""
    content = part(tmp_path / "whole").read_bytes()
    size = int.from_bytes(content[16:24], "little")
    file = tmp_path / "tables"
    file.write_bytes(content[:size])
    done = run(check, file, "fuzz=20000", "env=NAME=value", "--", "app")
    assert done.returncode == 0, done.stderr or f"ended by signal {-done.returncode}"
    ends = {line for line in done.stdout.splitlines() if not line.startswith("app: ")}
    assert ends == {"cold", *COLD, *HOT, "exit 74"}


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("", "mapped"),
        ("overlap", "refused"),
        ("heap taken", "refused"),
        ("image taken", "refused"),
        ("nowhere", "refused"),
        ("crooked", "refused"),
        ("no file", "refused"),
    ],
)
def test_memory_is_mapped_as_a_whole_or_not_at_all(compiled, case, said):
    program = compiled("snapshot_map_check", "snapshot/map.c", MACHINE[0])
    done = run(program, case)
    assert (done.stdout, done.returncode) == (f"{said}\n", 0)


def test_libraries_see_a_processor_of_one_kind_while_a_snapshot_is_made(compiled):
    program = compiled("snapshot_features_check", *MACHINE)
    real, *rest = run(program).stdout.splitlines()
    if rest == ["not here"]:
        pytest.skip("the kernel cannot hide features of this processor")
    seen, name, in_child, ended = rest
    assert in_child == seen
    assert name == "GenuineIntel 13"
    # What is no CPUID is no business of whoever answers that.
    assert ended == str(int(signal.SIGSEGV))
    for has, shown, most in zip(real.split(), seen.split(), MOST, strict=True):
        assert int(shown, 16) == int(has, 16) & most

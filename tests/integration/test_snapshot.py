"""How an executable starts from its snapshot, and what it does where that is not possible."""

import json
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

import pytest
import xxhash
from support import APPS, PYTHON_VERSION, build_application, in_root, obelisk, run, segments_of

from obelisk.services.cache import Cache

pytestmark = pytest.mark.compile

EXPLAIN = {"OBELISK_SNAPSHOT": "explain"}
HEADER = struct.Struct("<8sIIQQQQQ32s8IQQQQQQQQQ")
CHECK = slice(24, 32)
PAGE_SIZE, WORDS, RANGES = 7, 9, 17
"""Positions of the header's values."""
RANGE = 32
"""Bytes of a range in the table."""


@pytest.fixture(scope="session")
def program(executables):
    return executables("snapshot/memory.py", "--snapshot")


def part_of(data):
    """Return (offset, bytes of header and tables) of the snapshot in a file."""
    (headers,) = struct.unpack_from("<Q", data, 32)
    (count,) = struct.unpack_from("<H", data, 56)
    for number in range(count):
        kind, _, offset = struct.unpack_from("<IIQ", data, headers + 56 * number)
        if kind == 0x6F626C6F:
            return offset, HEADER.unpack_from(data, offset)[3]
    raise AssertionError


@pytest.fixture
def changed(program, tmp_path):
    """Make a copy whose snapshot's header has another value, and a checksum that agrees."""

    def change(position, value, *, table=None, intact=True):
        data = bytearray(program.read_bytes())
        offset, size = part_of(data)
        values = list(HEADER.unpack_from(data, offset))
        if table is None:
            values[position] = value
        else:
            struct.pack_into("<Q", data, offset + values[table] + position, value)
        values[4] = 0
        head = HEADER.pack(*values)
        rest = bytes(data[offset + HEADER.size : offset + size])
        if intact:
            values[4] = xxhash.xxh64_intdigest(rest, xxhash.xxh64_intdigest(head, 0))
        data[offset : offset + HEADER.size] = HEADER.pack(*values)
        path = tmp_path / "changed"
        path.write_bytes(data)
        path.chmod(0o755)
        return path

    return change


def maps_of(done):
    (text,) = json.loads(done.stdout)
    lines = (line.split(None, 5) for line in text.splitlines())
    return [(*(int(x, 16) for x in span.split("-")), rights) for span, rights, *_ in lines]


def test_it_is_sound_and_says_which_addresses_are_fixed(program, tmp_path):
    lines = obelisk("verify", program).splitlines()
    (line,) = [line for line in lines if "snapshot" in line]
    image = int(re.search(r"data at (0x\w+)", line)[1], 16)
    assert line.startswith("ok   snapshot: ")
    done = run([program, "maps"], cwd=tmp_path, env=EXPLAIN)
    assert done.stderr == f"{program}: started from the snapshot\n"
    assert image in [start for start, *_ in maps_of(done)]


def test_no_memory_is_both_writable_and_executable(program, tmp_path):
    found = maps_of(run([program, "maps"], cwd=tmp_path))
    assert [one for one in found if "w" in one[2] and "x" in one[2]] == []


def test_relocated_tables_are_read_only(program, tmp_path):
    line = next(line for line in obelisk("verify", program).splitlines() if "snapshot" in line)
    image = int(re.search(r"data at (0x\w+)", line)[1], 16)
    ((_, address, _, size),) = segments_of(program, "GNU_RELRO")
    start, end = image + address, image + address + size
    found = maps_of(run([program, "maps"], cwd=tmp_path))
    inside = [one for one in found if one[0] < end - 4096 and one[1] > start]
    assert inside
    assert all(rights.startswith("r--") for *_, rights in inside)


def test_stack_and_later_memory_are_at_random_addresses(program, tmp_path):
    runs = [run([program, "maps"], cwd=tmp_path) for _ in range(2)]
    tops = [json.loads(done.stdout)[0] for done in runs]
    stacks = [re.search(r"^(\w+)-.*\[stack\]", text, re.MULTILINE)[1] for text in tops]
    vdsos = [re.search(r"^(\w+)-.*\[vdso\]", text, re.MULTILINE)[1] for text in tops]
    assert stacks[0] != stacks[1]
    assert vdsos[0] != vdsos[1]


@pytest.mark.parametrize(
    ("position", "value", "table", "reason"),
    [
        (PAGE_SIZE, 65536, None, "the kernel has another page size"),
        (WORDS + 7, 1, None, "the processor lacks features"),
        # The first range's address: one that no process has.
        (0, 1 << 62, RANGES, "memory cannot be mapped at the address it needs"),
        # That of the stack, as far as this machine tells: something is there in each process.
        (8, 1 << 60, RANGES, "memory cannot be mapped at the address it needs"),
    ],
    ids=["page", "processor", "address", "size"],
)
def test_where_it_does_not_fit_the_start_is_cold(changed, tmp_path, position, value, table, reason):
    path = changed(position, value, table=table)
    done = run([path, "path"], cwd=tmp_path, env=EXPLAIN)
    assert done.stderr == f"{path}: started without the snapshot: {reason}\n"
    root = "/proc/self/exe"
    (said,) = json.loads(done.stdout)
    assert said[0] == str(path)
    assert all(name.startswith(f"{root}/") for name in said[1:])
    quiet = run([path, "path"], cwd=tmp_path)
    assert (quiet.stdout, quiet.stderr) == (done.stdout, "")


@pytest.mark.skipif(
    "cpuid_fault" not in Path("/proc/cpuinfo").read_text(), reason="the kernel cannot hide features"
)
def test_it_is_made_as_on_a_processor_of_one_kind(program):
    """So that it is the same, and starts, on all that are newer."""
    data = program.read_bytes()
    offset, _ = part_of(data)
    words = HEADER.unpack_from(data, offset)[WORDS : WORDS + 8]
    # Nothing beyond x86-64-v3 and AES.
    most = (0x36D83203, 0x07888110, 6, 0x328, 0, 0, 0, 0)
    assert [word & ~allowed for word, allowed in zip(words, most, strict=True)] == [0] * 8


def test_a_variable_turns_it_off(program, tmp_path):
    done = run([program, "modules"], cwd=tmp_path, env={"OBELISK_SNAPSHOT": "0"})
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("table", [None, RANGES], ids=["header", "tables"])
def test_a_damaged_one_is_refused(changed, tmp_path, table):
    path = changed(WORDS if table is None else 0, 1, table=table, intact=False)
    done = run([path, "path"], cwd=tmp_path)
    assert done.stderr == f"{path}: corrupt executable: checksum mismatch in `snapshot`\n"
    assert done.returncode == 74
    said = obelisk("verify", path, status=7)
    assert "FAIL snapshot: checksum mismatch in its tables\n" in said


def test_modules_see_nothing_of_the_builders_processor_by_the_kernel(tmp_path):
    """Nor does the application see what they saw."""
    asked = "[ctypes.CDLL(None).getauxval(number) for number in (16, 26, 51)]"
    (tmp_path / "held.py").write_text(f"import ctypes\n\nsaw = {asked}\n")
    script = tmp_path / "app.py"
    script.write_text(f"import ctypes\n\nimport held\n\nprint(held.saw)\nprint({asked})\n")
    build_application("-q", "--snapshot", script, "-o", tmp_path / "app")
    done, cold = (
        run([tmp_path / "app"], cwd=tmp_path, env=env)
        for env in (EXPLAIN, {"OBELISK_SNAPSHOT": "0"})
    )
    assert done.stderr == f"{tmp_path / 'app'}: started from the snapshot\n"
    known, sees = cold.stdout.splitlines()
    assert known == sees
    assert done.stdout.splitlines() == ["[0, 0, 16384]", sees]


@pytest.mark.parametrize("tool", ["strip", "objcopy"])
def test_it_starts_when_a_tool_has_written_its_file_anew(program, tmp_path, tool):
    copy = tmp_path / "app"
    shutil.copy(program, copy)
    subprocess.run([tool, copy], check=True, capture_output=True)
    said = run([copy, "modules"], cwd=tmp_path, env={"OBELISK_SNAPSHOT": "explain"}).stderr
    assert said == f"{copy}: started from the snapshot\n"
    for env in ({}, {"OBELISK_SNAPSHOT": "0"}):
        found, expected = (run([one, "modules"], cwd=tmp_path, env=env) for one in (copy, program))
        assert (found.stdout, found.stderr, found.returncode) == (expected.stdout, "", 0)


def test_damaged_pages_are_found(program, tmp_path):
    data = bytearray(program.read_bytes())
    offset, size = part_of(data)
    data[offset + size + 8192] ^= 1
    path = tmp_path / "damaged"
    path.write_bytes(data)
    assert "FAIL file: checksum mismatch in snapshot\n" in obelisk("verify", path, status=7)


def test_an_empty_root_is_enough(program, empty_root):
    done = empty_root.run(program, "path", env=EXPLAIN)
    assert done.stderr == "/app: started from the snapshot\n"
    assert json.loads(done.stdout)[0][0] == "/app"


def test_other_programs_see_its_files_by_both_paths(program, tmp_path):
    (lines,) = json.loads(run([program, "shell"], cwd=tmp_path).stdout)
    assert lines == ['"""Says where things are in memory."""\n'] * 2


def test_callbacks_work_where_no_folder_takes_files(executables, tmp_path):
    shutil.copy(executables("snapshot/callbacks.py", "--snapshot"), tmp_path / "app")
    done = run(in_root(tmp_path, "/app"), cwd="/", env=EXPLAIN)
    assert done.stderr == "/app: started from the snapshot\n"
    up, down = "[1, 2, 3, 4, 5]\n", "[5, 4, 3, 2, 1]\n"
    assert (done.stdout, done.returncode) == (up + down + down, 0)


def test_it_may_be_anywhere(program, tmp_path):
    folder = tmp_path / "a b"
    folder.mkdir()
    copy = shutil.copy(program, folder / "other name")
    (tmp_path / "link").symlink_to(copy)
    for path in (copy, tmp_path / "link", Path("a b/other name")):
        done = run([path, "path"], cwd=tmp_path, env=EXPLAIN)
        assert done.stderr == f"{path}: started from the snapshot\n"
        (said,) = json.loads(done.stdout)
        assert said == [str(copy), *(f"/proc/self/exe/{n}" for n in ("memory.py", said[2][15:]))]


def test_little_address_space_is_no_obstacle(program, tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))

    done = run([program, "path"], cwd=tmp_path, before=limit)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def for_everybody():
    """A folder that other users get into, which those of pytest are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives rights")
def test_a_privileged_process_starts_cold(program, for_everybody):
    copy = Path(shutil.copy(program, for_everybody / "privileged"))
    copy.chmod(0o4755)

    def drop():
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)

    done = run([copy, "path"], cwd="/", env=EXPLAIN, before=drop)
    assert done.stderr == f"{copy}: started without the snapshot: the process is privileged\n"
    assert done.returncode == 0


def test_what_is_linked_again_starts_without(tmp_path):
    path, folder = tmp_path / "app", tmp_path / "relinkable"
    given = ("--snapshot", "--relinkable", folder, "-o", path)
    build_application("-q", APPS / "snapshot/memory.py", *given)
    (found,) = folder.iterdir()
    said = obelisk("relink", found, "-o", tmp_path / "again", stderr=True)
    assert f"warning: {tmp_path / 'again'} has no snapshot, and starts without" in said
    assert "snapshot" not in obelisk("verify", tmp_path / "again")
    done = run([tmp_path / "again", "path"], cwd=tmp_path, env=EXPLAIN)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)[0][0] == str(tmp_path / "again")


def build_in(folder, output, **more):
    folder.mkdir()
    shutil.copy(APPS / "snapshot/memory.py", folder)
    env = {**os.environ, **more}
    words = ("build", "-q", "--python", PYTHON_VERSION, "--snapshot")
    argv = [sys.executable, "-m", "obelisk", *words, "memory.py", "-o", output]
    subprocess.run(argv, cwd=folder, env=env, check=True, capture_output=True)
    return (folder / output).read_bytes()


def test_it_is_reproducible_and_has_nothing_of_who_builds(tmp_path):
    secret = "planted-71c1f2"
    cache = Cache().root
    more = {"HOME": f"/tmp/{secret}", "OBELISK_CACHE": str(cache)}
    one = build_in(tmp_path / "one", "memory", SECRET_TOKEN=secret, **more)
    # The executable is run below the cache when the snapshot is made.
    elsewhere = tmp_path / "a folder with a name that is longer than that of the usual one"
    elsewhere.symlink_to(cache)
    more = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    two = build_in(tmp_path / "another folder", "memory", OBELISK_CACHE=str(elsewhere), **more)
    assert sha256(one).digest() == sha256(two).digest()
    assert secret.encode() not in one
    assert str(tmp_path).encode() not in one


def test_a_build_that_is_killed_leaves_nothing_half_written(tmp_path):
    (tmp_path / "slow.py").write_text("import waits\nprint('never')\n")
    (tmp_path / "waits.py").write_text("import time\ntime.sleep(1000)\n")
    words = ("build", "--python", PYTHON_VERSION, "--snapshot")
    argv = [sys.executable, "-m", "obelisk", *words, "slow.py", "-o", "out/slow"]
    process = subprocess.Popen(argv, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "Packing and linking" in line:
            break
    end = time.monotonic() + 60
    while not (waiting := of_build("slow")) and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    assert waiting
    while of_build("slow") and time.monotonic() < end:
        time.sleep(0.05)
    assert of_build("slow") == []
    assert not (tmp_path / "out/slow").exists()


def of_build(name):
    """Return the processes that make a snapshot of a program."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended
        if f"--obelisk-prepare-snapshot={name}".encode() in words:
            found.append(path)
    return found

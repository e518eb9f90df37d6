"""What an open file of the executable is: the same as one on a disk, to whoever reads it.

Each scenario of tests/apps/open_files runs on a real folder and on the same folder below the
executable, and must print the same. Beside a small file there is one that is read in place
(payload.py: LARGE).
"""

import errno
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from seccomp import refuser
from support import APPS, obelisk, run, wait_until_asleep

from obelisk.payload.payload import LARGE

pytestmark = [pytest.mark.compile, pytest.mark.network]

SCENARIOS = (
    *(
        "reading",
        "seeking",
        "status",
        "mapping",
        "duplicates",
        "children",
        "messages",
        "copying",
        "locks",
        "waiting",
    ),
    *("serving", "threads", "streams", "cxx", "libraries", "another_lock", "at_random"),
)
LARGE_SIZE = 3 * LARGE + 4321


def pattern(size):
    """Bytes of which no two pages are equal."""
    block = bytes(range(251))
    pages = (
        number.to_bytes(4, "little") + (block * 17)[: 4096 - 4]
        for number in range(size // 4096 + 1)
    )
    return b"".join(pages)[:size]


def png(width, height):
    """The bytes of a picture that does not get small."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + pattern(3 * width) for _ in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows, 0))
        + chunk(b"IEND", b"")
    )


def npy(size):
    head = b"{'descr': '|u1', 'fortran_order': False, 'shape': (%d,), }" % size
    head += b" " * (118 - 1 - len(head)) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head + pattern(size)


def write_data(folder):
    """Write what the scenarios read."""
    folder.mkdir()
    (folder / "small.txt").write_bytes(b"stone\nwood\n" + b"x" * 2000)
    (folder / "large.bin").write_bytes(pattern(LARGE_SIZE))
    (folder / "twin.bin").write_bytes(pattern(LARGE_SIZE))
    with sqlite3.connect(folder / "big.sqlite3") as database:
        database.execute("create table texts (text)")
        rows = [(f"{number} " * 300,) for number in range(2000)]
        database.executemany("insert into texts values (?)", rows)
    database.close()
    with zipfile.ZipFile(folder / "big.zip", "w") as archive:
        archive.writestr("inside.bin", pattern(2 * LARGE))
        archive.write(folder / "small.txt", "packed.txt", zipfile.ZIP_DEFLATED)
    with tarfile.open(folder / "big.tar", "w") as archive:
        archive.add(folder / "large.bin", "inside.bin")
    (folder / "big.png").write_bytes(png(700, 700))
    (folder / "big.npy").write_bytes(npy(2 * LARGE))


@pytest.fixture(scope="session")
def project(compiler, tmp_path_factory):
    folder = tmp_path_factory.mktemp("open_files") / "project"
    shutil.copytree(APPS / "open_files", folder)
    write_data(folder / "data")
    compiler(folder / "libreader.so", "-Wl,-soname,libreader.so", "reader.cpp", tool="c++")
    return folder


@pytest.fixture(scope="session")
def executable(project, python_version):
    place = project.parent / "app"
    obelisk("build", project / "app.py", "-q", "-o", place, "--python", python_version)
    return place


def outcome(executable, name, folder=None, **options):
    argv = [executable, name, *([folder] if folder else [])]
    done = run(argv, cwd="/", env={"PATH": os.environ["PATH"]}, makes_code=True, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", SCENARIOS)
def test_an_open_file_is_as_on_a_disk(executable, project, name):
    assert outcome(executable, name) == outcome(executable, name, project / "data")


def start(executable, *arguments):
    """Start the application, and wait until it says that it has opened its file."""
    child = subprocess.Popen(
        [executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={}
    )
    return child, child.stdout.readline().strip()


def stop(child):
    child.stdin.close()
    child.wait(timeout=20)
    child.stdout.close()


def test_a_large_file_takes_no_memory(executable):
    child, file = start(executable, "hold", "large.bin")
    try:
        kept = Path(f"/proc/{child.pid}/fd/{file}").stat()
        assert (kept.st_size, kept.st_blocks) == (LARGE_SIZE, 0)
    finally:
        stop(child)


def test_what_is_open_is_copied_once(executable):
    done = outcome(executable, "copies")
    assert done == ["small.txt 1", "large.bin 1"]


def test_a_descriptor_that_another_program_has_shows_what_it_is(executable):
    """The name and the time of the file, in /proc and by fstat."""
    assert outcome(executable, "inherited") == ["small.txt True", "large.bin True"]


REFUSALS = ("EPERM", "ENOSYS", "EACCES")


@pytest.mark.parametrize("error", REFUSALS)
def test_without_memory_files_there_are_others(executable, error, tmp_path):
    done = subprocess.run(
        [executable, "places"],
        capture_output=True,
        text=True,
        check=False,
        env={"TMPDIR": str(tmp_path)},
        preexec_fn=refuser("memfd_create", getattr(errno, error)),
    )
    assert (done.returncode, done.stderr) == (0, "")
    for line in done.stdout.splitlines():
        assert line.startswith("/dev/shm/"), line
        assert line.endswith(" 0 True True True"), line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to mount")
@pytest.mark.parametrize("named", [False, True], ids=["O_TMPFILE", "removed"])
@pytest.mark.parametrize("place", ["/dev/shm", "TMPDIR", "/tmp", "/var/tmp", None])
def test_each_place_of_other_files(executable, tmp_path, place, named):
    """In a root with only that folder; with names where the file system has no O_TMPFILE."""
    root = tmp_path / "root"
    (root / "proc").mkdir(parents=True)
    (root / "app").hardlink_to(executable)
    folder = "/own/folder" if place == "TMPDIR" else place
    if folder:
        (root / folder[1:]).mkdir(parents=True)
    env = {"TMPDIR": folder} if place == "TMPDIR" else {}
    refuse = refuser("memfd_create", errno.EPERM)
    refuse_nameless = refuser("openat", errno.EOPNOTSUPP, flags=os.O_TMPFILE) if named else None
    refuse_open = refuser("open", errno.EOPNOTSUPP, flags=os.O_TMPFILE) if named else None

    def prepare():
        os.chroot(root)
        os.chdir("/")
        refuse()
        for other in (refuse_nameless, refuse_open):
            if other:
                other()

    subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=True)
    try:
        done = subprocess.run(
            ["/app", "places"],
            capture_output=True,
            text=True,
            check=False,
            env=env,
            preexec_fn=prepare,
        )
    finally:
        subprocess.run(["umount", root / "proc"], check=True)
    if place is None:
        assert "Operation not permitted" in done.stderr
        return
    assert (done.returncode, done.stderr) == (0, "")
    for line in done.stdout.splitlines():
        assert line.startswith(folder + "/"), line
        assert line.endswith(" 0 True True True"), line
    assert list((root / folder[1:]).iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a namespace of processes")
def test_a_system_without_memory_files_that_could_be_executed(executable):
    setting = Path("/proc/sys/vm/memfd_noexec")
    if not setting.exists():
        pytest.skip("Linux before 6.3")
    script = f"echo 2 > {setting}; exec {executable} places"
    argv = ["unshare", "-pf", "--mount-proc", "sh", "-c", script]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "/memfd:data/small.txt",
        "/memfd:data/large.bin",
    ]


@pytest.mark.parametrize("error", ["EMFILE", "ENFILE", "ENOMEM"])
def test_the_error_is_what_happened(executable, error):
    done = subprocess.run(
        [executable, "errors"],
        capture_output=True,
        text=True,
        check=True,
        env={},
        preexec_fn=refuser("memfd_create", getattr(errno, error)),
    )
    assert done.stdout.splitlines() == [f"small.txt {error}", f"large.bin {error}"]


def test_a_standard_stream_is_closed_on_exec_if_that_was_asked_for(executable):
    assert outcome(executable, "standard_stream") == [
        *("small.txt 0 True", "small.txt 0 False"),
        *("large.bin 0 True", "large.bin 0 False"),
    ]


def test_a_file_that_is_opened_again_is_empty_nowhere(executable):
    assert outcome(executable, "opened_again") == ["small.txt True True", "large.bin True True"]


def test_few_descriptors_are_enough(executable):
    assert outcome(executable, "descriptors") == ["small.txt 1 EMFILE", "large.bin 1 EMFILE"]


@pytest.mark.parametrize("name", ["small.txt", "large.bin"])
def test_a_lock_holds_between_processes(executable, name):
    other = {"small.txt": "large.bin", "large.bin": "small.txt"}[name]
    child, said = start(executable, "lock", name, "exclusive")
    try:
        assert said == "locked"
        assert outcome(executable, "try_lock", name) == ["busy shared", "busy exclusive"]
        assert outcome(executable, "try_lock", other) == ["free shared", "free exclusive"]
    finally:
        stop(child)
    assert outcome(executable, "try_lock", name) == ["free shared", "free exclusive"]


def test_a_shared_lock_is_shared(executable):
    child, said = start(executable, "lock", "small.txt", "shared")
    try:
        assert said == "locked"
        assert outcome(executable, "try_lock", "small.txt") == ["free shared", "busy exclusive"]
    finally:
        stop(child)


def test_a_lock_ends_with_its_process(executable):
    child, said = start(executable, "lock", "small.txt", "exclusive")
    assert said == "locked"
    child.send_signal(signal.SIGKILL)
    stop(child)
    assert outcome(executable, "try_lock", "small.txt") == ["free shared", "free exclusive"]


def test_a_lock_is_waited_for(executable):
    child, said = start(executable, "lock", "small.txt", "exclusive")
    waiting = subprocess.Popen(
        [executable, "wait_lock", "small.txt"], stdout=subprocess.PIPE, text=True, env={}
    )
    assert waiting.stdout.readline() == "waiting\n"
    stop(child)
    assert waiting.stdout.readline() == "locked\n"
    waiting.stdout.close()
    assert (said, waiting.wait(timeout=20)) == ("locked", 0)


def test_a_signal_ends_the_wait_for_a_lock(executable):
    child, said = start(executable, "lock", "small.txt", "exclusive")
    waiting, started = start(executable, "interrupted_lock", "small.txt")
    try:
        assert (said, started) == ("locked", "waiting")
        wait_until_asleep(waiting)
        waiting.send_signal(signal.SIGUSR1)
        assert waiting.stdout.readline() == "ETIMEDOUT\n"
    finally:
        stop(child)
        stop(waiting)


def test_one_of_many_gets_the_lock(executable):
    """A single instance: however many start at once, one is it."""
    children = [
        subprocess.Popen(
            [executable, "instance"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={},
        )
        for _ in range(8)
    ]
    said = [child.stdout.readline().strip() for child in children]
    for child in children:
        stop(child)
    assert sorted(said) == ["busy"] * 7 + ["locked"]


def test_archives_of_our_files_in_america(executable):
    """Zip archives know no time before 1980, which local time was for 1980-01-01T00:00Z."""
    for zone in ("America/Los_Angeles", "UTC+12", "Pacific/Kiritimati"):
        done = run([executable, "archive"], cwd="/tmp", env={"TZ": zone}, makes_code=True)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.split() == ["True"] * 2

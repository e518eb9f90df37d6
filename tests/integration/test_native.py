"""Shared objects of the tests' own: the dlopen family, thread-local variables, C++ exceptions."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support import APPS, SNAPSHOTS, obelisk, run, segments_of, write_wheel

from obelisk.target import DEFAULT_TARGET, parse_target

pytestmark = pytest.mark.compile


@pytest.fixture(scope="session")
def native(native_program, executables):
    """An executable with all libraries of tests/native linked in."""
    return executables("native", what=native_program(parse_target(DEFAULT_TARGET)))


def lines(native, empty_root, name):
    done = empty_root.run(native, name)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_what_is_copied_for_each_thread_is_short(native):
    """The initial values of all objects; libc copies the runtime's zeros before them, too."""
    ((*_, copied, whole),) = segments_of(native, "TLS")
    assert 4 * 36 < copied < 4 << 10 < whole


def test_loading_and_the_dlopen_family(native, empty_root):
    said = lines(native, empty_root, "life")
    if SNAPSHOTS:  # the paths of objects begin with the same, wherever the executable lies
        said = [line.replace("/proc/self/exe/", "EXE/") for line in said]
    assert said == [
        *("opening", "low begins", "high begins", "low says hello"),
        # That which another needs too, from the start.
        "paths EXE/.obelisk/lib/libhigh.so EXE/.obelisk/lib/liblow.so",
        *("which 2 1", "malloc 1", "name EXE/.obelisk/lib/libhigh.so own_name"),
        "described EXE/.obelisk/lib/liblow.so",
        "by path True True True",
        *("listed 1 1 0", "file m", "aligned 0", "global 2 1"),
        *("high ends", "low ends"),
    ]


def test_long_runs_of_zeros_take_no_bytes_of_the_file(native, empty_root):
    assert lines(native, empty_root, "zeros") == ["zeros 0 8388608"]
    assert any(not stored and memory >= 8 << 20 for *_, stored, memory in segments_of(native))
    parts = obelisk("inspect", "--size", "--json", native)
    (zeros,) = [one for one in json.loads(parts)["objects"]["files"] if "libzeros" in one["path"]]
    assert zeros["size"] < 1 << 20


def test_extensions_of_sqlite(native, empty_root):
    assert lines(native, empty_root, "extension") == [
        *("not authorized", "(42,)", "not authorized", "(42,)"),
        "libmissing.so: not linked into this executable, which cannot load libraries from disk",
    ]


def test_libc_and_what_is_not_inside(native, empty_root):
    said = lines(native, empty_root, "libc")
    assert said[:4] == ["libc.so libhigh.so", "None", "python 42", "callback [1, 2, 3]"]
    for line, name in zip(said[4:6], ("libmissing.so", "/usr/lib/libm-missing.so.2"), strict=True):
        assert line.startswith(f"{name}: not linked into this executable")
        assert "native-libraries" in line
    assert "symbol not found: not_there" in said[-3]


def test_what_is_inside_is_told(native):
    inside = json.loads(obelisk("inspect", "--json", native))
    assert {"path": ".obelisk/lib/liblow.so", "package": None} in inside["natives"]
    assert inside["executable"]["natives"] > 100_000
    assert "objects   10 shared objects" in obelisk("inspect", native)
    assert "ok   shared objects: 10 linked" in obelisk("verify", native)


def test_no_memory_is_written_to_and_run(native, tmp_path):
    done = run([native, "deny"], cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\ndenied\n" in done.stdout


def test_nothing_is_mapped_to_be_run_and_no_library_is_looked_for(native, tmp_path):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    log = tmp_path / "log"
    argv = ["strace", "-f", "-y", "-o", log, native, "life", "exceptions", "libc"]
    subprocess.run(argv, check=True, env={}, capture_output=True)
    calls = log.read_text().splitlines()
    # libffi maps the page of the executable that holds its trampolines once more.
    run_from = [line for line in calls if "PROT_EXEC" in line]
    assert [line for line in run_from if f"<{native}>" not in line] == []
    assert [line for line in calls if re.search(r"\bopen(at)?\(.*\.so", line)] == []


def test_a_library_that_is_not_there_is_named_at_build_time(compiler, tmp_path):
    shutil.copy(APPS / "native.py", tmp_path)
    (tmp_path / "message.txt").write_text("")
    low = compiler(tmp_path / "liblow.so", "-Wl,-soname,liblow.so", "low.c")
    compiler(tmp_path / "libhigh.so", "high.c", low)
    low.unlink()
    said = obelisk("build", tmp_path / "native.py", status=6)
    assert "`.obelisk/lib/libhigh.so`: `liblow.so`" in said
    assert "native-libraries" in said
    assert "Traceback" not in said


def injected(executable, fault, *arguments):
    """Run with a system call that fails as strace is told."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    call = fault.partition(":")[0]
    argv = ["strace", "-qq", "-f", "--seccomp-bpf", "-o", "/dev/null"]
    argv += ["-e", f"trace={call}", "-e", f"inject={fault}"]
    return subprocess.run(
        [*argv, executable, *arguments],
        capture_output=True,
        text=True,
        env={},
        timeout=60,
        check=False,
    )


def test_memory_that_is_refused_is_neither_damage_nor_harm(native):
    """Each mprotect fails once: the start says so, and what is opened again works."""
    whole = run([native, "again"], cwd="/")
    assert (whole.returncode, whole.stderr) == (0, "")
    refused = set()
    for number in range(1, 40):
        done = injected(native, f"mprotect:error=ENOMEM:when={number}", "again")
        assert "corrupt executable" not in done.stderr
        if done.returncode == 70:
            assert done.stderr.strip().endswith(": Out of memory"), done.stderr
            refused.add("start")
            continue
        assert (done.returncode, done.stdout) == (0, whole.stdout), (number, done.stderr)
        if done.stderr:
            assert "cannot set up its memory: Out of memory" in done.stderr
            refused.add("open")
    # What is relocated is protected when a snapshot is made: a restored process finds it so.
    assert refused == ({"open"} if SNAPSHOTS else {"start", "open"})


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("memfd_create:error=EMFILE", "EMFILE"),
        ("memfd_create:error=ENOSYS", "message"),  # another nameless file
        ("write:error=ENOSPC:when=1", "ENOSPC"),
        ("ftruncate:error=EIO", "message"),
        ("fchmod:error=EPERM", "EPERM"),
    ],
)
def test_a_file_that_cannot_be_opened_says_why(native, fault, said):
    assert injected(native, fault, "read").stdout == f"{said}\n"


def test_an_interpreter_that_cannot_start_has_its_own_status(native):
    """With too little memory: never Python's 1, which is that of a traceback, nor damage."""
    for more in range(12, 28, 4):
        limit = native.stat().st_size + (more << 20)
        argv = ["prlimit", f"--as={limit}", native, "read"]
        done = subprocess.run(argv, capture_output=True, text=True, env={}, check=False)
        assert (done.returncode, done.stdout) == (70, ""), more
        assert "cannot start Python: " in done.stderr or "cannot set up shared" in done.stderr
        assert "memory" in done.stderr


@pytest.mark.skipif(SNAPSHOTS, reason="a restored process knows where its parts are")
@pytest.mark.parametrize("part", [b"klbo", b"mlbo"], ids=["payload", "objects"])
def test_a_part_whose_program_header_is_damaged_is_not_absent(native, tmp_path, part):
    damaged = tmp_path / "damaged"
    data = native.read_bytes()
    place = data.index(part)  # the type of a program header
    assert place < 4096
    damaged.write_bytes(data[:place] + b"?" + data[place + 1 :])
    damaged.chmod(0o755)
    done = run([damaged, "again"], cwd=tmp_path)
    assert (done.returncode, done.stdout) == (74, "")
    assert "corrupt executable: " in done.stderr
    assert "FAIL file: checksum mismatch in program headers\n" in obelisk(
        "verify", damaged, status=7
    )


def test_an_object_of_this_host_is_refused_as_built_for_glibc(tmp_path):
    """Any library of a host with glibc; its own libc is one."""
    found = next(Path("/lib/x86_64-linux-gnu").glob("libz.so.1*"), None)
    if found is None:
        pytest.skip("this host has no libz built for glibc")
    shutil.copy(APPS / "native.py", tmp_path)
    (tmp_path / "message.txt").write_text("")
    shutil.copy(found, tmp_path / "libz.so")
    said = obelisk("build", tmp_path / "native.py", status=6)
    assert "`.obelisk/lib/libz.so`: built for glibc" in said


def test_an_object_that_nothing_loads_is_data(tmp_path):
    """As debugpy's attach helpers, for processes under glibc; a module is no such."""
    foreign = next(Path("/lib/x86_64-linux-gnu").glob("libz.so.1*"), None)
    if foreign is None:
        pytest.skip("this host has no libz built for glibc")
    text = "def main():\n    print(open(__file__[:-7] + 'helper.so', 'rb').read().hex())\n"
    helper = foreign.read_bytes()
    files = {"tiny.py": text, "helper.so": helper}
    wheel = write_wheel(tmp_path, ["tiny = tiny:main"], files=files)
    said = obelisk("build", wheel, "-o", tmp_path / "tiny", stderr=True)
    assert "warning: not linked in, included as a file only: `lib/python3." in said
    assert "helper.so` of tiny: built for glibc (needs libc.so.6), not for musl" in said
    assert "; to exclude it: `--exclude helper.so`" in said
    assert run([tmp_path / "tiny"], cwd=tmp_path).stdout == helper.hex() + "\n"
    assert "warning" not in obelisk(
        "build", wheel, "-o", tmp_path / "tiny", "--exclude", "helper.so", stderr=True
    )
    files = {"tiny.py": text, "helper.so": helper + b"\0PyInit_helper\0"}
    (tmp_path / "module").mkdir()
    wheel = write_wheel(tmp_path / "module", ["tiny = tiny:main"], files=files)
    assert "cannot link shared objects" in obelisk("build", wheel, status=6)


@pytest.fixture(scope="session")
def debuggable(compiler, executables, tmp_path_factory):
    """The same objects with symbols kept."""
    folder = tmp_path_factory.mktemp("debuggable")
    shutil.copy(APPS / "native.py", folder)
    (folder / "message.txt").write_text("message\n")
    low = compiler(folder / "liblow.so", "-Wl,-soname,liblow.so", "low.c")
    compiler(folder / "libhigh.so", "-Wl,-soname,libhigh.so", "high.c", low)
    compiler(folder / "libzeros.so", "zeros.c")
    return executables("debuggable", "--debug", what=folder / "native.py")


def test_symbols_of_linked_objects_are_kept_for_debuggers(debuggable):
    names = subprocess.run(["nm", debuggable], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in names.splitlines()]
    (address,) = [row[0] for row in rows if row[-1] == "low_hello"]
    argv = ["addr2line", "-f", "-e", debuggable, address]
    found = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert found.splitlines()[0] == "low_hello"
    assert "Py_BytesMain" in names or "PyEval_EvalCode" in names


@pytest.mark.parametrize("kind", ["native", "debuggable"])
@pytest.mark.parametrize("tool", ["strip", "objcopy"])
def test_strip_and_objcopy_keep_linked_objects(request, tmp_path, kind, tool):
    copy = tmp_path / "app"
    shutil.copy(request.getfixturevalue(kind), copy)
    subprocess.run([tool, str(copy)], check=True, capture_output=True)
    said = obelisk("verify", copy, status=7)
    wrong = [line for line in said.splitlines() if line.startswith("FAIL")]
    assert len(wrong) == 1
    assert "section headers (`strip` or `objcopy` changes them)" in wrong[0]
    done = run([copy, "zeros", "life"], cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("zeros 0 8388608\n")
    assert done.stdout.endswith("high ends\nlow ends\n")


def test_a_debugger_shows_the_whole_stack(debuggable, tmp_path):
    if not shutil.which("gdb"):
        pytest.skip("gdb is not installed")
    argv = ["gdb", "-batch", "-ex", "break low_hello", "-ex", "run life", "-ex", "bt", debuggable]
    # A debugger looks for symbols where the kernel mapped the file, not where a snapshot is.
    env = os.environ | {"OBELISK_SNAPSHOT": "0"}
    done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    said = done.stdout
    frames = [line.split(" in ")[-1].split(" (")[0] for line in said.splitlines() if "#" in line]
    assert frames[0].endswith("low_hello")
    assert {"objects_load", "dlopen", "main"} <= set(frames)
    # A static function of CPython's, which is optimised as a whole.
    assert "py_dl_open" in frames

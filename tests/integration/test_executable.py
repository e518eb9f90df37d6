"""What an executable is: read first, then run where there is nothing else."""

import hashlib
import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from support import APPS, expected, obelisk, run

pytestmark = pytest.mark.compile


@pytest.fixture(scope="session")
def hello(executables):
    return executables("hello.py")


def readelf(*options):
    return subprocess.run(
        ["readelf", "-W", *map(str, options)], capture_output=True, text=True, check=True
    ).stdout


def test_it_is_static_and_hardened(hello):
    ldd = subprocess.run(["ldd", str(hello)], capture_output=True, text=True, check=False)
    assert (
        "not a dynamic executable" in ldd.stderr + ldd.stdout or "statically linked" in ldd.stdout
    )
    segments = readelf("-l", hello)
    assert "INTERP" not in segments
    assert "GNU_RELRO" in segments
    assert " RWE " not in segments
    assert "(NEEDED)" not in readelf("-d", hello)
    assert "Position-Independent Executable" in readelf("-h", hello) + segments
    assert ".symtab" not in readelf("-S", hello)


def test_it_runs_in_an_empty_root(hello, empty_root):
    done = empty_root.run(hello, "one", "two words")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["hello", "['/app', 'one', 'two words']"]


def test_nothing_is_opened_but_what_libc_asks(hello, tmp_path):
    """No unpacking, no library, no search for Python: strace shows every file that is opened."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    log = tmp_path / "log"
    subprocess.run(
        ["strace", "-f", "-e", "trace=%file", "-o", log, hello],
        check=True,
        env={},
        capture_output=True,
    )
    paths = {line.split('"')[1] for line in log.read_text().splitlines() if '"' in line}
    allowed = ("/proc/", "/sys/devices/system/node", "/etc/localtime", str(hello))
    assert [path for path in paths if not path.startswith(allowed)] == []


def test_verify_and_inspect(hello):
    said = obelisk("verify", hello)
    assert "FAIL" not in said
    assert f"ok   file: {hello.stat().st_size} bytes checked\n" in said
    inside = json.loads(obelisk("inspect", "--json", hello))
    assert inside["entry"] == "hello.py"
    assert {"openssl", "sqlite", "musl"} <= {one["name"] for one in inside["components"]}
    assert "hello.py" in [module["path"] for module in inside["modules"]]
    assert inside["executable"]["size"] == hello.stat().st_size
    assert "Python 3." in obelisk("inspect", hello)


def test_inspect_tells_where_the_bytes_are(hello):
    found = json.loads(obelisk("inspect", "--size", "--json", hello))
    runtime, payload = found["runtime"], found["payload"]
    whole = runtime["size"] + found["objects"]["size"] + payload["size"]
    assert whole == found["size"] == hello.stat().st_size
    told = sum(sum(parts.values()) for parts in runtime["libraries"].values())
    assert 0.95 * runtime["size"] < told <= runtime["size"]
    assert runtime["libraries"]["openssl"]["code"] > 1 << 20
    for parts in (payload["kinds"], payload["owners"]):
        assert sum(one["stored"] for one in parts) + payload["index"] == payload["size"]
    assert {"bytecode", "source text"} <= {one["name"] for one in payload["kinds"]}
    assert "standard library" in obelisk("inspect", "--size", hello)


@pytest.mark.parametrize("tool", ["strip", "objcopy"])
def test_strip_and_objcopy_keep_the_payload(hello, tmp_path, tool):
    """What they change is no longer as it was built, and `verify` says so; the rest is."""
    copy = tmp_path / "app"
    shutil.copy(hello, copy)
    subprocess.run([tool, str(copy)], check=True, capture_output=True)
    said = obelisk("verify", copy, status=7)
    assert [line for line in said.splitlines() if line.startswith("FAIL")] == [
        (
            "FAIL file: checksum mismatch in ELF header, program headers, padding, "
            "section contents, section headers (`strip` or `objcopy` changes them)"
        )
    ]
    assert run([copy], cwd=tmp_path).stdout.startswith("hello\n")


def test_two_builds_on_two_paths_are_equal(tmp_path, python_version):
    digests = set()
    for name in ("one", "a longer name"):
        folder = tmp_path / name
        shutil.copytree(APPS / "inventory", folder)
        options = ("--script", "inventory", "--python", python_version)
        obelisk("build", "-q", *options, cwd=folder)
        digests.add(hashlib.sha256((folder / "dist/inventory").read_bytes()).hexdigest())
    assert len(digests) == 1


ONE_PROCESSOR = "1" * 32
"""A key of the cache that no content has."""


def test_one_processor_makes_the_same_bytes(hello, tmp_path, python_version):
    """The standard library is compiled anew, by one worker instead of two."""
    place = tmp_path / "hello"
    arguments = ["build", "-q", APPS / "hello.py", "-o", place, "--python", python_version]
    code = (
        "import os, sys\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from obelisk.cli import main\n"
        "from obelisk.compile import stdlib\n"
        f"stdlib.bytecode_key = lambda *inputs: '{ONE_PROCESSOR}'\n"
        "main(sys.argv[1:])\n"
    )
    subprocess.run([sys.executable, "-c", code, *map(str, arguments)], check=True)
    assert place.read_bytes() == hello.read_bytes()
    shutil.rmtree(Path(obelisk("cache", "dir").strip()) / f"bytecode/{ONE_PROCESSOR}")


def damage(executable, folder, mark, skip=0):
    """Copy an executable with one byte changed, `skip` bytes behind the last place of `mark`."""
    damaged = folder / "damaged"
    data = bytearray(executable.read_bytes())
    data[data.rindex(mark) + skip] ^= 0xFF
    damaged.write_bytes(data)
    damaged.chmod(0o755)
    return damaged


@pytest.mark.parametrize(
    ("mark", "skip"),
    [(b"\x89OBELISK\r\n\x1a\n", 20), (b"marker of the main module", 0)],
    ids=["header", "bytecode"],
)
def test_a_damaged_executable_refuses_to_run(executables, tmp_path, mark, skip):
    executable = executables("hello.py", "--no-source-text")
    damaged = damage(executable, tmp_path, mark, skip)
    done = run([damaged], cwd=tmp_path)
    assert done.returncode == 74
    assert "corrupt executable" in done.stderr
    assert "Traceback" not in done.stderr
    obelisk("verify", damaged, status=7)


def hide(executable, folder, table, name):
    """Flip a bit in the name by which a record is found."""
    data = executable.read_bytes()
    start = data.index(b"\x89OBELISK\r\n\x1a\n\x06\0\0\0")
    (names_at,) = struct.unpack_from("<Q", data, start + 24)
    records_at, count = struct.unpack_from("<QQ", data, start + 40 + 16 * table)
    for number in range(count):
        place, size = struct.unpack_from("<IH", data, start + records_at + 64 * number + 56)
        at = start + names_at + place
        if data[at : at + size] == name:
            damaged = folder / "damaged"
            shutil.copy(executable, damaged)
            with damaged.open("r+b") as file:
                file.seek(at + size - 1)
                file.write(bytes([data[at + size - 1] ^ 1]))
            return damaged
    raise LookupError(name)


@pytest.mark.parametrize(
    ("application", "table", "name", "said"),
    [
        ("optional.py", 0, b"{stdlib}\0colorsys", "1\n"),
        ("optional.py", 0, b"{stdlib}/colorsys.py", "1\n"),
        ("optional_file.py", 1, b"\0optional_file.py", "there is a file\n"),
    ],
    ids=["module", "code", "file"],
)
def test_damage_that_hides_is_not_taken_for_absence(
    executables, tmp_path, python_version, application, table, name, said
):
    executable = executables(application)
    name = name.replace(b"{stdlib}", f"lib/python{python_version}".encode())
    assert run([executable], cwd=tmp_path).stdout == said
    damaged = hide(executable, tmp_path, table, name)
    done = run([damaged], cwd=tmp_path)
    assert (done.returncode, done.stdout) == (74, "")
    assert "checksum mismatch in the payload's index" in done.stderr
    said = obelisk("verify", damaged, status=7)
    assert "FAIL file: checksum mismatch in payload\n" in said
    assert "FAIL index: checksum mismatch in " in said


def test_integrity_at_start_checks_what_nothing_else_does(executables, tmp_path):
    executable = executables("hello.py", "--set", "integrity=start", "--compression", "off")
    assert run([executable], cwd=tmp_path).stdout.startswith("hello\n")
    data = executable.read_bytes()
    comment = data.rindex(b"clang version")  # in no segment
    unused = data.rindex(b"rgb_to_hsv")  # in a module that hello does not import
    for place, part in ((comment, "section contents"), (unused, "payload")):
        damaged = tmp_path / "damaged"
        damaged.write_bytes(data[:place] + b"?" + data[place + 1 :])
        damaged.chmod(0o755)
        done = run([damaged], cwd=tmp_path)
        assert (done.returncode, done.stdout) == (74, "")
        assert done.stderr.endswith(f"corrupt executable: checksum mismatch in `{part}`\n")


def test_integrity_at_start_wants_to_read_the_file(executables, tmp_path):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    executable = executables("hello.py", "--set", "integrity=start")
    fault = ["-e", "trace=open", "-e", "inject=open:error=EACCES"]
    argv = ["strace", "-qq", "-f", "-o", "/dev/null", *fault, executable]
    done = subprocess.run(argv, capture_output=True, text=True, env={}, check=False)
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr.endswith("cannot verify this executable: Permission denied\n")


def test_a_script_that_is_shorter_than_its_interpreter_is_not_taken_for_it(
    executables, empty_root, tmp_path
):
    """Without /proc the path that was executed is asked, which is the script's."""
    executable = executables("hello.py")
    script = empty_root.folder / "script"
    script.write_text("#!/app first\n")
    script.chmod(0o755)
    done = empty_root.run(executable, path="/script")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["hello", "['/app', 'first', '/script']"]


def test_a_truncated_executable_says_so_without_proc(executables, empty_root):
    executable = executables("hello.py")
    cut = empty_root.folder / "cut"
    cut.write_bytes(executable.read_bytes()[:100_000])
    cut.chmod(0o755)
    done = empty_root.run(executable, path="/cut")
    assert done.returncode == 74
    assert done.stderr == "/cut: corrupt executable: file truncated\n"


def test_the_reserved_folder_is_no_way_to_settings(tmp_path):
    """Data that would switch `--python` on, were it read as settings."""
    (tmp_path / ".obelisk").mkdir()
    (tmp_path / ".obelisk/interpreter").write_bytes(b"python_option=1\0")
    header = '# /// script\n# [tool.obelisk]\n# data = [".obelisk/*"]\n# ///\n'
    (tmp_path / "app.py").write_text(f"{header}print()\n")
    said = obelisk("build", tmp_path / "app.py", "-o", tmp_path / "app", status=4)
    assert "`.obelisk/interpreter`" in said
    assert not (tmp_path / "app").exists()


def test_a_cut_executable_is_refused(hello, tmp_path):
    cut = tmp_path / "cut"
    cut.write_bytes(hello.read_bytes()[: hello.stat().st_size - 2_000_000])
    obelisk("verify", cut, status=7)
    obelisk("inspect", cut, status=7)


def test_debug_keeps_symbols(executables, tmp_path):
    executable = executables("hello.py", "--debug")
    assert ".symtab" in readelf("-S", executable)
    assert run([executable], cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("compression", ["off", "zstd"])
def test_compression(executables, empty_root, hello, compression):
    executable = executables("hello.py", "--compression", compression)
    assert empty_root.run(executable).stdout.startswith("hello\n")
    if compression == "zstd":
        assert executable.stat().st_size < hello.stat().st_size
    else:
        assert executable.stat().st_size > hello.stat().st_size


def test_without_sources_tracebacks_have_no_lines(executables, tmp_path):
    executable = executables("behaviour.py", "--no-source-text")
    done = run([executable, "fail"], cwd=tmp_path)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "this line is shown" not in done.stderr


@pytest.mark.parametrize(
    ("level", "shown"), [("1", "no asserts, doc"), ("2", "no asserts, no doc")]
)
def test_optimisation(executables, tmp_path, level, shown):
    executable = executables("optimised.py", "--optimize", level)
    assert run([executable], cwd=tmp_path).stdout.strip() == shown


def test_the_whole_standard_library_works(executables, empty_root):
    done = empty_root.run(executables("stdlib.py"), env={"SCRATCH": "/tmp", "TERM": "xterm"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == expected(APPS / "stdlib.py")

"""What training runs change of a snapshot: the modules in it, and nothing that a program sees."""

import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from support import APPS, PYTHON_VERSION, build_application, obelisk, run

from obelisk.services.cache import Cache

pytestmark = pytest.mark.compile

EXPLAIN = {"OBELISK_SNAPSHOT": "explain"}
CLONE_NEWUTS, CLONE_NEWNS = 0x04000000, 0x00020000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
MODULES = ["trained_modules.held", "trained_modules.late"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """(The executable, what its build said)."""
    path = tmp_path_factory.mktemp("trained") / "trained"
    options = ("--snapshot", "--train", "")
    said = build_application("-v", *options, APPS / "snapshot/trained.py", "-o", path, stderr=True)
    return path, said


def test_what_a_training_run_imported_is_there_before_the_program_asks_for_it(trained, tmp_path):
    done = run([trained[0]], cwd=tmp_path, env=EXPLAIN)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[0]) == MODULES
    assert done.stderr == f"{trained[0]}: started from the snapshot\n"


def test_nothing_else_of_its_output_is_other_than_from_the_sources(trained, tmp_path):
    script = APPS / "snapshot/trained.py"
    plain = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    _, *expected = plain.stdout.splitlines()
    for env in ({}, {"OBELISK_SNAPSHOT": "0"}):
        _, *found = run([trained[0]], cwd=tmp_path, env=env).stdout.splitlines()
        assert found == expected


def test_a_module_that_cannot_be_kept_is_imported_by_the_program(trained):
    lines = [line for line in trained[1].splitlines() if " is left out of the " in line]
    (line,) = lines
    reason = "it asks whether a stream is a terminal"
    assert line == f"warning: `trained_modules.terminal` is left out of the snapshot: {reason}"
    found = json.loads(obelisk("inspect", "--json", trained[0]))["snapshot"]
    assert [row["module"] for row in found["left_out"]] == ["trained_modules.terminal"]
    assert set(MODULES) <= set(found["modules"])


def test_without_training_a_program_imports_for_itself(executables, tmp_path):
    untrained = executables("snapshot/trained.py", "--snapshot")
    first, *_ = run([untrained], cwd=tmp_path).stdout.splitlines()
    assert json.loads(first) == MODULES[:1]


def test_a_record_of_training_needs_no_run(tmp_path):
    script = APPS / "snapshot/trained.py"
    record = tmp_path / "record.txt"
    options = ("-q", "--snapshot", "--train-record", record)
    built = []
    for number, train in enumerate((("--train", ""), ())):
        (tmp_path / str(number)).mkdir()
        path = tmp_path / str(number) / "trained"
        build_application(*options, *train, script, "-o", path)
        built.append(path)
    for path in built:
        first, *_ = run([path], cwd=tmp_path).stdout.splitlines()
        assert json.loads(first) == MODULES
    assert built[0].read_bytes() == built[1].read_bytes()


def elsewhere():
    """Let this process have other limits, and be on another host, where the user may do that: with
    another name, several nodes of processors, and a kernel that promises no more than it has."""
    os.umask(0o77)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for limit, value in ((resource.RLIMIT_NOFILE, 512), (resource.RLIMIT_STACK, 64 << 20)):
        resource.setrlimit(limit, (value, resource.getrlimit(limit)[1]))
    libc = ctypes.CDLL(None)
    if libc.unshare(CLONE_NEWUTS | CLONE_NEWNS) != 0:
        return
    libc.sethostname(b"another-host-name", 17)
    libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    nodes = Path("/sys/devices/system/node")
    libc.mount(b"none", bytes(nodes), b"tmpfs", 0, None)
    for number in range(4):
        nodes.joinpath(f"node{number}").mkdir()
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"2\n")
        file.flush()
        libc.mount(file.name.encode(), b"/proc/sys/vm/overcommit_memory", None, MS_BIND, None)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("arrays_drawn.py", marks=pytest.mark.network),  # starts a thread
        "hungry.py",
        "trained.py",
        pytest.param(
            "wandering.py",
            marks=pytest.mark.skipif(
                PYTHON_VERSION == "3.13", reason="pathlib of 3.13 interns names, also random ones"
            ),
        ),
    ],
)
def test_builds_are_equal_wherever_whenever_and_by_whom_they_are_made(tmp_path, name):
    """Nor do the runs have the same folder, variables, time zone, locale, host or cache."""
    here, there = tmp_path / "here", tmp_path / "there, where the path is longer" / "by far"
    cache = tmp_path / "the cache by another path"
    cache.symlink_to(Cache().root, target_is_directory=True)
    given = {f"VARIABLE_{number}": "x" * number for number in range(100)}
    given |= {"HOME": str(tmp_path), "USER": "somebody", "LOGNAME": "somebody", "TZ": "JST-9"}
    given |= {"LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "77", "TMPDIR": str(tmp_path)}
    given |= {"OBELISK_CACHE": str(cache), "_": "/bin/false"}
    built = []
    for folder, variables, before in ((here, {}, None), (there, given, elsewhere)):
        shutil.copytree(APPS / "snapshot", folder)
        path = folder / "built" / "program"
        words = ("build", "-q", "--python", PYTHON_VERSION, "--snapshot", "--train", "")
        subprocess.run(
            [sys.executable, "-m", "obelisk", *words, folder / name, "-o", path],
            check=True,
            cwd=folder,
            env=os.environ | variables,
            preexec_fn=before,
        )
        built.append(path)
    assert built[0].read_bytes() == built[1].read_bytes()


def test_a_program_that_ends_at_once_is_not_prepared_for(tmp_path):
    """It has no end at which it could be seen what it wrote to."""
    script = tmp_path / "ends.py"
    script.write_text("import os\nimport json\nprint(json.dumps(1), flush=True)\nos._exit(0)\n")
    path = tmp_path / "ends"
    build_application("-q", "--snapshot", "--train", "", script, "-o", path)
    done = run([path], cwd=tmp_path, env=EXPLAIN)
    assert (done.returncode, done.stdout) == (0, "1\n")
    assert done.stderr == f"{path}: started from the snapshot\n"


def test_training_sees_the_arguments_folder_and_environment(tmp_path):
    """Once without the snapshot, and once with it and once more in its final place."""
    script, log = tmp_path / "app.py", tmp_path / "log"
    script.write_text(
        "import os\nimport sys\n\n"
        f"with open({str(log)!r}, 'a') as file:\n"
        "    print(sys.argv[1:], os.getcwd(), os.environ.get('TOLD'), file=file)\n"
    )
    options = ("-q", "--snapshot", "--train", "--some 'thing else'")
    build_application(*options, script, "-o", tmp_path / "app", env={"TOLD": "yes"}, cwd=tmp_path)
    line = f"['--some', 'thing else'] {tmp_path} yes"
    assert log.read_text().splitlines() == [line] * 3


@pytest.mark.parametrize("allocator", ["malloc", "pymalloc_debug"])
def test_another_allocator_changes_what_is_in_the_snapshot(allocator, tmp_path):
    modules = APPS / "snapshot/trained_modules"
    (tmp_path / "held.py").write_text((modules / "held.py").read_text())
    script = tmp_path / "app.py"
    script.write_text(
        "# /// script\n# [tool.obelisk.interpreter]\n"
        f'# allocator = "{allocator}"\n# ///\nimport held\nprint(held.change())\n'
    )
    path = tmp_path / "app"
    build_application("-q", "--snapshot", script, "-o", path)
    done = run([path], cwd=tmp_path, env=EXPLAIN)
    assert done.stderr == f"{path}: started from the snapshot\n"
    assert done.stdout == run([path], cwd=tmp_path, env={"OBELISK_SNAPSHOT": "0"}).stdout

"""A kernel that says no to what open files of the executable need: see test_refused_calls.

Whatever fails, what is read is right, or there is an exception.
"""

import errno
import shutil
import subprocess

import pytest
from seccomp import CALLS, refuser
from support import APPS, expected, obelisk

pytestmark = [pytest.mark.compile, pytest.mark.network]

ERRORS = ("EPERM", "ENOSYS", "ENOMEM", "EMFILE", "EINTR", "EIO", "ENOSPC")
NEEDED = (
    *("close", "dup", "dup2", "fchmod", "fcntl", "flock", "fstat", "ftruncate", "lseek"),
    *("memfd_create", "mmap", "open", "openat", "pread64", "pwrite64", "read", "readlink"),
    *("sendfile", "utimensat"),
)
"""What the application's files need; CPython itself survives the loss of some of them."""
TIMEOUT = 20


@pytest.fixture(scope="module")
def attacked(tmp_path_factory, python_version):
    folder = tmp_path_factory.mktemp("attacked_files")
    shutil.copy(APPS / "attacked_files/app.py", folder)
    (folder / "small.bin").write_bytes(bytes(range(250)) * 8)
    (folder / "large.bin").write_bytes(bytes(range(250)) * 4800)
    obelisk("build", folder / "app.py", "-q", "-o", folder / "app", "--python", python_version)
    return folder / "app"


def outcome(argv, what, **options):
    """Name the outcome; fail where it is none that a program can live with."""
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=TIMEOUT, env={}, check=False, **options
        )
    except subprocess.TimeoutExpired:
        pytest.fail(f"{what}: it hangs")
    said = done.stdout.splitlines()
    lines = expected(APPS / "attacked_files/app.py")
    assert done.returncode >= 0, f"{what}: ended by signal {-done.returncode}: {done.stderr}"
    assert "corrupt executable" not in done.stderr, f"{what}: taken for damage: {done.stderr}"
    # A child that cannot be waited for, or read, says that it is so.
    wrong = [line for line in said if line not in (*lines, "child False")]
    assert not wrong, f"{what}: {wrong}"
    if done.returncode == 0:
        return "ran" if said == lines else "ran, but for a lock or a child"
    assert done.stderr.strip(), f"{what}: status {done.returncode} without a word"
    return "failed with a message"


def test_a_call_that_files_need_is_refused(attacked, campaign):
    calls = [call for call in NEEDED if call in CALLS and call not in ("close", "fcntl")]
    # CPython calls again for as long as that is interrupted.
    cases = [(call, error) for call in calls for error in ERRORS if error != "EINTR"]
    refused = campaign("refused calls on files", part=20, whole=len(cases))
    for case in refused.cases:
        call, error = cases[case * len(cases) // len(refused.cases)]
        refuse = refuser(call, getattr(errno, error))
        refused.saw(outcome([attacked], f"{call}: {error}", preexec_fn=refuse))


def test_a_call_on_files_that_fails_once(attacked, campaign, tmp_path):
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    log = tmp_path / "calls.txt"
    subprocess.run([strace, "-o", log, attacked], capture_output=True, check=True)
    made = [line.partition("(")[0] for line in log.read_text().splitlines() if "(" in line]
    # What comes after the first file was made is about files.
    first = made.index("memfd_create")
    places = [
        (call, made[: number + 1].count(call))
        for number, call in enumerate(made)
        if number >= first and call in NEEDED and call not in ("close", "fcntl")
    ]
    failures = campaign("calls on files that fail once", part=25, whole=len(places) * len(ERRORS))
    for case in failures.cases:
        draw = failures.random(case)
        call, when = draw.choice(places)
        error = draw.choice(ERRORS)
        what = f"{call} number {when}: {error}"
        injected = f"inject={call}:error={error}:when={when}"
        argv = [strace, "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", injected, attacked]
        failures.saw(outcome(argv, what))

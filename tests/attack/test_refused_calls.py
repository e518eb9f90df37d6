"""A kernel or a container that says no: the program works, or says what was refused.

Never is that taken for damage, never does it crash or hang, and never is a wrong result a success.
"""

import errno
import re
import shutil
import subprocess

import pytest
from seccomp import CALLS, refuser
from support import APPS, expected

pytestmark = [pytest.mark.compile, pytest.mark.network]

ERRORS = (errno.EPERM, errno.ENOSYS, errno.ENOMEM)
TIMEOUT = 20
NOT_STARTED = 70
"""Exit status when the interpreter could not start."""
LEFT_ALONE = (
    # Without these there is no process to speak of.
    *("execve", "arch_prctl", "exit_group"),
    # CPython asks it whether stdout and stderr are open: when it fails they are None, everywhere.
    "fcntl",
    # Linux loses no wake-up, and what it closes is closed whatever it says.
    *("futex", "close"),
)


@pytest.fixture(scope="module")
def attacked(executables):
    return executables("attacked/attacked.py")


def judge(done, what):
    """Name the outcome of a run in which something was refused; fail for what must not be."""
    assert done.returncode >= 0, f"{what}: ended by signal {-done.returncode}: {done.stderr}"
    assert "corrupt" not in done.stderr, f"{what}: taken for damage: {done.stderr}"
    if done.returncode == 0:
        assert done.stdout.splitlines() == expected(APPS / "attacked/attacked.py"), what
        return "ran"
    assert done.stderr.strip(), f"{what}: status {done.returncode} without a word"
    if done.returncode == NOT_STARTED:
        return "did not start, with a message"
    last = done.stderr.strip().splitlines()[-1]
    assert re.match(r"[\w.]*(Error|Exception|SystemExit)\b", last), f"{what}: {done.stderr}"
    return "failed with an exception"


def run_refused(argv, what, **options):
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=TIMEOUT, env={}, check=False, **options
        )
    except subprocess.TimeoutExpired:
        pytest.fail(f"{what}: it hangs")
    return judge(done, what)


def test_a_call_that_is_always_refused(attacked, tmp_path, campaign):
    cases = [(call, error) for call in sorted(CALLS) for error in ERRORS]
    refused = campaign("refused calls", part=len(CALLS), whole=len(cases))
    for case in refused.cases:
        # A part has each call once, with one error or another.
        call, error = cases[case * len(cases) // len(refused.cases)]
        what = f"{call} refused with {errno.errorcode[error]}"
        outcome = run_refused([attacked], what, cwd=tmp_path, preexec_fn=refuser(call, error))
        refused.saw(outcome)


def test_a_call_that_fails_once(attacked, tmp_path, campaign):
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    log = tmp_path / "calls.txt"
    subprocess.run([strace, "-o", log, attacked], capture_output=True, cwd=tmp_path, check=True)
    made = [line.partition("(")[0] for line in log.read_text().splitlines() if "(" in line]
    places = [
        (call, made[: number + 1].count(call))
        for number, call in enumerate(made)
        if call not in LEFT_ALONE
    ]
    failures = campaign("calls that fail once", part=25, whole=3 * len(places))
    for case in failures.cases:
        draw = failures.random(case)
        call, when = draw.choice(places)
        error = draw.choice(("ENOMEM", "EIO", "EACCES", "EMFILE", "EINTR"))
        what = f"{call} number {when} failed with {error}"
        injected = f"inject={call}:error={error}:when={when}"
        argv = [strace, "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", injected, attacked]
        failures.saw(run_refused(argv, what, cwd=tmp_path))

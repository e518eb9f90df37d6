"""Programs that run for us end when we do."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RUN = """
import os, sys
from pathlib import Path
from obelisk.services.process import run_logged, run_watched
script = "sleep 0.5; echo $$ >&2; trap '' TERM; while :; do sleep 1; done"
if sys.argv[1] == "watched":
    run_watched(["sh", "-c", script], env=dict(os.environ), what="x", on_line=print)
else:
    log = Path(sys.argv[2], "log")
    run_logged(["sh", "-c", script], log=log, cwd=log.parent, env=dict(os.environ), what="x")
"""


def first_line(program, log, seconds=20):
    """The number of the process that the program started: it prints it."""
    if log is None:
        return int(program.stdout.readline())
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        lines = log.read_text().splitlines() if log.exists() else []
        numbers = [line for line in lines if line.isdecimal()]
        if numbers:
            return int(numbers[0])
        time.sleep(0.02)
    pytest.fail("it was not started")


def is_running(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("how", ["watched", "logged"])
def test_a_program_ends_with_who_was_killed(how, tmp_path):
    argv = [sys.executable, "-u", "-c", RUN, how, str(tmp_path)]
    program = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    number = first_line(program, tmp_path / "log" if how == "logged" else None)
    assert is_running(number)
    os.kill(program.pid, signal.SIGKILL)
    program.wait()
    program.stdout.close()
    until = time.monotonic() + 20
    while is_running(number) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_running(number)


FINALISED = """
import os, signal, time
from obelisk.services.interrupt import Stopped, stopped_by_signals

class Finalised:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.1)

try:
    with stopped_by_signals(lambda: None):
        Finalised()
        time.sleep(20)
except Stopped as stopped:
    print("stopped by", stopped.number)
"""


def test_a_signal_that_comes_as_an_object_is_finalised_is_not_lost():
    argv = [sys.executable, "-c", FINALISED]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=15, check=False)
    assert (done.stdout, done.stderr) == (f"stopped by {signal.SIGTERM.value}\n", "")

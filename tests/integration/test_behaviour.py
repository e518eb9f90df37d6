"""An executable behaves as an ordinary script does."""

import os
import signal
import subprocess

import pytest
from support import own_paths, run

pytestmark = pytest.mark.compile


@pytest.fixture(scope="session")
def behaviour(executables):
    return executables("behaviour.py")


@pytest.fixture
def ask(behaviour, tmp_path):
    return lambda *arguments, **options: run([behaviour, *arguments], cwd=tmp_path, **options)


@own_paths
def test_main_module(ask):
    assert ask("show_main", "x").stdout.splitlines() == [
        "__main__ None behaviour.py ['x']",
        "True 0 1 1",
        "True True",
    ]


@pytest.mark.parametrize("status", [0, 1, 5, 255])
def test_exit_status(ask, status):
    assert ask("status", str(status)).returncode == status


def test_subinterpreters_import_from_the_executable(ask):
    done = ask("subinterpreters")
    lines = sorted(done.stdout.splitlines())
    assert (lines, done.stderr) == (["None", "None", '[true, "1"]', '[true, "1"]'], "")


def test_a_file_below_the_executable_can_be_run(ask):
    assert ask("run_path").stdout == "ran nested_scopes\n"


def test_exit_message(ask):
    done = ask("message")
    assert (done.returncode, done.stderr) == (1, "a last word\n")


@own_paths
def test_traceback_shows_source_lines_and_no_frame_of_ours(ask):
    done = ask("fail")
    assert done.returncode == 1
    assert "return 1 / divisor  # this line is shown" in done.stderr
    assert "behaviour/behaviour.py" in done.stderr
    assert "importlib" not in done.stderr
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_stdin_and_stdout(ask):
    assert ask("echo", stdin="one\ntwo\n").stdout == "ONE\nTWO\n"


def test_a_broken_pipe_ends_it(behaviour, tmp_path):
    writer = subprocess.Popen(
        [behaviour, "flood"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env={}
    )
    writer.stdout.readline()
    writer.stdout.close()
    error = writer.stderr.read()
    writer.stderr.close()
    assert b"BrokenPipeError" in error
    # As CPython: 120 if something was left to flush at the end, else that of the traceback.
    assert writer.wait(10) in (1, 120)


@pytest.mark.parametrize(
    ("action", "number", "status"),
    [
        ("sleep", signal.SIGINT, -signal.SIGINT),
        ("handle", signal.SIGTERM, 7),
        ("sleep", signal.SIGTERM, -signal.SIGTERM),
    ],
)
def test_signals(behaviour, tmp_path, action, number, status):
    with subprocess.Popen(
        [behaviour, action], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env={}
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        _, error = process.communicate(timeout=10)
    assert process.returncode == status
    assert (b"KeyboardInterrupt" in error) == (number == signal.SIGINT)


def test_threads_have_deep_stacks(ask):
    assert ask("threads").stdout == "depth 15000\n"


def test_names_that_only_site_promises(ask):
    done = ask("builtins")
    assert done.returncode == 3
    assert "help(object)" in done.stdout


def test_output_is_flushed_at_exit(ask):
    assert ask("at_exit").stdout == "no newline at exit\n"


def test_text_is_utf8_whatever_the_locale(ask):
    assert ask("encoding", env={"LC_ALL": "C"}).stdout == "utf-8 utf-8 obélisque ∆\n"


def test_no_memory_is_writable_and_executable(ask):
    assert ask("maps").stdout == "False\n"


def test_the_executable_can_start_itself(ask):
    assert ask("rebuild_command").stdout == "__main__ None behaviour.py ['again']\n"


def test_environment_variables_of_python_have_no_effect(ask, tmp_path):
    (tmp_path / "os.py").write_text("raise SystemExit('loaded from PYTHONPATH')")
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('site')")
    hostile = {
        "PYTHONPATH": str(tmp_path),
        "PYTHONHOME": "/nonexistent",
        "PYTHONSTARTUP": "/nonexistent",
        "PYTHONVERBOSE": "1",
        "PYTHONINSPECT": "1",
        "PYTHONIOENCODING": "ascii",
        "PYTHONUTF8": "0",
        "PYTHONMALLOC": "debug",
        "PYTHONOPTIMIZE": "2",
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",
        "PYTHONWARNINGS": "error",
        "LD_PRELOAD": "/nonexistent.so",
        "LD_LIBRARY_PATH": str(tmp_path),
    }
    for action in ("show_main", "encoding"):
        plain, odd = ask(action), ask(action, env=hostile)
        assert (odd.returncode, odd.stdout, odd.stderr) == (0, plain.stdout, "")


@pytest.mark.parametrize("setting", [(), ("unbuffered",)])
def test_buffering(executables, tmp_path, setting):
    options = ["--unbuffered"] if setting else []
    executable = executables("behaviour.py", *options)
    with subprocess.Popen(
        [executable, "unflushed"], stdout=subprocess.PIPE, cwd=tmp_path, env={}
    ) as process:
        os.set_blocking(process.stdout.fileno(), False)
        process.wait(10)
        written = process.stdout.read()
    assert written == (b"written" if setting else None) or (not setting and written == b"")

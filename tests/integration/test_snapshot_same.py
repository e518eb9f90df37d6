"""A program that starts from a snapshot is the same program: each question is asked both ways."""

import json
import os
import pty
import re
import resource
import signal
import subprocess
from pathlib import Path

import pytest
from support import (
    APPS,
    PYTHON_VERSION,
    build_application,
    obelisk,
    refuse_new_code,
    run,
    wait_until_asleep,
)

pytestmark = pytest.mark.compile

COLD = {"OBELISK_SNAPSHOT": "0"}
ADDRESS = ("Current thread 0x",)
EXPLAIN = {"OBELISK_SNAPSHOT": "explain"}


@pytest.fixture(scope="session")
def told(executables):
    return executables("snapshot/program.py", "--snapshot")


@pytest.fixture
def ask(told, tmp_path):
    """Run an action from the snapshot, and cold; what they print and how they end is the same."""

    def ask_it(*arguments, env=None, **options):
        options = {"cwd": tmp_path, **options}
        warm, cold = (
            run([told, *arguments], env={**(env or {}), **more}, **options) for more in ({}, COLD)
        )
        assert without(warm.stdout, COLD) == without(cold.stdout, COLD)
        assert without(warm.stderr, ADDRESS) == without(cold.stderr, ADDRESS)
        assert warm.returncode == cold.returncode
        return warm

    return ask_it


def without(text, names):
    """Return the lines of a text but for those that contain such a name."""
    return [line for line in text.splitlines() if not any(name in line for name in names)]


def answer(done):
    """Return what was printed as JSON, before what is printed at the end."""
    assert (done.stderr, done.returncode) == ("", 0)
    start = re.search(r"^[\[{]", done.stdout, re.MULTILINE).start()
    return json.JSONDecoder().raw_decode(done.stdout[start:])[0]


def test_it_does_start_from_the_snapshot(told, tmp_path):
    said = run([told, "draws"], cwd=tmp_path, env=EXPLAIN).stderr
    assert said == f"{told}: started from the snapshot\n"
    said = run([told, "draws"], cwd=tmp_path, env={"OBELISK_SNAPSHOT": "0"}).stderr
    assert said == ""


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"HOME": "/nowhere", "USER": "somebody", "TOLD_SET": "outside", "TOLD_REMOVED": "x"},
        {"TZ": "Europe/Berlin"},
        {"TZ": "JST-9"},
        {"LANG": "de_DE.UTF-8"},
        {"LC_ALL": "C"},
        {"PYTHONHASHSEED": "1", "PYTHONUTF8": "0", "PYTHONPATH": "/tmp"},
    ],
    ids=["empty", "set", "zone", "rule", "language", "locale", "python"],
)
def test_the_process(ask, env):
    found = answer(ask("process", "two", "thr ee", env=env))
    assert found["argv"][1:] == ["process", "two", "thr ee"]
    assert found["environ"]["TOLD_SET"] == "by the module"
    assert "TOLD_SET=by the module" in found["environ of C"]
    assert "TOLD_REMOVED" not in found["environ"]
    assert found["fork hooks"] == []
    assert "decoder.py" in found["listed"]
    assert all(found[name] for name in ("pid", "ppid", "thread", "ident"))


def test_the_modules_that_tell_are_in_the_snapshot(told):
    """Or all that follows would compare two cold starts."""
    found = json.loads(obelisk("inspect", "--json", told))["snapshot"]
    assert {"told", "told_objects", "ssl"} <= set(found["modules"])
    assert not found["left_out"]


def test_the_variables_that_modules_change_have_their_last_values(ask):
    assert answer(ask("process"))["environ"]["TOLD_SET"] == "by the module"


def limited():
    os.umask(0o77)
    resource.setrlimit(resource.RLIMIT_NOFILE, (77, 88))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def test_what_is_inherited(ask, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    found = answer(ask("process", cwd=folder, before=limited))
    assert (found["cwd"], found["umask"]) == (str(folder), 0o77)
    assert [77, 88] in found["limits"]


def test_a_copy_at_another_path(told, tmp_path):
    copy = tmp_path / "copied name"
    copy.write_bytes(told.read_bytes())
    copy.chmod(0o755)
    found = answer(run([copy, "process"], cwd=tmp_path))
    assert found["executable"] == found["spawned by"] == str(copy)
    assert found["built beside"] == str(tmp_path)


def closed(*numbers):
    def close():
        for number in numbers:
            os.close(number)

    return close


@pytest.mark.parametrize("number", [0, 1])
def test_streams_that_are_closed(told, tmp_path, number):
    path = tmp_path / "out"
    shown = []
    for more in ({}, COLD):
        with path.open("wb") as file, Path(os.devnull).open("rb") as nothing:
            streams = [nothing, file, file]
            subprocess.run(
                [told, "streams"],
                stdin=streams[0],
                stdout=streams[1],
                stderr=streams[2],
                env=more,
                check=False,
                preexec_fn=closed(number),
                timeout=60,
            )
        shown.append(path.read_bytes())
    assert shown[0] == shown[1]


def in_terminal(argv, env):
    """Return all that a program prints to a terminal."""
    control, side = pty.openpty()
    process = subprocess.Popen(argv, stdin=side, stdout=side, stderr=side, env=env)
    os.close(side)
    found = b""
    while True:
        try:
            data = os.read(control, 4096)
        except OSError:
            break
        if not data:
            break
        found += data
    os.close(control)
    assert process.wait(60) == 0
    return found


def test_streams_of_a_terminal(told):
    warm, cold = (in_terminal([told, "streams"], more) for more in ({}, COLD))
    assert warm == cold
    assert b'"terminal": true' in warm


def test_streams(ask):
    found = answer(ask("streams", stdin=""))
    assert found["stdout"]["settings"] == ["utf-8", "surrogateescape", False]
    assert found["stderr"]["settings"] == ["utf-8", "backslashreplace", True]
    assert answer(ask("stdin", stdin="one\r\ntwö\n")) == ["one\r", "twö"]
    assert ask("logs").stdout.startswith("logged\n")


def ignoring():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})
    refuse_new_code()


def test_signals(ask):
    found = answer(ask("signals"))
    assert found["faults"]
    assert found["handlers"]["10"].startswith("<function <lambda>")
    found = answer(ask("signals", before=ignoring))
    assert found["handlers"]["2"] == found["handlers"]["15"]
    assert answer(ask("handled")) == [signal.SIGUSR1]


def test_what_is_drawn_is_new(told, tmp_path):
    runs = [answer(run([told, "draws"], cwd=tmp_path)) for _ in range(3)]
    for name in runs[0]:
        assert len({one[name] for one in runs}) == 3, name


@pytest.mark.network
def test_what_numpy_draws_is_new(executables, tmp_path):
    executable = executables("snapshot/arrays_drawn.py", "--snapshot")
    runs = [run([executable], cwd=tmp_path, env=EXPLAIN) for _ in range(2)]
    for done in runs:
        assert done.stderr == f"{executable}: started from the snapshot\n"
    (first, seeded, own), (again, seeded_again, own_again) = (one.stdout.split() for one in runs)
    assert first != again
    assert own != own_again
    assert seeded == seeded_again


def test_memory_that_is_traced_from_an_import_on(executables, tmp_path):
    executable = executables("snapshot/traced.py", "--snapshot")
    cold, warm = (
        run([executable], cwd=tmp_path, env={"OBELISK_SNAPSHOT": value}) for value in ("0", "1")
    )
    assert warm.stdout.splitlines()[0] == "True True"
    assert (warm.returncode, warm.stdout, warm.stderr) == (0, cold.stdout, cold.stderr)


def test_clocks(told, tmp_path):
    assert set(answer(run([told, "clocks"], cwd=tmp_path)).values()) == {True}


def test_processes_of_multiprocessing(told, tmp_path):
    # What the children print at their ends is not in order.
    found, cold = (answer(run([told, "methods"], cwd=tmp_path, env=env)) for env in ({}, COLD))
    assert found == cold
    assert found["fork"] == ["ForkProcess", ["child"], True, 0]
    assert found["spawn"] == ["SpawnProcess", [], True, 0]


def test_finalizers(ask):
    done = ask("finalizers")
    assert done.stdout.startswith("finalized when it is replaced\n")
    assert "finalized at exit\n" in done.stdout


@pytest.mark.skipif(PYTHON_VERSION == "3.13", reason="Python 3.13 has no concurrent.interpreters")
@pytest.mark.parametrize("more", [(), ("all",)])
def test_interpreters_that_nobody_closes(ask, more):
    done = ask("interpreters_left", *more)
    assert "inside" in done.stdout.splitlines()
    assert done.stderr.count("RuntimeWarning: remaining subinterpreters") == 1
    assert done.returncode == 0


@pytest.fixture(scope="module")
def settled(tmp_path_factory):
    path = tmp_path_factory.mktemp("settled") / "settled"
    words = ("--snapshot", APPS / "snapshot/settled.py", "-o", path)
    assert "left out" not in build_application(*words, stderr=True)
    return path


@pytest.mark.parametrize(
    ("action", "text", "status"),
    [
        (("faults",), "Fatal Python error: Segmentation fault", -signal.SIGSEGV),
        (("faults", "overflow"), "Fatal Python error: Segmentation fault", -signal.SIGSEGV),
        (("folders",), "/tmp\n", 0),
        (("generators",), "0.3238", 0),
        (("handlers",), "SigCgt", int(signal.SIGUSR1)),
        (("finalizers",), "finalized in the main module\nfinalized in a module\n", 0),
    ],
)
def test_what_modules_settle_at_import_stays(settled, tmp_path, action, text, status):
    folder = tmp_path / "other"  # where temporary files would go
    folder.mkdir()
    warm, cold = (
        run([settled, *action], cwd=tmp_path, env={"TMPDIR": str(folder), **more})
        for more in ({}, COLD)
    )
    assert text in cold.stdout + cold.stderr
    assert (warm.stdout, warm.stderr, warm.returncode) == (cold.stdout, cold.stderr, status)
    said = run([settled, "folders"], cwd=tmp_path, env=EXPLAIN).stderr
    assert said == f"{settled}: started from the snapshot\n"


def test_modules_beside_the_executable(tmp_path):
    script, executable = tmp_path / "script.py", tmp_path / "beside/script"
    script.write_text(
        "import subprocess, sys, plugin\nprint(plugin.NAME, sys.path[-1])\n"
        "print(subprocess.check_output([sys.executable, '-c', 'import plugin']))\n"
    )
    executable.parent.mkdir()
    (executable.parent / "plugin.py").write_text("NAME = __name__\n")
    paths = "interpreter.module-search-paths=['$ORIGIN']"
    build_application("-q", "--snapshot", "--set", paths, script, "-o", executable)
    moved = executable.parent.rename(tmp_path / "moved")
    for env in ({}, COLD):
        done = run([moved / "script"], cwd=tmp_path, env=env)
        assert (done.stdout, done.stderr) == (f"plugin {moved}\nb''\n", "")


@pytest.mark.parametrize("status", [0, 3, 255])
def test_exit(ask, status):
    done = ask("exits", status)
    assert done.returncode == status
    assert done.stdout.splitlines()[0] == "thread"


def test_messages_and_tracebacks(ask):
    assert ask("message").stderr == "a last word\n"
    done = ask("raises")
    assert done.returncode == 1
    assert done.stderr.endswith('    raise ValueError("told")\nValueError: told\n')
    done = ask("crashes", timeout=60)
    assert done.returncode == -signal.SIGSEGV
    assert "in crashes" in done.stderr
    assert ask("deep").returncode == 0


def test_what_cannot_be_written_is_an_error(told):
    shown = []
    for more in ({}, COLD):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [told, "streams"], stdout=full, stderr=subprocess.PIPE, env=more, check=False
            )
        shown.append((done.returncode, done.stderr))
    assert shown[0] == shown[1]
    assert shown[0][0] == 120


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption(told, number):
    shown = []
    for more in ({}, COLD):
        process = subprocess.Popen(
            [told, "interrupted"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=more
        )
        assert process.stdout.readline() == b"waiting\n"
        wait_until_asleep(process)
        process.send_signal(number)
        shown.append((*process.communicate(timeout=60), process.returncode))
    assert shown[0] == shown[1]
    assert shown[0][2] == -number


def test_nothing_of_the_builder_is_inside(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import json, logging, os\nprint(os.environ.get('PLANTED'))\n")
    secret = "planted-7f3a9c51e2"
    names = ("PLANTED", "AWS_SECRET_ACCESS_KEY", "HOSTNAME", "USER", "LC_TELEPHONE")
    path = tmp_path / "planted"
    build_application("-q", "--snapshot", script, "-o", path, env=dict.fromkeys(names, secret))
    data = path.read_bytes()
    assert secret.encode() not in data
    assert str(tmp_path).encode() not in data
    assert run([path], cwd=tmp_path).stdout == "None\n"


def test_two_builds_are_equal(told, tmp_path):
    application, again = APPS / "snapshot/program.py", tmp_path / "program"
    build_application("-q", "--snapshot", application, "-o", again, env={"TZ": "JST-9"})
    assert again.read_bytes() == told.read_bytes()

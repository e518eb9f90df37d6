"""Programs inside an executable, and programs outside that are given paths inside."""

import errno
import shutil

import pytest
from seccomp import refuser
from support import APPS, SNAPSHOTS, in_root, run, write_wheel

pytestmark = pytest.mark.compile


@pytest.fixture(scope="session")
def folder(compiler, tmp_path_factory):
    """The application, with a program that is compiled."""
    folder = tmp_path_factory.mktemp("inside") / "inside"
    shutil.copytree(APPS / "inside", folder)
    compiler.call("cc", "-O1", "tool.c", "-o", folder / "bin/tool")
    (folder / "share/many").mkdir()
    for number in range(4001):
        (folder / f"share/many/{number}").touch()
    return folder


@pytest.fixture(scope="session")
def inside(executables, folder):
    return executables("inside", what=folder / "inside.py")


@pytest.fixture
def ask(inside, tmp_path):
    """What the application prints; that no temporary copies are left is asked each time."""

    def ask_it(*arguments, executable=inside, env=None, before=None):
        for name in ("scratch", "temporary"):
            (tmp_path / name).mkdir(exist_ok=True)
        env = {
            "SCRATCH": str(tmp_path / "scratch"),
            "TMPDIR": str(tmp_path / "temporary"),
            "PYTHON": shutil.which("python3", path="/usr/bin:/usr/local/bin"),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        } | (env or {})
        done = run([executable, *arguments], cwd=tmp_path, env=env, before=before)
        assert (done.returncode, done.stderr) == (0, "")
        assert list((tmp_path / "temporary").iterdir()) == []
        return done.stdout.splitlines()

    return ask_it


OWN = "/memfd:tool (deleted)"


def ways(own):
    return [
        f"vfork EXE/bin/tool one A=b {own}",
        f"fork EXE/bin/tool one A=b {own}",
        f"name tool one A=b {own}",
        f"path tool one A=b {own}",
        f"spawn name one A=b {own}",
        f"spawnp name one A=b {own}",
        f"execv name one A= {own}",
        f"execvp name one A= {own}",
        f"execvpe name one A=b {own}",
    ]


def test_every_way_to_execute_a_program(ask):
    copy = "COPY/bin/tool"
    *said, shell, popen, threads = ask("ways")
    assert said == ways(OWN)
    assert ask("descriptor")[0].startswith("fexecve name one A=b /memfd:")
    assert shell == f"shell {copy} one two A=c {copy} {copy} A=b {copy}"
    assert popen == f"popen {copy} one A= {copy}"
    assert threads == "threads 1"


@pytest.mark.parametrize("error", [errno.ENOSYS, errno.EACCES, errno.EPERM])
def test_where_there_are_no_files_in_memory(ask, error):
    """A policy refuses them (EPERM), there are none (ENOSYS), or vm.memfd_noexec is 2 (EACCES)."""
    said = ask("ways", "scripts", before=refuser("memfd_create", error))
    assert said[:9] == ways("COPY/bin/tool")
    assert said[-4] == "script COPY/bin/script one"


def test_other_paths_of_a_program(ask):
    assert ask("paths") == [
        *[f"PATH one A=b {OWN}"] * 3,
        "COPY/bin/script one EXE ['EXE/bin/pyscript', 'one'] EXE/bin/pyscript __main__",
    ]


def test_what_is_found_by_name(ask):
    assert ask("found") == [
        *(f"which {name} EXE/bin/{name}" for name in ("tool", "script", "pyscript")),
        *("which ruff EXE/bin/ruff", "which ninja EXE/bin/ninja", "which plain None"),
        *("mode 0o100755 True", "plain 0o100644 False", "once 1", "child 1"),
    ]


def test_programs_of_wheels(ask):
    """Static ruff, and ninja, which needs musl's dynamic linker, by their own Python code."""
    said = ask("packages")
    if SNAPSHOTS:  # the paths of modules begin with the same, wherever the executable lies
        said = [line.replace("/proc/self/exe/", "EXE/") for line in said]
    assert said == [
        *("ruff EXE/bin/ruff ruff ", "checked True True", "module ruff "),
        *("ninja EXE/bin 1.", "by its module 1.", "built build.ninja"),
    ]


def test_programs_of_wheels_without_proc(inside, tmp_path):
    root = tmp_path / "root"
    (root / "tmp").mkdir(parents=True)
    shutil.copy(inside, root / "app")
    done = run(in_root(root, "/app", "versions"), cwd="/")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line[:9] for line in done.stdout.splitlines()] == ["ruff 0 ru", "ninja 0 1"]
    assert list((root / "tmp").iterdir()) == []


def test_what_cannot_be_executed(ask):
    assert ask("refusals") == [
        *("bin/plain EACCES", "bin/none ENOENT", "bin EACCES", "bin/garbage ENOEXEC"),
        *("bin/nobody ENOENT", "bin/tool/x ENOTDIR"),
    ]


def test_scripts(ask):
    assert ask("scripts") == [
        "script COPY/bin/script one",
        "pyscript EXE ['EXE/bin/pyscript', 'one'] EXE/bin/pyscript __main__",
        "both COPY/bin/script one COPY/bin/script two",
        "beside hello from COPY/share/run.sh",
    ]


def test_paths_inside_for_programs_outside(ask):
    assert ask("foreign") == [
        "script beside COPY/share/main.py one",
        "option beside COPY/share/main.py --config=COPY/share/tree/deep.txt",
        "short option beside COPY/share/main.py -ICOPY/share/tree",
        "folder COPY/share/tree: deep.txt",
        "inside a file ls: cannot access 'COPY/share/main.py/x': Not a directory [2]",
        "variable same",
        "variables COPY/share/tree/deep.txt EXE/share:EXE/share",
        "shell deep deep",
        "own beside EXE/share/main.py EXE/share/tree",
        "own beside EXE/share/main.py EXE/share/x deep",
        "written see EXE/share/tree/deep.txt",
        "not inside EXE/share/none xEXE/share/main.py",
        "too much ls: cannot access 'EXE/share/many': Not a directory [2]",
        "much python3",
        # The paths of modules begin with the same, wherever the executable lies.
        f"as_file {not SNAPSHOTS} True",
        "another TMPDIR deep",
    ]


def test_what_a_killed_process_left_is_removed_later(ask):
    """That no copies are left is asked by `ask`."""
    first, second, *others = ask("killed")
    assert (first, second[:8]) == ("deep", "obelisk-")
    assert others == ["killed 9", "left 1", "then deep"]


def test_copies_of_a_daemon_are_left_to_it(ask):
    assert ask("daemon") == ["parent 0", "ready", "other deep", "deep daemon 0"]


def test_copies_of_another_machine_are_left_to_it(ask):
    assert ask("another_machine") == ["other deep", "kept True"]


def test_a_path_that_leads_out_and_back_again_and_again(ask, inside):
    place = inside.parent / "a"
    shutil.copy(inside, place)
    found, executed = ask("in_and_out", executable=place)
    assert found == "found [True] deep"
    assert executed.startswith("executed ")
    assert executed.endswith(f" one A=b {OWN}")


def test_many_paths_in_a_command_of_a_shell(ask):
    assert ask("many_paths") == ["many 1000 True"]


def test_programs_of_many_threads_see_whole_copies(ask):
    assert ask("together") == ["deep deep.txt"]


def test_what_cannot_be_executed_leaves_no_descriptor(ask):
    assert ask("failed") == ["ENOENT True", "ENOEXEC True"]


def test_where_nothing_can_be_written(ask):
    found = ask("without_disk", env={"TMPDIR": "/nonexistent"})
    assert found == ["in memory deep", "script deep"]


def test_virtual_environments(ask, tmp_path):
    # virtualenv would look for newer wheels in the background, and its files be left.
    env = {"HOME": str(tmp_path), "VIRTUALENV_NO_PERIODIC_UPDATE": "1"}
    assert ask("environments", env=env) == [
        *("venv True  [1]", "virtualenv True  [1]", "create True", "left []"),
        *("foreign True", "tox 42 it: OK"),
    ]


def test_copies_can_be_switched_off(executables, tmp_path):
    script = tmp_path / "off.py"
    script.write_text("import os, sys\nos.execvp('cat', ['cat', sys.executable + '/off.py'])\n")
    off = executables("off", "--set", "interpreter.copy-arguments=false", what=script)
    done = run([off], cwd=tmp_path, env={"PATH": "/usr/bin:/bin"})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"cat: {off}/off.py: Not a directory\n"


@pytest.mark.skipif(SNAPSHOTS, reason="Python does not run in it: the build refuses a snapshot")
def test_a_program_is_the_application(executables, folder, tmp_path):
    """Neither Python nor a file on disk is between what is started and the program."""
    wheel = write_wheel(tmp_path, [], (folder / "bin/tool").read_bytes(), name="tiny")
    tiny = executables("tiny", what=wheel)
    log = tmp_path / "log"
    argv = ["strace", "-f", "-o", log, tiny, "one", "-c", "two"] if shutil.which("strace") else []
    done = run(argv or [tiny, "one", "-c", "two"], cwd=tmp_path, env={"A": "b"}, makes_code=True)
    assert done.stdout == f"{tiny} one -c two A=b /memfd:tiny (deleted)\n"
    calls = log.read_text() if argv else ""
    assert [name for name in ("O_CREAT", "lib/python3", "fork(") if name in calls] == []

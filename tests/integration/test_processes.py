"""A program that starts `sys.executable` gets what it would get of an installed interpreter."""

import errno
import os
import shutil
import subprocess

import pytest
from seccomp import refuser
from support import APPS, expected, obelisk, own_paths, run

pytestmark = pytest.mark.compile


@pytest.fixture(scope="session")
def processes(executables):
    return executables("processes.py")


@pytest.fixture
def ask(processes, tmp_path):
    def ask_it(*arguments, executable=processes, env=None):
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        env = {"SCRATCH": str(scratch), "PATH": os.environ["PATH"]} | (env or {})
        done = run([executable, *arguments], cwd=tmp_path, env=env)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    return ask_it


CODE = "code ['-c'{}] ['{}'] True"


def test_code(ask):
    assert ask("code") == [CODE.format(", 'x'", "-c"), CODE.format("", "-Wignore")]


def test_module(ask):
    assert "February" in ask("module")[0]


def test_script_finds_what_is_beside_it(ask):
    lines = ask("script")
    assert lines[0] == "script beside ['one'] __main__"
    assert "February" in lines[1]


def test_stdin(ask):
    assert ask("stdin") == ["from stdin"]


def test_a_child_of_a_child(ask):
    assert ask("nested") == [CODE.format("", "-c")]


def test_by_a_shell(ask):
    assert ask("shell") == ["42", "February"]


def test_in_place_of_itself(ask):
    assert ask("execute") == [CODE.format("", "-c")]
    assert ask("descriptor") == [CODE.format("", "-c")]


def test_posix_spawn_with_a_large_environment(ask):
    line = CODE.format("", "-c")
    assert ask("spawn") == [line, "ended 0", line, "ended 0"]


def test_by_another_name(ask):
    assert ask("link") == ["by link", "relative"]


def test_through_other_programs(ask):
    *lines, last = ask("through")
    assert lines == ["through ['-c'] []"] * (7 * 2 + 3 * 3 + 3)
    assert last == "shell's path True"


def test_through_other_programs_by_another_name(ask, tmp_path):
    names = [f"{tmp_path}/scratch/symlink", "./symlink", "./hardlink"]
    assert ask("spellings") == [f"spelled {name}" for name in names for _ in range(3)]


def test_other_programs_get_the_path_unharmed(ask, processes):
    assert ask("unharmed") == [
        "copied True",
        str(processes),
        f"{processes} run",
        f"{processes} run",
        f"0 0 * * * {processes} -m job",
        "there",
        "[]",
    ]


@pytest.mark.parametrize("way", ["variable", "subshell", "script", "version"])
def test_recursion_is_bounded(processes, tmp_path, way):
    env = {"SCRATCH": str(tmp_path), "PATH": os.environ["PATH"]}
    done = run([processes, "recursion", way], cwd=tmp_path, env=env)
    assert (done.returncode, done.stdout) == (69, "")
    assert "started itself 10 times" in done.stderr
    assert "sys.executable" in done.stderr


def test_starting_anew_is_not_recursion(processes, ask, tmp_path):
    done = run([processes, "anew"], cwd=tmp_path, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "anew at last ['anew']\n"
    assert ask("reload") == ["application ['x'] True"] * 15


def test_the_stack_of_a_child_is_not_used_up(ask):
    assert ask("search") == ["0", "5", "200"] * 3
    assert ask("thread") == [CODE.format("", "-c")] * 12 + ["mappings True"]
    assert ask("together") == ["together True"]


def test_others_see_the_arguments_as_they_were(ask, processes):
    assert ask("shown") == [str([str(processes), "-c"])] * 2


def test_a_permission_alone_is_refused(ask):
    assert ask("emptied") == ["77 True "]


def test_a_helper_that_lost_its_mark_does_not_run_the_application(ask):
    """It would start helpers, which would run the application, and so on."""
    *helpers, other = ask("renamed")
    assert len(helpers) == 5
    assert all("multiprocessing child lost its first argument" in line for line in helpers)
    assert other == "application ['other'] True"


def test_without_random_bits_no_child_is_python(processes, tmp_path):
    """And none is the application, which would start the next."""
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', '1'])"
    done = subprocess.run(
        [processes, "python", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        preexec_fn=refuser("getrandom", errno.EPERM),
    )
    assert done.returncode == 1
    assert "Operation not permitted" in done.stderr.splitlines()[-1]


def test_another_build_at_its_path_is_not_its_python(executables, processes, tmp_path):
    """A shell executes what is at the path: a new file, which may not understand the old one."""
    place, new = tmp_path / "app", tmp_path / "new"
    shutil.copy(processes, place)
    shutil.copy(executables("privileged.py"), new)
    code = f"import os, subprocess, sys; os.replace({str(new)!r}, sys.executable)"
    code += "; print(subprocess.call(f\"{sys.executable} -c 'print(1)'\", shell=True, stderr=1))"
    done = run([place, "python", code], cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "77"
    assert "was replaced" in done.stdout


def test_a_second_program_started_by_a_shell_runs_its_own_code(executables, processes, tmp_path):
    """It is given a script by a command that the first one's path is in."""
    other = executables("privileged.py")
    (tmp_path / "data.py").write_text("print('foreign code')")
    command = f"'{processes}' -c 1 && '{other}' data.py && '{other}' - </dev/null"
    code = f"import subprocess; subprocess.run({command!r}, shell=True)"
    done = run([processes, "python", code], cwd=tmp_path)
    assert done.stderr == ""
    lines = [line for line in done.stdout.splitlines() if line.startswith("application")]
    assert lines == ["application ['data.py'] 0 1", "application ['-'] 0 1"]
    assert "foreign" not in done.stdout


def test_children_are_isolated_and_see_nothing_of_how_they_are_told(ask):
    assert ask("environment") == ["[]", "True 1 0 False"]


def test_the_application_again(ask):
    assert ask("restart", "-c", "conf") == ["again ['restart', '-c', 'conf']"] * 6
    assert ask("-c", "restart") == ["again ['-c', 'restart']"] * 6


def test_options_that_are_the_applications_own(ask):
    lines = ask("own_options")
    assert lines == [
        "application ['-V'] True",
        "application ['--version'] True",
        "application ['-z', 'y'] True",
        "application [] True",
    ]


def test_nobody_else_can_make_it_python(processes, ask, tmp_path):
    assert ask("-c", "print(1)") == ["application ['-c', 'print(1)'] True"]
    assert ask("-m", "calendar") == ["application ['-m', 'calendar'] True"]
    assert ask("--python", "-c", "print(1)") == ["application ['--python', '-c', 'print(1)'] True"]
    (name,) = ask("name")
    permission = "0" * 32
    values = ("", "1", ":", "::", f":a{permission}", f":p{permission}", f":f{permission}")
    for value in (*values, f"{os.getpid()}:a{permission}", "1..2.x:a", "9" * 40, "." * 2000):
        told = ask("-c", "print(1)", env={name: value})
        assert told == ["application ['-c', 'print(1)'] True"]


def test_a_variable_of_the_same_name_does_no_harm(ask):
    lines = ask("own_variable")
    assert sorted(set(lines)) == ["application ['x'] True", "application ['y'] True"]
    assert len(lines) == 10


def test_children_may_always_be_the_application(executables, ask):
    options = ("--set", "interpreter.children=application")
    executable = executables("processes.py", *options)
    lines = ask("code", executable=executable)
    assert lines[0].startswith("application ['-c', ")
    assert ask("emptied", executable=executable)[0].startswith("0 False application")
    assert ask("module", executable=executable) == [
        "application ['-m', 'calendar', '2026', '2'] True"
    ]
    parallel = executables("parallel.py", *options)
    assert ask(executable=parallel) == expected(APPS / "parallel.py")


@pytest.fixture(scope="session")
def interpreter(executables):
    return executables("processes.py", "--set", "interpreter=true")


@own_paths
def test_it_can_be_python_too(interpreter, ask, tmp_path):
    def python(*arguments, **env):
        return ask("--python", *arguments, executable=interpreter, env=env)

    assert python("-c", "import sys; print(hasattr(sys, 'frozen'), sys.argv)", "x") == [
        "False ['-c', 'x']"
    ]
    assert python("-V")[0].startswith("Python 3.")
    (tmp_path / "module.py").write_text("print('from', __file__)")
    assert python("-m", "module", PYTHONPATH=str(tmp_path)) == [f"from {tmp_path}/module.py"]
    assert python("-I", "-c", "import sys; print(sys.path[0] == sys.executable)") == ["True"]
    assert python("-E", "-c", "import sys; print(sys.flags.optimize)", PYTHONOPTIMIZE="2") == ["0"]
    child = "import subprocess, sys; subprocess.run([sys.executable, '-V'])"
    assert python("-c", child)[0].startswith("Python 3.")
    # It is still the application, and its children are as isolated as it is.
    assert ask("x", executable=interpreter) == ["application ['x'] True"]
    assert ask("environment", executable=interpreter) == ["[]", "True 1 0 False"]


def test_an_interactive_prompt(interpreter, tmp_path):
    done = subprocess.run(
        [interpreter, "--python", "-q", "-i"],
        input="1 + 1\nexit()\n",
        capture_output=True,
        text=True,
        env={},
        cwd=tmp_path,
        check=True,
    )
    assert done.stdout.strip() == "2"


@pytest.mark.network
def test_several_commands_in_one_file(tmp_path, python_version):
    project = shutil.copytree(APPS / "inventory", tmp_path / "inventory")
    place = tmp_path / "stones"
    options = ("--multicall", "--python", python_version, "-o", place)
    obelisk("build", "-q", *options, cwd=project)
    assert run([place, "inventory-version"], cwd=tmp_path).stdout == "1.2.3\n"
    assert "version 1.2.3" in run([place, "inventory", "--scratch", tmp_path], cwd=tmp_path).stdout
    link = tmp_path / "inventory-version"
    link.symlink_to(place)
    assert run([link, "inventory"], cwd=tmp_path).stdout == "1.2.3\n"
    usage = run([place, "unknown"], cwd=tmp_path)
    assert (usage.returncode, usage.stdout) == (2, "")
    assert usage.stderr.splitlines()[-2:] == ["  inventory", "  inventory-version"]
    helped = run([place, "--help"], cwd=tmp_path)
    assert (helped.returncode, helped.stderr) == (0, "")
    # What is called sees its own name and arguments only.
    assert "Usage: inventory [OPTIONS]" in run([place, "inventory", "--help"], cwd=tmp_path).stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["processes.py", "--multicall"], "single script"),
        (["inventory", "--multicall", "--script", "inventory"], "exclude each other"),
    ],
)
def test_multicall_needs_several(arguments, said, tmp_path):
    what = APPS / arguments[0]
    error = obelisk("build", what, *arguments[1:], "-o", tmp_path / "x", status=2)
    assert said in error


@pytest.mark.parametrize("new", ["processes.py", "hello.py", None])
def test_an_executable_that_was_replaced_still_knows_itself(executables, processes, tmp_path, new):
    """Programs update themselves: another file, even another build, or none, is at the old path."""
    place = tmp_path / "app"
    shutil.copy(processes, place)
    if new:
        (tmp_path / "new").mkdir()
        shutil.copy(executables(new), tmp_path / "new/app")
    done = run([place, "update", *([tmp_path / "new/app"] if new else [])], cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.splitlines()) == ["2", "pool [1]", "still python True"]

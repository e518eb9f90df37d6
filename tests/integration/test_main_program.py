"""The main program runs as CPython runs a script, and debuggers find it."""

import json
import os
import subprocess

import pytest
from support import obelisk, own_paths, run, write_wheel

from obelisk.link.elf.elf import EXECUTE, SegmentType, read_elf

pytestmark = pytest.mark.compile


@pytest.fixture
def execute(anything, tmp_path):
    def execute_it(code, *arguments, executable=anything, env=None, status=0):
        env = {"CODE": code, "PATH": os.environ["PATH"]} | (env or {})
        done = run([executable, *arguments], cwd=tmp_path, env=env)
        assert done.returncode == status, done.stderr
        return done.stdout if status == 0 else done.stderr

    return execute_it


FACTS = """
import json, sys
names = "__spec__", "__package__", "__cached__", "__doc__", "__name__"
print(json.dumps({
    **{name: getattr(sys.modules["__main__"], name, "missing") for name in names},
    "loader": [type(__loader__).__name__, __loader__.name, __loader__.path == __file__],
    "builtins": __builtins__ is __import__("builtins"),
    "annotations": "__annotations__" in globals(),
    "file": __file__.removeprefix(sys.executable + "/"),
}))
"""


@own_paths
def test_a_script_has_no_spec(execute, python_version):
    assert json.loads(execute(FACTS)) == {
        "__spec__": None,
        "__package__": None,
        "__cached__": None,
        "__doc__": "Runs the code that its environment gives it, in its own main module.",
        "__name__": "__main__",
        "loader": ["SourceFileLoader", "__main__", True],
        "builtins": True,
        "annotations": python_version == "3.13",
        "file": "anything.py",
    }


USAGE = "import argparse\nargparse.ArgumentParser().parse_args(['-h'])"


def test_usage_of_a_script(execute):
    assert execute(USAGE).startswith("usage: anything [-h]")


MODULES = {
    "tiny/__init__.py": "",
    "tiny/commands.py": "def main():\n    import tiny.__main__\n",
    "tiny/__main__.py": (
        "import argparse, sys\n"
        "spec = sys.modules['__main__'].__spec__\n"
        "print(spec and spec.name, sys.modules['__main__'].__package__, sys.argv[1:])\n"
        "argparse.ArgumentParser().print_usage()\n"
    ),
}


@pytest.fixture(scope="session")
def console_script(tmp_path_factory, python_version):
    folder = tmp_path_factory.mktemp("wheel")
    wheel = write_wheel(folder, ["tiny = tiny.commands:main"], files=MODULES)
    obelisk("build", wheel, "-q", "-o", folder / "tiny", "--python", python_version)
    obelisk("build", wheel, "-m", "tiny", "-q", "-o", folder / "by-m", "--python", python_version)
    return folder / "tiny"


def test_a_console_script_has_no_spec(execute, console_script):
    printed = execute("", executable=console_script).splitlines()
    assert printed == ["None None []", "usage: tiny [-h]"]


def test_a_module_has_its_name_as_python_has_it_by_m(execute, console_script, python_version):
    executable = console_script.with_name("by-m")
    usage = "usage: by-m -m tiny [-h]" if python_version == "3.14" else "usage: by-m [-h]"
    assert execute("", executable=executable).splitlines() == ["tiny.__main__ tiny []", usage]


@pytest.mark.parametrize("executable", ["tiny", "by-m"])
@pytest.mark.parametrize("words", [("-m", "tiny"), ("-mtiny",)])
def test_somebody_else_starts_it_by_m_and_its_own_name(execute, console_script, executable, words):
    executable = console_script.with_name(executable)
    own = execute("", executable=executable).splitlines()[0].removesuffix("[]")
    printed = execute("", *words, "polish", "-m", executable=executable)
    assert printed.splitlines()[0] == own + "['polish', '-m']"


@pytest.mark.parametrize(
    "words", [("-m", "tin"), ("-m", "json.tool"), ("-m",), ("x", "-mtiny"), ("-u", "-m", "tiny")]
)
def test_other_modules_are_arguments(execute, console_script, words):
    printed = execute("", *words, executable=console_script).splitlines()
    assert printed[0] == f"None None {list(words)}"


HOOKS = """
repos:
- repo: local
  hooks:
  - {id: look, name: look, entry: grep -L stone, language: system, files: txt$}
  - {id: fail, name: fail, entry: sh -c 'exit 1', language: system, files: bad$}
"""


@pytest.mark.network
def test_the_hook_that_pre_commit_writes_for_git(tmp_path, python_version):
    executable = tmp_path / "pre-commit"
    obelisk("build", "pre-commit", "-q", "-o", executable, "--python", python_version)
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / ".pre-commit-config.yaml").write_text(HOOKS)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "EMAIL": "stone@example.com",
        **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "stone"),
    }

    def call(*words):
        return run(words, cwd=folder, env=env)

    assert call("git", "init", "-q", ".").returncode == 0
    assert call(executable, "install").returncode == 0
    for name, passes in (("one.txt", True), ("two.bad", False)):
        (folder / name).write_text("stone")
        assert call("git", "add", "-A").returncode == 0
        done = call("git", "commit", "-q", "-m", name)
        assert (done.returncode == 0) == passes, done.stderr
        assert ("Passed" if passes else "Failed") in done.stderr


def test_what_was_printed_comes_before_the_traceback(anything, tmp_path):
    env = {"CODE": "print('first')\n1 / 0"}
    output, _ = subprocess.Popen(
        [anything],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ).communicate(timeout=60)
    assert output.startswith("first\nTraceback")


SPAWN = """
import multiprocessing
with multiprocessing.get_context({method!r}).Pool(1) as pool:
    print(pool.map(weigh, [Stone()]))
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
@pytest.mark.parametrize("options", [("--set", "interpreter=true"), ("--set", "source-text=false")])
def test_children_run_the_main_module_again(execute, executables, method, options):
    executable = executables("anything.py", *options)
    printed = execute(SPAWN.format(method=method), executable=executable)
    assert printed == "[(7, '__mp_main__', None)]\n"


# The process that looks starts the one that is looked at: that is allowed everywhere.
WATCH = """
import os, subprocess, sys, time
def start(code):
    env = os.environ | {{"CODE": code}}
    child = subprocess.Popen([sys.executable], env=env, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\\n"
    return child
{code}
child.kill()
"""
SLEEPS = "import time\\nprint('ready', flush=True)\\nwhile True: time.sleep(0.05)"
TASKS = """\
import asyncio
async def polish():
    await asyncio.sleep(60)
async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(polish(), name='marble')
        await asyncio.sleep(0.1)
        print('ready', flush=True)
asyncio.run(main())
"""


@pytest.fixture
def watch(execute, python_version):
    if python_version == "3.13":
        pytest.skip("Python 3.13 cannot look into other processes")
    return lambda code: execute(WATCH.format(code=code))


def test_another_process_is_made_to_run_a_script(watch, tmp_path):
    script = tmp_path / "remote.py"
    script.write_text(
        "import os, threading\nos.write(1, threading.current_thread().name.encode() + b'\\n')\n"
    )
    code = f"""
child = start("{SLEEPS}")
sys.remote_exec(child.pid, {str(script)!r})
print(child.stdout.readline().strip())
"""
    assert watch(code) == "MainThread\n"


def test_a_debugger_attaches(watch):
    code = f"""
child = start("{SLEEPS}")
done = subprocess.run([sys.executable, "-m", "pdb", "-p", str(child.pid)], text=True,
                      input="p 40 + 2\\nq\\n", capture_output=True, timeout=60)
print(done.stdout, done.stderr)
"""
    assert "(Pdb) 42" in watch(code)


def test_tasks_of_another_process_are_listed(watch):
    code = f"""
child = start({TASKS!r})
done = subprocess.run([sys.executable, "-m", "asyncio", "ps", str(child.pid)], text=True,
                      capture_output=True, timeout=60)
print(done.stdout, done.stderr)
"""
    printed = watch(code)
    assert "marble" in printed
    assert "polish" in printed


def test_profilers_find_the_first_executable_segment_where_it_is_mapped(anything, execute):
    """py-spy takes the first executable mapping for the first segment that is to be executable."""
    elf = read_elf(anything.read_bytes())
    loads = [one for one in elf.segments if one.type == SegmentType.LOAD]
    first = next(one for one in loads if one.flags & EXECUTE)
    code = """
import sys
lines = [line.split() for line in open("/proc/self/maps") if line.rstrip().endswith(sys.executable)]
print(min(int(words[2], 16) for words in lines if "x" in words[1]))
"""
    assert int(execute(code)) == first.offset

"""Small stacks and little memory end in an exception or one message, not in a signal."""

import pytest
from support import run

pytestmark = pytest.mark.compile


@pytest.fixture
def limited(anything, tmp_path):
    """Run code with a limit in KiB, as `ulimit` sets it."""

    def run_it(code, option, size):
        command = f'ulimit -S {option} {size} && exec "$0"'
        return run(["sh", "-c", command, anything], cwd=tmp_path, env={"CODE": code})

    return run_it


DEEP = """
import ast, json, pickle, re, threading
nested = []
for _ in range(100_000):
    nested = [nested]
class Endless:
    def __repr__(self):
        return repr(self)
    def __eq__(self, other):
        return sorted([1], key=lambda _: self == self)
CALLS = {
    "loads": lambda: json.loads("[" * 100_000),
    "dumps": lambda: json.dumps(nested),
    "repr": lambda: repr(nested),
    "own repr": lambda: repr(Endless()),
    "own eq": lambda: Endless() == 1,
    "pickle": lambda: pickle.dumps(nested),
    "compare": lambda: nested == [[nested]],
    "parse": lambda: ast.parse("-" * 100_000 + "1"),
    "compile": lambda: compile("+".join("1" * 50_000), "<x>", "exec"),
    "match": lambda: re.compile("(" * 5000 + ")" * 5000),
}
def try_all():
    for name, call in CALLS.items():
        try:
            call()
        except (RecursionError, MemoryError, ValueError):
            pass  # there is no end, or it was reached
    print("survived", flush=True)
"""
FREE = """
while nested:
    nested = nested[0]
"""


@pytest.fixture
def _newer(python_version):
    if python_version == "3.13":
        pytest.skip("Python 3.13 counts calls instead of looking at the stack")


@pytest.mark.usefixtures("_newer")
@pytest.mark.parametrize("size", [128, 512, 2048])
def test_recursion_on_the_main_stack(limited, size):
    done = limited(DEEP + "try_all()" + FREE, "-s", size)
    assert (done.returncode, done.stdout) == (0, "survived\n"), done.stderr


def test_recursion_on_the_default_stack(limited):
    done = limited(DEEP + "try_all()" + FREE, "-s", 8192)
    assert (done.returncode, done.stdout) == (0, "survived\n"), done.stderr


@pytest.mark.usefixtures("_newer")
def test_recursion_on_the_stacks_of_threads(limited):
    code = """
for size in (64, 128, 256, 1024):
    threading.stack_size(size * 1024)
    thread = threading.Thread(target=try_all)
    thread.start()
    thread.join()
"""
    done = limited(DEEP + code + FREE, "-s", 8192)
    assert (done.returncode, done.stdout) == (0, "survived\n" * 4), done.stderr


@pytest.mark.usefixtures("_newer")
def test_recursion_in_a_child_that_a_thread_forked(limited):
    code = """
import os
def fork():
    child = os.fork()
    if child == 0:
        try_all()
        os._exit(0)
    print(os.waitpid(child, 0)[1])
threading.stack_size(128 * 1024)
thread = threading.Thread(target=fork)
thread.start()
thread.join()
"""
    done = limited(DEEP + code + FREE, "-s", 8192)
    assert (done.returncode, done.stdout) == (0, "survived\n0\n"), done.stderr


@pytest.mark.usefixtures("_newer")
def test_deeper_than_others_when_the_stack_is_larger(limited):
    done = limited(
        "import json; json.loads('[' * 200_000 + ']' * 200_000); print(1)", "-s", 300_000
    )
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


@pytest.mark.parametrize("size", [16, 32, 64, 96])
def test_too_small_a_stack(limited, size):
    done = limited("", "-s", size)
    assert done.returncode == 70
    assert done.stderr.endswith("too small to run Python; raise its limit with `ulimit -s`\n")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(("option", "what"), [("-v", "address space"), ("-d", "memory")])
def test_too_little_memory(anything, limited, option, what):
    image = anything.stat().st_size // 1024 if option == "-v" else 0
    done = limited("", option, image + 8000)
    assert done.returncode == 70
    (line,) = done.stderr.splitlines()
    assert line.endswith(f"its {what} is limited to {image + 8000} KiB (ulimit {option})")


def test_memory_that_is_enough_to_start(anything, limited):
    image = anything.stat().st_size // 1024
    done = limited("import json; print(1); bytes(10**9)", "-v", image + 60_000)
    assert (done.returncode, done.stdout) == (1, "1\n")
    assert done.stderr.endswith("MemoryError\n")


def test_the_platform_is_told_without_reading_the_executable(anything, tmp_path):
    code = """
import platform, sysconfig
print(platform.libc_ver(), platform.architecture()[0], sysconfig.get_platform())
print(platform.platform().rpartition("-with-")[2])
print(next(int(line.split()[1]) for line in open("/proc/self/io") if line.startswith("rchar")))
"""
    # Without a PATH: what programs read that are asked is counted too.
    done = run([anything], cwd=tmp_path, env={"CODE": code, "PATH": "/nowhere"})
    first, libc, size = done.stdout.splitlines()
    assert first == "('musl', '1.2.6') 64bit linux-x86_64"
    assert libc == "musl1.2.6"
    assert int(size) < 1 << 20


HOME = """
import getpass, os, pathlib, site
def ask(call):
    try:
        return str(call())
    except (OSError, RuntimeError) as error:
        return type(error).__name__
calls = pathlib.Path.home, getpass.getuser, site.getuserbase
print(os.path.expanduser("~"), os.path.expanduser("~other"), *map(ask, calls))
"""


@pytest.mark.parametrize(
    ("env", "users", "answers"),
    [
        ({}, "", "~ ~other RuntimeError OSError ~/.local"),
        ({"HOME": "/h"}, "", "/h ~other /h OSError /h/.local"),
        ({}, "stone:x:0:0::/r:/bin/sh\nother:x:1:1::/o:\n", "/r /o /r stone /r/.local"),
    ],
)
def test_a_home_is_where_python_finds_it(anything, empty_root, env, users, answers):
    (empty_root.folder / "etc").mkdir()
    (empty_root.folder / "etc/passwd").write_text(users)
    done = empty_root.run(anything, env={"CODE": HOME} | env)
    assert done.stdout.strip() == answers, done.stderr

"""What every target must do: a dozen programs, which say the same on each.

Targets that do not run here are run by QEMU's user mode, or by Wine. Of this machine's own, most
executables are those of the other tests. What Windows answers otherwise, or refuses to build, is in
tests/suites/answers_windows.toml with the reasons.
"""

import json
import shutil
import tomllib

import pytest
from machines import ALL, ANSWERS, WINDOWS, machines, refuses
from support import APPS, expected, obelisk

pytestmark = [pytest.mark.compile, pytest.mark.network]

machine = machines([*ALL, WINDOWS])


def hello(machine, folder):
    executable = machine.build("hello.py")
    path = machine.path(executable).replace("\\", "/")
    lines = ["hello", str([path, "one", "two words"])]
    machine.says(executable, lines, "one", "two words", cwd=folder)


def stdlib(machine, folder):
    env = {"SCRATCH": machine.path(folder), "TERM": "xterm"}
    machine.says(machine.build("stdlib.py"), expected(APPS / "stdlib.py"), cwd=folder, env=env)


def files(machine, folder):
    executable = machine.build("inventory", "--script", "inventory")
    lines = expected(APPS / "inventory/src/inventory/cli.py")
    lines.remove("from certifi True")  # this machine has certificates, or may have
    done = machine.run(executable, "--scratch", machine.path(folder), cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    found = [line for line in machine.lines(done) if "from certifi" not in line]
    assert found == [machine.answer(line) for line in lines]


def imports(machine, folder):
    env = {"SCRATCH": machine.path(folder)}
    machine.says(machine.build("imports.py"), expected(APPS / "imports.py"), cwd=folder, env=env)


def processes(machine, folder):
    executable = machine.build("processes.py")
    with machine.in_kernel():
        for action, lines in {
            "code": ["code ['-c', 'x'] ['-c'] True", "code ['-c'] ['-Wignore'] True"],
            "stdin": ["from stdin"],
            "nested": ["code ['-c'] ['-c'] True"],
            "execute": ["code ['-c'] ['-c'] True"],
        }.items():
            machine.says(
                executable, lines, action, cwd=folder, env={"SCRATCH": machine.path(folder)}
            )


def parallel(machine, folder):
    executable = machine.build("parallel.py")
    with machine.in_kernel():
        machine.says(executable, expected(APPS / "parallel.py"), cwd=folder)


def surroundings(machine, folder):
    executable = machine.build("surroundings.py")
    certificates = machine.run(executable, "certificates", cwd=folder).stdout
    assert certificates.splitlines()[-1] == "loaded True"
    lines = ["zoneinfo 2:00:00 True", "libc 12 ('CET', 'CEST')"]
    machine.says(executable, lines, "time_zone", cwd=folder, env={"TZ": "Europe/Berlin"})
    machine.says(executable, ["[20000]"], "stacks", cwd=folder)


def numpy(machine, folder):
    machine.says(machine.build("arrays.py"), expected(APPS / "arrays.py"), cwd=folder)


def site(machine, folder):
    application = shutil.copytree(APPS / "sites", folder / "sites") / "app.py"
    done = machine.run(machine.build("site", what=application), cwd=folder)
    assert done.returncode == 0, done.stderr  # which may tell what is deprecated
    body = (application.parent / "static/app.js").read_text()
    answers = json.loads(done.stdout)
    assert {name: answer["body"] for name, answer in answers.items()} == {
        "flask": body,
        "starlette": body,
    }


def damage(machine, folder):
    """One bit in the payload's index, and a file that was cut."""
    executable = machine.build("hello.py")
    data = bytearray(executable.read_bytes())
    for name, damaged, said in (
        ("cut", data[:-70_000], "corrupt executable: file truncated"),
        ("changed", flipped(data), "corrupt executable: checksum mismatch in the payload"),
    ):
        copy = folder / name
        copy.write_bytes(damaged)
        copy.chmod(0o755)
        done = machine.run(copy, cwd=folder)
        answer = machine.answer(said)
        assert done.returncode == (74 if answer == said else 1)
        assert answer in done.stdout + done.stderr
        obelisk("verify", copy, status=7)
    assert "FAIL" not in obelisk("verify", executable)


def flipped(data):
    changed = bytearray(data)
    changed[data.rindex(b"\x89OBELISK\r\n\x1a\n") + 20] ^= 0xFF
    return changed


def multicall(machine, folder):
    executable = machine.build("stones", "--multicall", what=APPS / "inventory")
    machine.says(executable, ["1.2.3"], "inventory-version", cwd=folder)
    usage = machine.run(executable, "unknown", cwd=folder)
    assert (usage.returncode, usage.stdout) == (2, "")
    assert usage.stderr.splitlines()[-2:] == ["  inventory", "  inventory-version"]


PROGRAMS = (
    *(hello, stdlib, files, imports, processes, parallel, surroundings, numpy, site, damage),
    multicall,
)
NUMBERS = "[42, 44, 42, 42, 42] [21, 21, 21, 21] [1, 2, 3, 14] pointed to"
MODELS = ("global-dynamic", "local-dynamic", "initial-exec", "descriptors")
NATIVE = {
    "thread_local": [
        *(f"{model} {NUMBERS}" for model in MODELS),
        "a thread from before [42, 42, 42, 42]",
        "after fork 0",
    ],
    "exceptions": [
        "Error: an own type, 2 unwound",
        "exception: of the library, 2 unwound",
        "number 3, 2 unwound",
        "threads 800",
        "stream message 1",
    ],
}


@pytest.mark.parametrize("program", PROGRAMS, ids=[program.__name__ for program in PROGRAMS])
def test_it_does_there_what_it_does_here(machine, tmp_path, program):
    ask(machine, program.__name__, lambda: program(machine, tmp_path))


@pytest.mark.parametrize("action", NATIVE)
def test_native(machine, native_program, tmp_path, action):
    """Thread-local variables of all models, and C++ exceptions across objects and threads."""

    def native():
        executable = machine.build("native", what=native_program(machine.target))
        machine.says(executable, NATIVE[action], action, cwd=tmp_path)

    ask(machine, action, native)


def ask(machine, question, program):
    """Ask a machine's programs, or see that it refuses to build them."""
    refusal = machine.refusal(question)
    if refusal:
        refuses(machine, refusal)
        return
    with machine.asked(question):
        program()


def test_what_windows_answers_otherwise_is_named():
    """Nothing is in the table that no question asks for, and each row has a reason."""
    table = tomllib.loads(ANSWERS.read_text())
    questions = {program.__name__ for program in PROGRAMS} | set(NATIVE)
    rows = [*table["builds"].values(), *table["refused"].values(), *table["answers"]]
    assert all(row["reason"].endswith(".") for row in rows)
    assert all(row["here"] != row["there"] for row in table["answers"])
    named = {row["question"] for row in table["answers"]} | {*table["builds"], *table["refused"]}
    assert named <= questions

"""Executables for machines that are not this one, run by QEMU's user mode.

What every target must do is in test_conformance.py; this is what only such a machine has: packages
of its own wheels, builds from source that are cross builds, processors and pages of other kinds.
"""

import os
import shutil

import pytest
from machines import ALL, machines
from support import APPS, emulation, expected, obelisk, segments_of, serve_many

from obelisk.services import host
from obelisk.verify.executable import map_file
from obelisk.verify.read import read_executable

pytestmark = [pytest.mark.compile, pytest.mark.network]

PACKAGES = (
    *("cryptography_keys", "greenlet_switches", "lxml_documents", "orjson_values"),
    *("pydantic_models", "rust_panics", "without_speedups"),
    # Minutes each, emulated: `make applications` has them.
    *(
        pytest.param(name, marks=pytest.mark.application)
        for name in ("grpc_calls", "numpy_scipy", "pandas_tables", "pillow_images")
    ),
)
machine = machines([target for target in ALL if not host.runs(target)])


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_works_there(machine, tmp_path, name):
    path = APPS / "packages" / f"{name}.py"
    executable, env = machine.build(name, what=path), {"EMULATED": "1"}
    machine.says(executable, expected(path), cwd=tmp_path, env=env)


@pytest.mark.application
def test_an_http_server_under_load(machine, tmp_path):
    name = "uvloop_server"
    executable = machine.build(name, what=APPS / "packages" / f"{name}.py")
    serve_many([*emulation(machine.target), executable], cwd=tmp_path)


def test_it_is_of_that_machine_and_sound(machine):
    executable = machine.build("hello.py")
    assert "ok   machine: " + machine.target.machine_name in obelisk("verify", executable)
    whole = read_executable(map_file(executable))
    assert all(finding.sound for finding in whole.findings)


def test_segments_share_no_page_of_the_largest_size(machine):
    page, end = machine.target.page_size, 0
    for offset, address, _, size in segments_of(machine.build("hello.py")):
        assert offset % page == address % page
        assert address // page * page >= end
        end = -(-(address + size) // page) * page
    assert end > 0


PROCESSORS = ("cortex-a35", "cortex-a53", "cortex-a72", "neoverse-n1", "a64fx", "max")
"""From the first of ARMv8.0, which has no atomic operations of one instruction, to all there is."""


@pytest.mark.parametrize("emulated", [*(["-cpu", name] for name in PROCESSORS), ["-p", "65536"]])
def test_processors_and_pages_of_all_kinds(machine, native, tmp_path, emulated):
    questions = ("zeros", "thread_local", "exceptions")
    done = machine.run(native, *questions, cwd=tmp_path, emulated=emulated)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "zeros 0 8388608"
    assert done.stdout.splitlines()[-2:] == ["threads 800", "stream message 1"]


def test_an_interpreter_that_cannot_start_has_its_own_status(machine, tmp_path):
    executable = machine.build("hello.py")
    for size in range(80, 120, 10):
        done = machine.run(executable, cwd=tmp_path, emulated=["-R", str(size << 20)])
        assert (done.returncode, done.stdout) == (70, ""), size
        assert "cannot start Python: " in done.stderr
        assert "memory" in done.stderr


def test_packages_from_source_are_built_for_it(machine, tmp_path):
    """By setuptools and Cython, in C and C++, with a library that a package needs."""
    name = "from_source.py"
    machine.says(machine.build(name), expected(APPS / name), cwd=tmp_path)


def test_a_project_of_c_and_cython_is_the_same_again(machine, tmp_path, python_version):
    """On another path than the executable that it is compared with was built."""
    project = shutil.copytree(APPS / "speedups", tmp_path / "speedups")
    executable = machine.build("speedups", what=project)
    lines = [
        *("3.5 True", "True /speedups/plain"),
        "unsupported operand type(s) for +=: 'float' and 'str'",
    ]
    machine.says(executable, lines, cwd=tmp_path)
    again, place = shutil.copytree(project, tmp_path / "another/place"), tmp_path / "again"
    words = ("--python", python_version, "--target", machine.target.triple)
    obelisk("build", "-q", "-o", place, *words, cwd=again)
    assert place.read_bytes() == executable.read_bytes()


RUNS = """\
import subprocess
from pathlib import Path
from setuptools import setup
Path("made.c").write_text("int main(void) { return 0; }")
subprocess.run(["cc", "made.c", "-o", "made"], check=True)
subprocess.run(["./made"], check=True)
setup()
"""


def test_a_build_that_runs_what_it_compiled_says_so(machine, tmp_path):
    project = shutil.copytree(APPS / "speedups", tmp_path / "speedups")
    (project / "setup.py").write_text(RUNS)
    said = obelisk("build", "--target", machine.target.triple, cwd=project, status=4)
    assert f"it ran a program that it had compiled for {machine.target.machine_name}" in said
    assert "hint: such programs do not run here; build without it, or ship" in said


def test_that_there_was_no_smoke_test_is_said(machine, tmp_path):
    (tmp_path / "app.py").write_text("raise SystemExit(3)\n")
    words = ("--target", machine.target.triple, "--set", 'smoke-test=["x"]', "app.py")
    said = obelisk("build", *words, cwd=tmp_path, stderr=True)
    assert f"no smoke test: {machine.target.triple} does not run here" in said


def test_a_project_of_cxx_with_cmake(machine, tmp_path):
    project = shutil.copytree(APPS / "nano", tmp_path / "nano")
    lines = ["{'a': 2, 'b': 1}", "error no words"]
    machine.says(machine.build("nano", what=project), lines, cwd=tmp_path)


def test_a_package_of_meson_and_pybind11(machine, tmp_path):
    name = "contours.py"
    machine.says(machine.build(name), expected(APPS / name), cwd=tmp_path)


@pytest.fixture(scope="session")
def native(machine, native_program):
    """The shared objects of tests/native, compiled for that machine and linked in."""
    return machine.build("native", what=native_program(machine.target))


def test_loading_and_the_dlopen_family(machine, native, tmp_path):
    done = machine.run(native, "life", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        *("opening", "low begins", "high begins", "low says hello"),
        "paths EXE/.obelisk/lib/libhigh.so EXE/.obelisk/lib/liblow.so",
        *("which 2 1", "malloc 1", "name EXE/.obelisk/lib/libhigh.so own_name"),
        "described EXE/.obelisk/lib/liblow.so",
        "by path True True True",
        *("listed 1 1 0", "file m", "aligned 0", "global 2 1"),
        *("high ends", "low ends"),
    ]


def test_long_runs_of_zeros_take_no_bytes_of_the_file(machine, native, tmp_path):
    done = machine.run(native, "zeros", cwd=tmp_path)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "zeros 0 8388608\n")
    assert "ok   shared objects" in obelisk("verify", native)
    assert any(not stored and memory >= 8 << 20 for *_, stored, memory in segments_of(native))


def test_objects_of_this_machine_are_refused_there(machine, compiler, tmp_path):
    shutil.copy(APPS / "native.py", tmp_path)
    (tmp_path / "message.txt").write_text("")
    compiler(tmp_path / "liblow.so", "low.c")
    words = ("build", tmp_path / "native.py", "--target", machine.target.triple)
    said = obelisk(*words, status=6)
    assert f"not {machine.target.machine_name}" in said


CODE = "code ['-c'{}] ['{}'] True"


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("code", [CODE.format(", 'x'", "-c"), CODE.format("", "-Wignore")]),
        ("nested", [CODE.format("", "-c")]),
        ("shell", ["42", "February"]),
        ("execute", [CODE.format("", "-c")]),
        ("spawn", [CODE.format("", "-c"), "ended 0"] * 2),
        ("link", ["by link", "relative"]),
        ("through", ["through ['-c'] []"] * (7 * 2 + 3 * 3 + 3) + ["shell's path True"]),
    ],
)
def test_a_program_that_starts_itself(machine, tmp_path, question, lines):
    env = {"SCRATCH": str(tmp_path), "PATH": os.environ["PATH"]}
    executable = machine.build("processes.py")
    with machine.in_kernel():
        machine.says(executable, lines, question, cwd=tmp_path, env=env)

"""Executables for machines that are not this one, run by QEMU's user mode.

They are the programs by which this machine's executables are tested, and must say the same.
"""

import shutil
from pathlib import Path

import pytest
from support import APPS, emulation, expected, loads_of, obelisk, run

from obelisk.services import host
from obelisk.target import TARGETS
from obelisk.verify.elf import map_file, read_executable

pytestmark = [pytest.mark.compile, pytest.mark.network]

OTHERS = [target for target in TARGETS.values() if not host.runs(target)]
SPAWN = Path("/proc/sys/fs/binfmt_misc")
PACKAGES = (
    *("cryptography_keys", "greenlet_switches", "lxml_documents", "orjson_values"),
    "without_speedups",
    # Minutes each, emulated: `make applications` has them.
    *(
        pytest.param(name, marks=pytest.mark.application)
        for name in ("grpc_calls", "numpy_scipy", "pandas_tables", "pillow_images")
    ),
)
# Descriptors are what compilers for AArch64 use unless they are told otherwise.
MODELS = {"local-dynamic": ["-ftls-model=local-dynamic"], "descriptors": []}
MODELS |= {"initial-exec": ["-ftls-model=initial-exec"]}
MODELS |= {"global-dynamic": ["-ftls-model=global-dynamic"]}


class Machine:
    """Builds executables for a target, once each, and runs them."""

    def __init__(self, target, executables):
        self.target = target
        self._executables = executables

    def build(self, name, *options, what=None):
        return self._executables(name, "--target", self.target.triple, *options, what=what)

    def run(self, executable, *arguments, cwd, **options):
        # An emulator makes code.
        argv = [*emulation(self.target), executable, *arguments]
        return run(argv, cwd=cwd, makes_code=True, timeout=600, **options)

    def says(self, executable, lines, *, cwd, env=None):
        done = self.run(executable, cwd=cwd, env=env)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines() == lines


@pytest.fixture(scope="session", params=OTHERS, ids=[target.triple for target in OTHERS])
def machine(request, executables):
    return Machine(request.param, executables)


def test_a_small_program(machine, tmp_path):
    executable = machine.build("hello.py")
    done = machine.run(executable, "a b", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:2] == ["hello", str([str(executable), "a b"])]


def test_the_standard_library(machine, tmp_path):
    env = {"SCRATCH": str(tmp_path), "TERM": "xterm"}
    name = "stdlib.py"
    machine.says(machine.build(name), expected(APPS / name), cwd=tmp_path, env=env)


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_works_there(machine, tmp_path, name):
    path = APPS / "packages" / f"{name}.py"
    machine.says(machine.build(name, what=path), expected(path), cwd=tmp_path)


def test_it_is_of_that_machine_and_sound(machine):
    executable = machine.build("hello.py")
    assert "ok   machine: " + machine.target.elf_machine in obelisk("verify", executable)
    whole = read_executable(map_file(executable))
    assert all(finding.sound for finding in whole.findings)


def test_segments_share_no_page_of_the_largest_size(machine):
    page, end = machine.target.page_size, 0
    for offset, address, _, size in loads_of(machine.build("hello.py")):
        assert offset % page == address % page
        assert address // page * page >= end
        end = -(-(address + size) // page) * page
    assert end > 0


def test_a_file_that_was_cut_says_so(machine, tmp_path):
    whole = machine.build("hello.py").read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(whole[: len(whole) - 70_000])
    cut.chmod(0o755)
    done = machine.run(cut, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (74, "")
    assert done.stderr.endswith("corrupt executable: file truncated\n")


def test_packages_from_source_are_built_for_it(machine, tmp_path):
    """By setuptools and Cython, in C and C++, with a library that a package needs."""
    name = "from_source.py"
    machine.says(machine.build(name), expected(APPS / name), cwd=tmp_path)


def test_a_project_of_cxx_with_cmake(machine, tmp_path):
    project = shutil.copytree(APPS / "nano", tmp_path / "nano")
    lines = ["{'a': 2, 'b': 1}", "error no words"]
    machine.says(machine.build("nano", what=project), lines, cwd=tmp_path)


def test_a_package_of_meson_and_pybind11(machine, tmp_path):
    name = "contours.py"
    machine.says(machine.build(name), expected(APPS / name), cwd=tmp_path)


@pytest.fixture(scope="session")
def native(machine, compilers, tmp_path_factory):
    """The shared objects of tests/native, compiled for that machine and linked in."""
    folder = tmp_path_factory.mktemp("native-there")
    compiler = compilers(machine.target)
    shutil.copy(APPS / "native.py", folder)
    (folder / "message.txt").write_text("message\n")
    for model, flags in MODELS.items():
        # Files with the same bytes would be one object.
        soname = f"-Wl,-soname,tls-{model}.so"
        compiler(folder / f"tls-{model}.so", soname, *flags, "tls.c")
    low = compiler(folder / "liblow.so", "-Wl,-soname,liblow.so", "low.c")
    compiler(folder / "libhigh.so", "-Wl,-soname,libhigh.so", "high.c", low)
    compiler(folder / "libzeros.so", "zeros.c")
    soname = "-Wl,-soname,libthrower.so"
    thrower = compiler(folder / "libthrower.so", soname, "thrower.cpp", tool="c++")
    compiler(folder / "libcatcher.so", "catcher.cpp", thrower, tool="c++")
    return machine.build("native", what=folder / "native.py")


def test_thread_local_variables_of_all_models(machine, native, tmp_path):
    done = machine.run(native, "thread_local", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    numbers = "[42, 44, 42, 42, 42] [21, 21, 21, 21] [1, 2, 3, 14] pointed to"
    models = ("global-dynamic", "local-dynamic", "initial-exec", "descriptors")
    assert done.stdout.splitlines() == [
        *(f"{model} {numbers}" for model in models),
        "a thread from before [42, 42, 42, 42]",
        "after fork 0",
    ]


def test_cxx_exceptions_across_objects_and_threads(machine, native, tmp_path):
    done = machine.run(native, "exceptions", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Error: an own type, 2 unwound",
        "exception: of the library, 2 unwound",
        "number 3, 2 unwound",
        "threads 800",
        "stream message 1",
    ]


def test_long_runs_of_zeros_take_no_bytes_of_the_file(machine, native, tmp_path):
    done = machine.run(native, "zeros", cwd=tmp_path)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "zeros 0 8388608\n")
    assert "ok   shared objects" in obelisk("verify", native)
    assert any(not stored and memory >= 8 << 20 for *_, stored, memory in loads_of(native))


def test_objects_of_this_machine_are_refused_there(machine, compiler, tmp_path):
    shutil.copy(APPS / "native.py", tmp_path)
    (tmp_path / "message.txt").write_text("")
    compiler(tmp_path / "liblow.so", "low.c")
    words = ("build", tmp_path / "native.py", "--target", machine.target.triple)
    said = obelisk(*words, status=6)
    assert f"not {machine.target.machine_name}" in said


def test_processes_of_all_kinds(machine, tmp_path):
    """`spawn` executes the file itself, for which the kernel must know the emulator."""
    if not any(SPAWN.glob("qemu-*")):
        pytest.skip(f"the kernel runs no executable of another machine: {SPAWN} names no emulator")
    name = "parallel.py"
    machine.says(machine.build(name), expected(APPS / name), cwd=tmp_path)

"""Executables for machines that are not this one, run by QEMU's user mode.

They are the programs by which this machine's executables are tested, and must say the same.
"""

import os
import shutil

import binfmt
import pytest
from support import APPS, emulation, expected, obelisk, run, segments_of, serve_many

from obelisk.services import host
from obelisk.target import TARGETS
from obelisk.verify.elf import map_file, read_executable

pytestmark = [pytest.mark.compile, pytest.mark.network]

OTHERS = [target for target in TARGETS.values() if not host.runs(target)]
PACKAGES = (
    *("cryptography_keys", "greenlet_switches", "lxml_documents", "orjson_values"),
    *("pydantic_models", "rust_panics", "without_speedups"),
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

    def run(self, executable, *arguments, cwd, emulated=(), **options):
        """Run it; `emulated` are options of the emulator."""
        # An emulator makes code.
        argv = [*emulation(self.target), *emulated, executable, *arguments]
        # What computes is emulated too: numpy and scipy take five minutes of a processor.
        return run(argv, cwd=cwd, makes_code=True, timeout=1800, **options)

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


@pytest.mark.application
def test_an_http_server_under_load(machine, tmp_path):
    name = "uvloop_server"
    executable = machine.build(name, what=APPS / "packages" / f"{name}.py")
    serve_many([*emulation(machine.target), executable], cwd=tmp_path)


def test_it_is_of_that_machine_and_sound(machine):
    executable = machine.build("hello.py")
    assert "ok   machine: " + machine.target.elf_machine in obelisk("verify", executable)
    whole = read_executable(map_file(executable))
    assert all(finding.sound for finding in whole.findings)


def test_segments_share_no_page_of_the_largest_size(machine):
    page, end = machine.target.page_size, 0
    for offset, address, _, size in segments_of(machine.build("hello.py")):
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
    assert any(not stored and memory >= 8 << 20 for *_, stored, memory in segments_of(native))


def test_objects_of_this_machine_are_refused_there(machine, compiler, tmp_path):
    shutil.copy(APPS / "native.py", tmp_path)
    (tmp_path / "message.txt").write_text("")
    compiler(tmp_path / "liblow.so", "low.c")
    words = ("build", tmp_path / "native.py", "--target", machine.target.triple)
    said = obelisk(*words, status=6)
    assert f"not {machine.target.machine_name}" in said


@pytest.fixture
def in_kernel(machine, tmp_path_factory):
    """The kernel executes that machine's programs, and so may these themselves."""
    try:
        with binfmt.executing(machine.target, tmp_path_factory.mktemp("binfmt")):
            yield
    except binfmt.RefusedError as error:
        pytest.skip(f"the kernel executes no program of another machine: {error}")


@pytest.mark.usefixtures("in_kernel")
def test_processes_of_all_kinds(machine, tmp_path):
    """`spawn` and `forkserver` execute the file itself."""
    executable = machine.build("parallel.py")
    done = run([executable], cwd=tmp_path, makes_code=True, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == expected(APPS / "parallel.py")


CODE = "code ['-c'{}] ['{}'] True"


@pytest.mark.usefixtures("in_kernel")
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
    argv = [machine.build("processes.py"), question]
    done = run(argv, cwd=tmp_path, env=env, makes_code=True, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == lines

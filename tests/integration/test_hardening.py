"""What an executable is hardened by, shown by what it stops."""

import signal

import pytest
from support import run

pytestmark = pytest.mark.compile


@pytest.fixture(scope="module")
def hardened_program(compiler, tmp_path_factory):
    place = tmp_path_factory.mktemp("hardening") / "program"
    cc = compiler.builder.chain.tool("cc-shared")
    loader = next((compiler.builder.python.parents[1] / "lib").glob("ld-musl*"))
    options = ("-O1", "-Wno-uninitialized", "-pie", f"-Wl,--dynamic-linker={loader}")
    compiler.call(cc, *options, "hardening.c", "-o", place)
    return place


def test_a_large_frame_does_not_jump_over_the_guard_page(hardened_program, tmp_path):
    done = run([hardened_program, "frame"], cwd=tmp_path)
    assert (done.returncode, done.stdout) == (-signal.SIGSEGV, "")


def test_variables_begin_as_zero(hardened_program, tmp_path):
    assert run([hardened_program, "left"], cwd=tmp_path).stdout == "0\n"


def test_a_hardened_allocator_ends_what_frees_twice(executables, tmp_path):
    hardened = executables("freed_twice.py", "--set", "allocator-hardening=true")
    done = run([hardened], cwd=tmp_path)
    assert done.returncode == -signal.SIGABRT
    assert "freed twice" not in done.stdout
    app = executables("hello.py", "--set", "allocator-hardening=true")
    assert run([app], cwd=tmp_path).stdout.startswith("hello\n")

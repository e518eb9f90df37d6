"""Packages that people use, with extension modules in C, C++, Rust and Fortran.

One executable each does real work where there is nothing else.
"""

import os

import pytest
from support import APPS, SNAPSHOTS, expected, serve_many

pytestmark = [pytest.mark.compile, pytest.mark.network]

PACKAGES = APPS / "packages"
WITH_A_SERVER = ("uvloop_server", "postgres_client")
MAKE_CODE = {
    "polars_frames": "polars writes a function that asks the processor for its features",
    "cffi_calls": "cffi writes a function for each callback of its ABI mode",
}
"""Packages that no system which forbids that can run, however they were installed."""
ALONE = sorted(path.stem for path in PACKAGES.glob("*.py") if path.stem not in WITH_A_SERVER)


def build(executables, name):
    return executables(name, what=PACKAGES / f"{name}.py")


@pytest.mark.parametrize("name", ALONE)
def test_it_works_in_an_empty_root(executables, empty_root, name):
    # Abseil, in gRPC, wants this one file; every container has it.
    (empty_root.folder / "dev").mkdir()
    (empty_root.folder / "dev/urandom").write_bytes(os.urandom(4096))
    executable = build(executables, name)
    done = empty_root.run(executable, timeout=300, makes_code=name in MAKE_CODE)
    assert (done.returncode, done.stderr) == (0, "")
    lines = expected(PACKAGES / f"{name}.py")
    if SNAPSHOTS:  # the paths of objects begin with the same, wherever the executable lies
        lines = [line.replace("from inside True", "from inside False") for line in lines]
    assert done.stdout.splitlines() == lines


def test_an_http_server_under_load(executables, tmp_path):
    serve_many([build(executables, "uvloop_server")], cwd=tmp_path)


def test_a_database_client(executables, empty_root, postgres):
    done = empty_root.run(build(executables, "postgres_client"), postgres)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == expected(PACKAGES / "postgres_client.py")

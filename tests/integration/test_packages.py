"""Packages that people use, with extension modules in C, C++, Rust and Fortran.

One executable each does real work where there is nothing else.
"""

import http.client
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import APPS, expected

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
    assert done.stdout.splitlines() == expected(PACKAGES / f"{name}.py")


def test_an_http_server_under_load(executables, tmp_path):
    argv = [build(executables, "uvloop_server")]
    server = subprocess.Popen(argv, cwd=tmp_path, env={}, stdout=subprocess.PIPE, text=True)
    port = int(server.stdout.readline())

    def ask_often(number):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for turn in range(200):
            connection.request("GET", f"/{number}/{turn}")
            assert connection.getresponse().read() == f"/{number}/{turn}".encode() * 100
        connection.close()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask_often, range(16)))
    last = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    last.request("GET", "/stop")
    assert last.getresponse().read() == b"/stop" * 100
    last.close()
    assert server.communicate(timeout=60)[0] == "uvloop\n"
    assert server.returncode == 0


def test_a_database_client(executables, empty_root, postgres):
    done = empty_root.run(build(executables, "postgres_client"), postgres)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == expected(PACKAGES / "postgres_client.py")

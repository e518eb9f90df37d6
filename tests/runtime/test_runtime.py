"""The runtime's C files by themselves, under the undefined-behaviour sanitizer."""

import subprocess
from pathlib import Path

import pytest

from obelisk.cache import Cache
from obelisk.console import Console, Verbosity
from obelisk.distribution.libraries import Site, build_libraries, merge_into_sysroot
from obelisk.distribution.runtime import runtime_folder
from obelisk.payload import Item, Kind, write_payload
from obelisk.target import DEFAULT_TARGET, parse_target
from obelisk.toolchain import write_toolchain

pytestmark = pytest.mark.compile

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """A function that compiles one of the programs here with a file of the runtime."""
    root = tmp_path_factory.mktemp("runtime")
    site = Site(
        cache=Cache(),
        console=Console(Verbosity.QUIET),
        target=parse_target(DEFAULT_TARGET),
        sources=None,
    )
    libraries = build_libraries(site)
    chain = write_toolchain(site.target, root / "toolchain")
    for name in ("musl", "zstd"):
        merge_into_sysroot(libraries[name], chain.root)

    def compile_program(name, tested):
        sources = [Path(__file__).with_name(f"{name}.c"), runtime_folder() / tested]
        command = [chain.tool("cc"), "-std=c11", "-O1", "-g", "-D_GNU_SOURCE", *WARNINGS]
        command += ["-fsanitize=undefined", "-fsanitize-trap=undefined", f"-I{runtime_folder()}"]
        command += [*sources, "-lzstd", "-o", root / name]
        subprocess.run(command, env=chain.environment(), check=True)
        return root / name

    return compile_program


@pytest.fixture(scope="session")
def checker(compiled):
    return compiled("payload_check", "payload.c")


@pytest.fixture(scope="session")
def payload_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("payload") / "payload"
    modules = [
        Item(name=f"package{n}.module", kind=Kind.MODULE, data=bytes([n]) * n, compress=n % 2 == 0)
        for n in range(60)
    ]
    files = [
        Item(name=f"package{n}/data/file.txt", kind=Kind.FILE, data=b"text " * n, compress=True)
        for n in range(40)
    ]
    path.write_bytes(write_payload(modules, files, entry="package0.module", options=0))
    return path


def run(*argv):
    return subprocess.run(list(map(str, argv)), capture_output=True, text=True, check=False)


def test_the_reader_finds_all_that_was_written(checker, payload_file):
    done = run(checker, payload_file)
    # 60 modules, 40 files and their 80 folders.
    assert (done.returncode, done.stdout) == (0, "0 180\n")


def test_damage_never_leads_out_of_the_payload(checker, payload_file):
    done = run(checker, payload_file, 20000)
    assert done.returncode == 0, f"ended by signal {-done.returncode}"
    assert int(done.stdout) > 0


@pytest.mark.parametrize("size", [0, 11, 95, 96, 1000])
def test_a_cut_payload_is_refused(checker, payload_file, tmp_path, size):
    path = tmp_path / "cut"
    path.write_bytes(payload_file.read_bytes()[:size])
    assert run(checker, path).returncode == 1


def test_memory_functions_agree_with_plain_loops(compiled):
    done = run(compiled("memory_check", "memory_x86_64.c"))
    assert (done.returncode, done.stdout) == (0, "")

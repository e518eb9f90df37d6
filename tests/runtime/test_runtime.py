"""The runtime's C files by themselves, under the undefined-behaviour sanitizer."""

import functools
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obelisk.cache import Cache
from obelisk.console import Console, Verbosity
from obelisk.distribution.libraries import Site, build_libraries, merge_into_sysroot
from obelisk.distribution.runtime import runtime_folder
from obelisk.payload import Control, Item, Kind, write_payload
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

    @functools.cache
    def compile_program(name, *tested):
        sources = [Path(__file__).with_name(f"{name}.c")]
        sources += [runtime_folder() / one for one in tested]
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
    controls = {Control.ENTRY: b"package0.module", Control.SETTINGS: b"frozen=0\0"}
    path.write_bytes(write_payload(modules, files, controls))
    return path


def run(*argv):
    return subprocess.run(list(map(str, argv)), capture_output=True, text=True, check=False)


def test_the_reader_finds_all_that_was_written(checker, payload_file):
    done = run(checker, payload_file)
    # 60 modules, 40 files and their 80 folders, 2 control records.
    assert (done.returncode, done.stdout) == (0, "0 182\n")


def test_damage_shows_and_never_leads_out_of_the_payload(checker, payload_file):
    done = run(checker, payload_file, 1000)
    assert done.returncode == 0, done.stderr or f"ended by signal {-done.returncode}"
    assert int(done.stdout) > 0


@pytest.mark.parametrize("size", [0, 11, 95, 96, 1000])
def test_a_cut_payload_is_refused(checker, payload_file, tmp_path, size):
    path = tmp_path / "cut"
    path.write_bytes(payload_file.read_bytes()[:size])
    assert run(checker, path).returncode == 1


def test_memory_functions_agree_with_plain_loops(compiled):
    done = run(compiled("memory_check", "memory_x86_64.c"))
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "whose"),
    [
        (["-c", "code"], "python"),
        (["-ccode"], "python"),
        (["-m", "module", "-x"], "python"),
        (["-I", "-S", "-c", "code"], "python"),
        (["-ISc", "code"], "python"),
        (["-W", "error", "-Xdev", "-m", "module"], "python"),
        (["-"], "python"),
        (["script.py"], "python"),
        (["-u", "folder/script.pyz", "x"], "python"),
        (["/app/package/module.py"], "python"),
        (["-c", "from multiprocessing.spawn import spawn_main; spawn_main()"], "python helper"),
        (["-I", "-c", "import sys; from multiprocessing.forkserver import main"], "python helper"),
        (["--multiprocessing-fork", "tracker_fd=3"], "helper"),
        ([], ""),
        (["-c"], ""),
        (["-m"], ""),
        (["-W"], ""),
        (["-V"], ""),
        (["-h"], ""),
        (["--version"], ""),
        (["-z", "-c", "code"], ""),
        (["build", "-c", "conf"], ""),
        (["script.txt"], ""),
        (["/appendix/x"], ""),
        (["-c", "print('from multiprocessing.')"], "python"),
    ],
)
def test_whose_arguments_these_are(compiled, arguments, whose):
    done = run(compiled("arguments_check", "arguments.c"), *arguments)
    assert (done.returncode, done.stdout.strip()) == (0, whose)


def settings_of(compiled, tmp_path, content, name, *, damage=None):
    path = tmp_path / "payload"
    data = bytearray(write_payload([], [], {Control.SETTINGS: content}))
    if damage:
        data[data.rindex(damage)] ^= 1
    path.write_bytes(data)
    done = run(compiled("settings_check", "settings.c", "payload.c"), path, name)
    return done.returncode, done.stdout or done.stderr


def test_settings_are_read_in_place(compiled, tmp_path):
    content = b"a=1\0list=x\0list=y=z\0empty=\0"
    for name, value in {"a": "1 1", "list": "x 0", "empty": " 0", "lis": "none 0"}.items():
        found = settings_of(compiled, tmp_path, content, name)
        assert found == (0, f"a=1;list=x;list=y=z;empty=; {value}")


def test_damaged_settings_end_the_process(compiled, tmp_path):
    wrong = {
        (b"a=1\0", b"a=1"): "checksum mismatch in settings",
        (b"a=1", None): "malformed record in settings",
        (b"", None): "malformed record in settings",
        # The name by which they are found.
        (b"a=1\0", b"settings"): "checksum mismatch in the index of its payload in ",
    }
    for (content, damage), message in wrong.items():
        assert settings_of(compiled, tmp_path, content, "a", damage=damage) == (74, message)


def test_no_file_of_a_package_is_taken_for_settings(compiled, tmp_path):
    path = tmp_path / "payload"
    names = (".obelisk/interpreter", ".obelisk/settings", "settings")
    files = [Item(name=name, kind=Kind.FILE, data=b"python_option=1\0") for name in names]
    modules = [Item(name="settings", kind=Kind.MODULE, data=b"python_option=1\0")]
    path.write_bytes(write_payload(modules, files, {}))
    done = run(compiled("settings_check", "settings.c", "payload.c"), path, "python_option")
    assert (done.returncode, done.stdout) == (0, " none 0")


@given(content=st.binary(max_size=60))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_settings_are_read_or_refused(compiled, tmp_path, content):
    status, _ = settings_of(compiled, tmp_path, content, "a")
    assert status in (0, 74)

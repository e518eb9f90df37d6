"""Files of an executable for Windows by themselves, under Wine.

What all calls say of them is what they say of the same files on a disk.
"""

import random
import subprocess
from pathlib import Path

import pytest
from wine import TRIPLE, Wine, shared_prefix

from obelisk.payload.payload import Control, Item, Kind, write_payload
from obelisk.payload.stored import Dictionaries, Frame
from obelisk.recipes.build import build_libraries, merge_into_sysroot
from obelisk.runtime import pe
from obelisk.runtime.link import archive_symbols
from obelisk.runtime.sources import c_files, c_folder
from obelisk.services.cache import Cache
from obelisk.services.console import Console, Verbosity
from obelisk.services.locks import lock
from obelisk.services.services import Services
from obelisk.target import parse_target
from obelisk.toolchain.clang import archive
from obelisk.toolchain.mingw import write_mingw
from obelisk.toolchain.mingw_link import link_inputs

pytestmark = pytest.mark.compile

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror")
ROOMS = ("vfs/windows",)
FILES = ("payload/payload.c", "payload/expand.c", "os/windows/text.c", "os/windows/posix.c")


@pytest.fixture(scope="module")
def wine():
    prefix = shared_prefix()
    held = lock(prefix.with_name("wine.lock"))
    found = Wine(prefix)
    held.release()
    return found


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """The compiler for Windows, with the libraries that the tested files need."""
    target = parse_target(TRIPLE)
    services = Services(
        cache=Cache(), console=Console(Verbosity.QUIET), target=target, archives=None
    )
    libraries = build_libraries(services)
    chain = write_mingw(target, tmp_path_factory.mktemp("windows") / "toolchain")
    for name in ("mingw-w64", "zstd"):
        merge_into_sysroot(libraries[name], chain.root)
    return chain


def run(chain, *argv):
    done = subprocess.run(
        list(map(str, argv)), env=chain.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def program(chain, tmp_path_factory):
    """The check, linked with the files of the runtime as that is."""
    folder = tmp_path_factory.mktemp("check")
    own = [path for path in c_files(chain.target) if str(path.parent).endswith(ROOMS)]
    own += [c_folder() / name for name in FILES]
    objects = []
    for path in [*own, Path(__file__).with_name("own_files_check.c")]:
        objects.append(folder / f"{path.stem}.o")
        flags = ("-std=c11", "-O1", "-D_GNU_SOURCE", *WARNINGS, *pe.COMPILE_FLAGS)
        include = (f"-I{c_folder()}", f"-I{Path(__file__).parent}")
        run(chain, chain.tool("cc"), *flags, *include, "-c", path, "-o", objects[-1])
    library = folder / "own.a"
    archive(chain, library, objects, folder / "log.txt")
    names = sorted(
        name.removeprefix("__wrap_")
        for name in archive_symbols(library)
        if name.startswith("__wrap_")
    )
    made = folder / "own_files_check.exe"
    run(
        chain,
        *(chain.tool("lld-link"), "-entry:mainCRTStartup", "-subsystem:console"),
        *("-stack:8388608", f"-out:{made}", *pe.wrapping(names), chain.lib / "crt2.obj", *objects),
        *(chain.lib / "libzstd.a", *link_inputs(chain.lib)),
    )
    return made


def test_files_of_an_executable_answer_as_those_of_a_disk(program, wine, tmp_path):
    chosen = random.Random(3)
    files = []
    for number in range(40):
        name = f"Mixed Case {number}/Ünïcode{number}.bin"
        if number % 3:
            name = f"package{number % 7}/data/file{number}.txt"
        data = chosen.randbytes(number * 97)
        frame = Frame.NONE if number % 2 else Frame.TEXT
        files.append(Item(name=name, kind=Kind.FILE, data=data, frame=frame))
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    dictionaries = Dictionaries(contents={Frame.TEXT: b"some text"})
    payload = write_payload([], files, {Control.MAIN: b"x"}, dictionaries=dictionaries)
    (tmp_path / "payload").write_bytes(payload)
    # In which Wine finds names of files here.
    env = {"LC_ALL": "C.UTF-8"}
    done = wine.run(program, "payload", "files\\", cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) > 15000


VECTORS = """
__attribute__((target("avx512f"))) __m512i add(__m512i one) { return _mm512_add_epi32(one, one); }
"""


def compiles(chain, text):
    done = subprocess.run(
        [chain.tool("cc"), "-fsyntax-only", "-x", "c", "-"],
        input=text,
        env=chain.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0


def test_windows_itself_brings_no_instructions_of_some_processors_only(chain):
    """Compiling what no file of ours calls took longer than Windows's own headers."""
    own = "void wait(void) { YieldProcessor(); MemoryBarrier(); __rdtsc(); }\n"
    assert compiles(chain, "#include <windows.h>\n" + own)
    assert not compiles(chain, "#include <windows.h>\n" + VECTORS)


@pytest.mark.parametrize("header", ["x86intrin.h", "immintrin.h", "intrin.h"])
def test_programs_that_ask_for_instructions_have_all_of_them(chain, header):
    assert compiles(chain, f"#include <{header}>\n" + VECTORS)
    assert compiles(chain, f"#include <windows.h>\n#include <{header}>\n" + VECTORS)

"""Record what programs do most, as the profile that CPython is compiled with.

    python scripts/train_profile.py --chroot FOLDER [--python 3.13] [--seconds 60]

For maintainers, once for each release of CPython, each compiler and each change of CPython's C
source (docs/how-to/train-profiles.md). It needs root and `debootstrap`: the compiler that Obelisk
uses has no tools for profiles, so a chroot of a newer Debian gives those of the same LLVM.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import zstandard
from debian_chroot import make_chroot

from obelisk.distribution import cpython
from obelisk.distribution.versions import DEFAULT_PYTHON, python_source
from obelisk.recipes import profiles
from obelisk.recipes.build import build_from_source, build_libraries
from obelisk.recipes.context import RecipeContext
from obelisk.services.cache import Cache, hash_tree
from obelisk.services.console import Console
from obelisk.services.pins import Pin
from obelisk.services.services import Services
from obelisk.target import DEFAULT_TARGET, parse_target
from obelisk.toolchain.clang import archive, clang_version

_TRAINING: Final = Path(__file__).parent / "training"
_LEVEL: Final = 19
"""Of zstd. Its bytes depend on the content and on the version of `zstandard`, which is pinned."""
_STARTS: Final = 20
_STILL: Final = ("setarch", "--addr-no-randomize")
"""What is called indirectly is recorded by its address, and processes add to one recording."""
_DISPATCH: Final = re.compile(r"^\d+\n(?:\S*;_TAIL_CALL_\w+:\d+\n)+", re.MULTILINE)
"""Which instruction follows which, in a profile's text: the places and how often each was next."""
_TESTS: Final = "./python -m test --pgo --timeout=1200 || test $? -eq 2"
"""CPython's own list of work for a profile; with `-x` it would be another one: all tests.

Some of it fails, which is no matter, where it needs what a static Python has not; but it must end.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """LLVM's tools for profiles, of the version of our compiler, in a chroot."""

    chroot: Path
    major: str

    def runtime(self, architecture: str) -> Path:
        """Return the library that an instrumented program records with."""
        folder = self.chroot / f"usr/lib/llvm-{self.major}/lib/clang/{self.major}/lib/linux"
        return folder / f"libclang_rt.profile-{architecture}.a"

    def call(self, *argv: str) -> str:
        """Run `llvm-profdata` in the chroot and return what it prints."""
        words = ["chroot", str(self.chroot), f"llvm-profdata-{self.major}", *argv]
        return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    """Train, check, and write the profile into the package."""
    options = parse_options()
    console = Console()
    services = Services(
        cache=Cache(warn=console.warn),
        console=console,
        target=parse_target(DEFAULT_TARGET),
        archives=None,
    )
    pinned = python_source(options.python)
    tools = find_tools(options.chroot)
    place = profiles.place_of(pinned.name, services.target)
    with console.step(f"Training a profile of {pinned.name}"):
        data = train(services, pinned, tools, options.seconds)
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(zstandard.ZstdCompressor(level=_LEVEL).compress(data))
    print(f"{place}: {place.stat().st_size:,} bytes, {len(data):,} unpacked")
    with console.step("Checking it by two builds"):
        check(services, pinned)


def parse_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=DEFAULT_PYTHON)
    parser.add_argument("--chroot", type=Path, required=True, help="made if missing")
    parser.add_argument("--seconds", type=int, default=60, help="CPU time of the mixed work")
    return parser.parse_args()


def find_tools(chroot: Path) -> Tools:
    """Make the chroot; end the program unless its LLVM is the compiler's, to the last number."""
    wanted = clang_version()
    major = wanted.split(".")[0]
    make_chroot(chroot, [f"llvm-{major}", f"libclang-rt-{major}-dev"])
    tools = Tools(chroot=chroot, major=major)
    found = tools.call("--version")
    if f"LLVM version {wanted}" not in found.splitlines()[0]:
        sys.exit(f"error: clang is {wanted}, but {chroot} has {found.splitlines()[0].strip()}")
    return tools


def train(services: Services, pinned: Pin, tools: Tools, seconds: int) -> bytes:
    """Build CPython instrumented, let it work, and return the profile."""
    libraries = build_libraries(services)
    with (
        tempfile.TemporaryDirectory(dir=tools.chroot / "tmp") as raw,
        tempfile.TemporaryDirectory() as output,
    ):

        def work(shop: RecipeContext) -> None:
            cpython.configure(shop)
            cpython.make(shop, instrumentation(shop, tools))
            exercise(shop, Path(raw), seconds)

        build_from_source(services, pinned, libraries.values(), Path(output), work)
        return merge(tools, Path(raw))


def instrumentation(shop: RecipeContext, tools: Tools) -> dict[str, str]:
    """Return the variables of `make` with which what it builds records a profile."""
    recorder = shop.root / "profile.a"
    shims = shop.root / "profile_runtime.o"
    shutil.copyfile(tools.runtime(shop.chain.target.architecture), recorder)
    shop.run("cc", "-O2", "-c", _TRAINING / "profile_runtime.c", "-o", shims)
    archive(shop.chain, recorder, [shims], shop.log)
    return {
        "CFLAGS_NODIST": "-fprofile-generate -mllvm -vp-counters-per-site=6",
        # It comes last of all libraries, and nothing asks for it by a name.
        "LIBS": f"-ldl -lmimalloc -Wl,-u,__llvm_profile_runtime {recorder}",
        # What the build itself runs is no training.
        "LLVM_PROFILE_FILE": "/dev/null",
    }


def exercise(shop: RecipeContext, raw: Path, seconds: int) -> None:
    """Run the training work; every process adds to the recordings below `raw`."""
    env = {"LLVM_PROFILE_FILE": f"{raw}/%4m.profraw"}
    python = shop.tree / "python"
    for _ in range(_STARTS):
        shop.run(*_STILL, python, "-c", "pass", env=env)
        shop.run(*_STILL, python, _TRAINING / "imports.py", env=env)
    shop.run(*_STILL, python, _TRAINING / "mixed.py", str(seconds), env=env)
    shop.run(*_STILL, "sh", "-c", _TESTS, env=env)


def merge(tools: Tools, raw: Path) -> bytes:
    """Return one profile of all recordings."""
    inside = [f"/{path.relative_to(tools.chroot)}" for path in sorted(raw.glob("*.profraw"))]
    text, merged = raw / "merged.txt", raw / "merged.profdata"
    tools.call("merge", "-text", *inside, "-o", f"/{text.relative_to(tools.chroot)}")
    text.write_text(without_dispatch(text.read_text()))
    tools.call(
        "merge", f"/{text.relative_to(tools.chroot)}", "-o", f"/{merged.relative_to(tools.chroot)}"
    )
    return merged.read_bytes()


def without_dispatch(text: str) -> str:
    """Return a profile that does not know which instruction followed which.

    The compiler would compare before it jumps to the next one, which the processor foresees better.
    """
    return _DISPATCH.sub("0\n", text)


def check(services: Services, pinned: Pin) -> None:
    """End the program unless the profile fits and two builds in two folders are the same."""
    said: list[str] = []
    digests = set()
    libraries = build_libraries(services)
    for _ in range(2):
        with tempfile.TemporaryDirectory() as output:

            def work(shop: RecipeContext) -> None:
                cpython.build(shop)
                said.extend(profiles.misfits(shop, without=cpython.OF_THE_BUILD))

            build_from_source(services, pinned, libraries.values(), Path(output), work)
            digests.add(hash_tree(Path(output)))
    if said:
        sys.exit(f"error: the profile does not fit {', '.join(sorted(set(said)))}")
    if len(digests) != 1:
        sys.exit("error: two builds with the profile are not the same")


if __name__ == "__main__":
    main()

"""The C toolchain: clang and lld of the `ziglang` package, and the only place that knows them.

zig's own libc is not used (its memory functions are slow and its musl is a mixture), so this is
plain clang with a sysroot of ours. `docs/explanation/toolchain.md` gives the reasons.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from obelisk.errors import ToolError
from obelisk.services.cache import hash_code
from obelisk.services.host import jobs
from obelisk.services.process import run_captured, run_logged, working_together
from obelisk.target import Target

VERSION: Final = importlib.metadata.version("ziglang")

COMPILE_FLAGS: Final = (
    "-fstack-protector-strong",
    # A large frame touches each page on its way, so that it cannot jump over the guard page.
    "-fstack-clash-protection",
    "-ffunction-sections",
    "-fdata-sections",
    # Dates in objects would make every build different.
    "-Werror=date-time",
)
LINK_FLAGS: Final = (
    "-Wl,-z,relro,-z,now,-z,noexecstack",
    # 55,000 relocations take a tenth of the room and less time as RELR.
    "-Wl,-z,pack-relative-relocs",
    "-Wl,--build-id=none",
)
STATIC_FLAGS: Final = (
    # What a function forgot to set is zero, and not what another function left there; but for
    # large buffers, which arithmetic of `decimal` has by the dozen (a fifth of its time). Not for
    # packages: code that leans on a variable's old value would fail with our compiler only.
    *("-ftrivial-auto-var-init=zero", "-ftrivial-auto-var-init-max-size=256"),
    "-fPIE",
    "-static-pie",
    # musl takes the default size of thread stacks from PT_GNU_STACK; glibc's users have 8 MiB.
    "-Wl,-z,stack-size=8388608",
)
"""Of `cc`, whose programs are static."""
SHARED_FLAGS: Final = ("-fPIC", "-Wl,--hash-style=gnu")
"""Of `cc-shared`, whose shared objects, and programs that load them, use libc.so."""


_COMPILER_RT: Final = Path(__file__).with_name("compiler_rt.py")


def zig_folder() -> Path:
    """Return the folder of the `ziglang` package."""
    return Path(str(files("ziglang")))


def clang_version() -> str:
    """Return the version of the compiler, such as `22.1.8`."""
    done = run_captured([zig_folder() / "zig", "clang", "--version"], what="asking the compiler")
    return done.stdout.decode().split()[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class Toolchain:
    """Commands that build for one target, as small scripts that `./configure` can call."""

    target: Target
    root: Path
    """Holds `bin`, clang's resource folder `resource`, and `sysroot`."""

    @property
    def sysroot(self) -> Path:
        """The folder of the target's headers and libraries."""
        return self.root / "sysroot"

    @property
    def lib(self) -> Path:
        """The folder of libc and start files."""
        return self.sysroot / "lib"

    def tool(self, name: str) -> Path:
        """Return the path of `cc`, `cc-shared`, `ar`, `ranlib` or `ld.lld`."""
        return self.root / "bin" / name

    def environment(self) -> dict[str, str]:
        """Return the whole environment that tools run in: nothing of the user's but PATH."""
        return {
            "PATH": f"{self.root / 'bin'}:{os.environ.get('PATH', os.defpath)}",
            "HOME": str(self.root),
            "LC_ALL": "C",
            "TZ": "UTC",
            "SOURCE_DATE_EPOCH": "0",
            "ZERO_AR_DATE": "1",
            "ZIG_GLOBAL_CACHE_DIR": str(self.root / "zig-cache"),
            "ZIG_LOCAL_CACHE_DIR": str(self.root / "zig-cache"),
        }


def write_toolchain(target: Target, root: Path) -> Toolchain:
    """Write the tools' scripts below `root`; the sysroot is filled by the recipe of libc."""
    chain = Toolchain(target=target, root=root)
    (root / "bin").mkdir(parents=True)
    resource = root / "resource"
    resource.mkdir()
    (resource / "include").symlink_to(zig_folder() / "lib/include")
    zig = zig_folder() / "zig"
    driver = f"'{zig}' clang {' '.join(_driver_flags(chain))}"
    write_script(chain.tool("cc"), f"{driver} {' '.join(STATIC_FLAGS)}")
    write_script(chain.tool("cc-shared"), f"{driver} {' '.join(SHARED_FLAGS)}")
    for name in ("ar", "ranlib", "ld.lld"):
        write_script(chain.tool(name), f"'{zig}' {name}")
    return chain


def toolchain_identity(target: Target) -> dict[str, object]:
    """Return everything of the toolchain that can change bytes, for cache keys."""
    return {
        "ziglang": VERSION,
        "target": [target.triple, target.clang_triple, target.configure_triple],
        "libraries": [target.openssl_target, target.libffi_target],
        "headers": target.kernel_headers,
        "code": hash_code(sys.modules[__name__], _COMPILER_RT),
    }


def compile_all(
    chain: Toolchain,
    sources: dict[Path, Path],
    *,
    flags: tuple[str, ...],
    cwd: Path,
    log: Path,
    what: str,
) -> None:
    """Compile each source to its object file, as many at once as there are processors."""

    def compile_one(source: Path, made: Path) -> None:
        made.parent.mkdir(parents=True, exist_ok=True)
        argv: list[str | Path] = [chain.tool("cc"), *flags, "-c", source, "-o", made]
        run_logged(argv, log=log, cwd=cwd, env=chain.environment(), what=what)

    with working_together(jobs()) as pool:
        for done in [pool.submit(compile_one, *pair) for pair in sources.items()]:
            done.result()


def archive(chain: Toolchain, library: Path, objects: list[Path], log: Path) -> None:
    """Write a static library of `objects`, without dates or owners."""
    if not objects:
        message = f"nothing to put into {library.name}"
        raise ToolError(message)
    library.parent.mkdir(parents=True, exist_ok=True)
    argv: list[str | Path] = [chain.tool("ar"), "rcsD", library, *objects]
    run_logged(
        argv, log=log, cwd=library.parent, env=chain.environment(), what=f"writing {library.name}"
    )


def _driver_flags(chain: Toolchain) -> list[str]:
    headers = zig_folder() / "lib/libc/include"
    kernel = [f"-idirafter '{headers / name}'" for name in chain.target.kernel_headers]
    return [
        f"--target={chain.target.clang_triple}",
        f"--sysroot='{chain.sysroot}'",
        f"-resource-dir '{chain.root / 'resource'}'",
        f"-isystem '{chain.sysroot / 'include'}'",
        *kernel,
        f"--ld-path='{chain.tool('ld.lld')}'",
        "--rtlib=compiler-rt --unwindlib=none",
        "-Qunused-arguments",
        f"-ffile-prefix-map='{chain.root.parent}'=/obelisk",
        *COMPILE_FLAGS,
        *LINK_FLAGS,
    ]


def write_script(path: Path, command: str, last: str = "") -> None:
    """Write a script that runs a command with the arguments it is given, and `last` after them."""
    path.write_text(f'#!/bin/sh\nexec {command} "$@" {last}\n')
    path.chmod(0o755)

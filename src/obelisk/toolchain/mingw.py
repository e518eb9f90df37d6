"""The toolchain of Windows: plain clang with the headers of zig's mingw-w64, and the UCRT.

What a program is linked with besides its own objects (start files, mingw-w64's functions, import
libraries of system DLLs) is in the `lib` of `mingw_runtime.py`: no link asks zig for any of it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from obelisk.services.cache import hash_code
from obelisk.target import Target
from obelisk.toolchain.clang import VERSION, Toolchain, write_script, zig_folder

_HEADERS: Final = (
    *("x86_64-windows-gnu", "generic-mingw", "x86_64-windows-any", "any-windows-any"),
)
"""Folders of zig's `lib/libc/include`, most specific first; those that it lacks are skipped."""
X86INTRIN: Final = "x86intrin.h"
_INTRINSICS: Final = """\
#if defined(_WINNT_) && !defined(FastFence)
#define __X86INTRIN_H
#include <ia32intrin.h>
#undef __X86INTRIN_H
#include <emmintrin.h>
#else
#{whole}
#endif
"""
COMPILE_FLAGS: Final = (
    # The C runtime is the UCRT, which every Windows 10 has, and Windows 10 is what is required.
    *("-D__MSVCRT_VERSION__=0xE00", "-D_WIN32_WINNT=0x0a00"),
    # Functions that headers would define inline are the UCRT's own.
    "-D__CRT__NO_INLINE",
    "-fstack-protector-strong",
    *("-ftrivial-auto-var-init=zero", "-ftrivial-auto-var-init-max-size=256"),
    "-ffunction-sections",
    "-fdata-sections",
    # Functions are unwound by tables, so none needs a register for its frame.
    "-fomit-frame-pointer",
    "-fno-sanitize=undefined",
    # Dates in objects would make every build different.
    "-Werror=date-time",
    "-Qunused-arguments",
)


def write_mingw(target: Target, root: Path) -> Toolchain:
    """Write the tools' scripts below `root`; its sysroot is filled by `mingw_runtime.py`.

    `cc` and `c++` only compile. `lld-link` takes the options of Microsoft's linker, and mingw's
    (`-wrap:`). `zig-cc` is zig's own driver, for packages that compile and link at once.
    """
    chain = Toolchain(target=target, root=root)
    (root / "bin").mkdir(parents=True)
    _headers(chain).mkdir()
    (_headers(chain) / X86INTRIN).write_text(x86intrin(f"include_next <{X86INTRIN}>"))
    zig = zig_folder() / "zig"
    flags = " ".join(_driver_flags(chain))
    write_script(chain.tool("cc"), f"'{zig}' clang {flags}")
    write_script(chain.tool("c++"), f"'{zig}' clang --driver-mode=g++ {flags}")
    write_script(chain.tool("lld-link"), f"'{zig}' lld-link -lldmingw -nologo -Brepro")
    write_script(chain.tool("zig-cc"), f"'{zig}' cc -target {target.clang_triple}")
    for name in ("ar", "ranlib", "dlltool", "rc"):
        write_script(chain.tool(name), f"'{zig}' {name}")
    return chain


def mingw_identity(target: Target) -> dict[str, object]:
    """Return everything of the toolchain that can change bytes, for cache keys."""
    return {
        "ziglang": VERSION,
        "target": [target.triple, target.clang_triple],
        "libraries": [target.openssl_target, target.libffi_target],
        "code": hash_code(sys.modules[__name__]),
    }


def x86intrin(whole: str) -> str:
    """Return what stands before clang's x86intrin.h; `whole` is the directive that includes that.

    winnt.h, a part of windows.h, includes it for what every x86-64 has. The rest of it, which is
    for AVX-512 and the like, takes longer to compile than the headers of Windows. Programs that
    include it themselves get all of it.
    """
    return _INTRINSICS.format(whole=whole)


def _headers(chain: Toolchain) -> Path:
    """Return the folder of headers that stand before clang's."""
    return chain.root / "include"


def _driver_flags(chain: Toolchain) -> list[str]:
    lib = zig_folder() / "lib"
    folders = [_headers(chain), lib / "include", chain.sysroot / "include"]
    folders += [lib / "libc/include" / name for name in _HEADERS]
    return [
        "--no-default-config",
        f"--target={chain.target.clang_triple}",
        "-nostdinc",
        *(f"-isystem '{folder}'" for folder in folders),
        f"-ffile-prefix-map='{chain.root.parent}'=/obelisk",
        f"-ffile-prefix-map='{lib}'=/zig",
        *COMPILE_FLAGS,
    ]

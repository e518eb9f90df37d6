"""What programs for Windows are linked with: mingw-w64's start files and libraries.

All of it is compiled by zig, which has their sources and knows which of them belong together. It
says at a link which files it has made; they are kept under their own names.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from obelisk.errors import ToolError
from obelisk.services.process import run_captured, run_logged
from obelisk.toolchain.archives import archive_members
from obelisk.toolchain.clang import Toolchain, archive, zig_folder
from obelisk.toolchain.mingw import X86INTRIN, x86intrin

SYSTEM_LIBRARIES: Final = (
    *("advapi32", "api-ms-win-core-path-l1-1-0", "bcrypt", "bcryptprimitives", "cabinet"),
    *("comctl32", "comdlg32", "credui", "crypt32", "cryptui", "dbghelp", "delayimp", "dnsapi"),
    *("dwmapi", "gdi32", "imm32", "iphlpapi", "kernel32", "mpr", "msi", "mswsock", "ncrypt"),
    *("netapi32", "normaliz", "ntdll", "ole32", "oleaut32", "opengl32", "pdh", "powrprof"),
    *(
        "propsys",
        "psapi",
        "rpcrt4",
        "secur32",
        "setupapi",
        "shell32",
        "shlwapi",
        "api-ms-win-core-synch-l1-2-0",
    ),
    *("user32", "userenv", "uuid", "uxtheme", "version", "wbemuuid", "wevtapi", "winhttp"),
    *("wininet", "winmm", "winspool", "wintrust", "ws2_32", "wsock32", "wtsapi32"),
)
"""Libraries of Windows that something can be linked with, as `-l` names them."""
UCRT_MATH: Final = "ucrtmath"
"""The import library of `UCRT_MATH_NAMES`."""
UCRT_MATH_NAMES: Final = (
    *("cos", "sin", "tan", "exp", "exp2", "log", "log10", "log2", "fmod", "fma", "round", "ceil"),
    *("floor", "trunc", "sqrt", "cosf", "sinf", "tanf", "expf", "exp2f", "logf", "log10f", "log2f"),
    *("fmodf", "fmaf", "roundf", "ceilf", "floorf", "truncf", "sqrtf"),
)
"""Functions that zig's compiler-rt defines as well, some less exactly: `log2` of subnormals."""
_MATH_DLL: Final = "api-ms-win-crt-math-l1-1-0.dll"
_STARTS: Final = {
    # The file, what is linked with it, and zig's name of the file.
    "crt2.obj": ("int main(void) { return 0; }\n", (), "crt2.obj"),
    "crt2u.obj": ("int wmain(void) { return 0; }\n", ("-municode",), "crt2.obj"),
    "dllcrt2.obj": ("int obelisk;\n", ("-shared",), "dllcrt2.obj"),
}
"""Start files: of programs with `main`, with `wmain`, and of DLLs."""
_OWN: Final = ("libmingw32.lib", "zigc.lib", "compiler_rt.lib")
"""Libraries of objects; the others are import libraries."""
_LINK: Final = "lld-link "
_WHOLE: Final = "x86intrin-whole.h"
"""What clang's x86intrin.h is called where ours stands in its place."""


def build_mingw_runtime(chain: Toolchain, output: Path, log: Path) -> None:
    """Build start files and libraries to `output/lib`.

    Raises `ToolError`.
    """
    folder = output / "lib"
    folder.mkdir()
    for name, (text, options, made) in _STARTS.items():
        source = chain.root / f"{name}.c"
        source.write_text(text)
        found = _linked(chain, source, options, log)
        if made not in found:
            message = f"zig linked no {made}"
            raise ToolError(message, log=log)
        shutil.copyfile(found[made], folder / name)
        for library, path in found.items():
            if library in _OWN:
                _without_paths(chain, path, folder / library, log)
            elif library.endswith(".lib"):
                shutil.copyfile(path, folder / library)
    _write_math(chain, folder, log)


def _linked(chain: Toolchain, source: Path, options: tuple[str, ...], log: Path) -> dict[str, Path]:
    """Link a program; return the files that zig has made for it by their names."""
    argv: list[str | Path] = [
        chain.tool("zig-cc"),
        *("-O2", "-s", *options),
        source,
        "-o",
        source.with_suffix(".exe"),
        *(f"-l{name}" for name in SYSTEM_LIBRARIES),
    ]
    env = chain.environment() | {"ZIG_VERBOSE_LINK": "1", "ZIG_LIB_DIR": str(_sources(chain))}
    # From there: zig names files below the working directory from it.
    done = run_captured(argv, cwd=chain.root, env=env, what="building mingw-w64")
    text = done.stderr.decode(errors="replace")
    with log.open("a") as stream:
        stream.write(text)
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith(_LINK)]
    if done.status != 0 or not lines:
        message = "building mingw-w64 failed"
        raise ToolError(message, log=log)
    cache = Path(env["ZIG_GLOBAL_CACHE_DIR"])
    paths = [chain.root / word for word in lines[-1].split()]
    return {path.name: path for path in paths if path.is_relative_to(cache)}


def _sources(chain: Toolchain) -> Path:
    """Return zig's folder `lib`, by links, with our x86intrin.h (mingw.py)."""
    folder, lib = chain.root / "zig-lib", zig_folder() / "lib"
    if not folder.exists():
        (folder / "include").mkdir(parents=True)
        for path in (*lib.iterdir(), *(lib / "include").iterdir()):
            place = folder / path.relative_to(lib)
            if path.name == X86INTRIN:
                place.write_text(x86intrin(f"include <{_WHOLE}>"))
                place = place.with_name(_WHOLE)
            if path != lib / "include":
                place.symlink_to(path)
    return folder


def _without_paths(chain: Toolchain, library: Path, made: Path, log: Path) -> None:
    """Archive the objects of a library anew: zig names the folders that they were made in."""
    objects = []
    for number, (name, data) in enumerate(archive_members(library)):
        # Several have the same name.
        folder = chain.root / made.stem / f"{number:04}"
        folder.mkdir(parents=True, exist_ok=True)
        objects.append(folder / name.rpartition("/")[2])
        objects[-1].write_bytes(data)
    archive(chain, made, objects, log)


def _write_math(chain: Toolchain, folder: Path, log: Path) -> None:
    definition = chain.root / f"{UCRT_MATH}.def"
    definition.write_text(
        f"LIBRARY {_MATH_DLL}\nEXPORTS\n" + "".join(f"{n}\n" for n in UCRT_MATH_NAMES)
    )
    run_logged(
        [
            *(chain.tool("dlltool"), "-m", "i386:x86-64", "-d", definition),
            *("-l", folder / f"{UCRT_MATH}.lib"),
        ],
        log=log,
        cwd=chain.root,
        env=chain.environment(),
        what="writing an import library",
    )

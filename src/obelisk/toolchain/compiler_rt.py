"""clang's run-time library and start files, from the source that comes with zig."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from obelisk.errors import ToolError
from obelisk.services.process import run_logged
from obelisk.toolchain.clang import VERSION, Toolchain, archive, zig_folder

_ATOMICS: Final = "var __aarch64_have_lse_atomics: u8 = @intFromBool(always_has_lse);\n"
_CHANGES: Final = {
    "compiler_rt.zig": {
        "if (!builtin.is_test) @export(": (
            # What compilers call; of libm only what no libc has.
            'const own = comptime std.mem.startsWith(u8, name, "__") or '
            'std.mem.endsWith(u8, name, "f128") or std.mem.endsWith(u8, name, "f16");\n'
            "    if (own) @export("
        ),
        '_ = @import("compiler_rt/ssp.zig");': "",
    },
    "compiler_rt/aarch64_outline_atomics.zig": {
        # For runtime/c/libc/aarch64/atomics.c, which sets it.
        _ATOMICS: f"""{_ATOMICS}comptime {{
    @export(&__aarch64_have_lse_atomics, .{{
        .name = "__aarch64_have_lse_atomics",
        .visibility = .hidden,
    }});
}}
"""
    },
}
"""Texts of zig's files, and what stands there for us."""


def build_compiler_rt(chain: Toolchain, folder: Path, log: Path) -> None:
    """Build clang's run-time library and start files into `folder`.

    Raises `ToolError` when zig fails.
    """
    folder.mkdir(parents=True)
    arch = chain.target.architecture
    source = _without_libc(chain)
    # An object, archived by ourselves: an archive by zig would name the folder that it was made in.
    builtins = folder / "builtins.o"
    argv: list[str | Path] = [
        zig_folder() / "zig",
        "build-obj",
        source,
        *("-target", chain.target.clang_triple),
        *("-O", "ReleaseFast", "-fPIC", "-fstrip", "-fno-builtin", "--name", "compiler_rt"),
        # One object of all of it: the linker takes the functions that are called.
        *("-ffunction-sections", "-fdata-sections"),
        f"-femit-bin={builtins}",
    ]
    run_logged(argv, log=log, cwd=folder, env=chain.environment(), what="building compiler-rt")
    archive(chain, folder / f"libclang_rt.builtins-{arch}.a", [builtins], log)
    builtins.unlink()
    # What gcc's crtbegin.o would define for __cxa_atexit; a program that is never unloaded has one.
    start = folder / "start.c"
    start.write_text('__attribute__((visibility("hidden"))) void *__dso_handle = 0;\n')
    end = folder / "end.c"
    end.write_text("typedef int obelisk_empty;\n")
    objects = {
        start: folder / f"clang_rt.crtbegin-{arch}.o",
        end: folder / f"clang_rt.crtend-{arch}.o",
    }
    for text, made in objects.items():
        argv = [chain.tool("cc"), "-c", text, "-o", made]
        run_logged(argv, log=log, cwd=folder, env=chain.environment(), what="building start files")


def _without_libc(chain: Toolchain) -> Path:
    """Copy the run-time library's source so that it has nothing of libc.

    It would also define libm, memcpy and the stack protector, weakly and hidden: in the runtime
    they would hide libc's own from all that is linked in later, in a shared object replace them.
    """
    place = chain.root / "compiler_rt"
    shutil.copytree(zig_folder() / "lib/compiler_rt", place / "compiler_rt")
    shutil.copyfile(zig_folder() / "lib/compiler_rt.zig", place / "compiler_rt.zig")
    for name, changes in _CHANGES.items():
        text = (place / name).read_text()
        for found, wanted in changes.items():
            if found not in text:
                message = f"{name} of ziglang {VERSION} differs from what the recipe expects"
                raise ToolError(message)
            text = text.replace(found, wanted)
        (place / name).write_text(text)
    return place / "compiler_rt.zig"

"""libffi: its release for Debian has no `configure`, and none is needed.

Static trampolines are on, so that closures (ctypes callbacks) need no memory that is both writable
and executable; libffi falls back to anonymous memory by itself where /proc is not mounted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from obelisk.errors import ToolError
from obelisk.recipes.context import RecipeContext


@dataclass(frozen=True, kw_only=True, slots=True)
class _Machine:
    sources: tuple[str, ...]
    header: str
    config: str
    """What `configure` would find out of the system."""
    flags: tuple[str, ...] = ()
    """What it would find out of the assembler."""
    edits: tuple[tuple[str, str, str], ...] = ()
    """Texts of files that are replaced: the path, what stands there, and what is to."""


_COMMON: Final = (
    "src/prep_cif.c",
    "src/types.c",
    "src/raw_api.c",
    "src/java_raw_api.c",
    "src/closures.c",
    "src/tramp.c",
)
_LINUX: Final = """\
#define EH_FRAME_FLAGS "a"
#define FFI_EXEC_STATIC_TRAMP 1
#define FFI_MMAP_EXEC_WRIT 1
#define HAVE_ALLOCA_H 1
#define HAVE_AS_X86_64_UNWIND_SECTION_TYPE 1
#define HAVE_AS_X86_PCREL 1
#define HAVE_HIDDEN_VISIBILITY_ATTRIBUTE 1
#define HAVE_INTTYPES_H 1
#define HAVE_LONG_DOUBLE 1
#define HAVE_MEMCPY 1
#define HAVE_RO_EH_FRAME 1
#define HAVE_STDINT_H 1
#define HAVE_SYS_MMAN_H 1
#define HAVE_UNISTD_H 1
#define SIZEOF_DOUBLE 8
#define SIZEOF_LONG_DOUBLE 16
#define SIZEOF_SIZE_T 8
#define STDC_HEADERS 1
#ifdef LIBFFI_ASM
#define FFI_HIDDEN(name) .hidden name
#else
#define FFI_HIDDEN __attribute__ ((visibility ("hidden")))
#endif
"""
_WINDOWS: Final = """\
#define EH_FRAME_FLAGS "aw"
#define HAVE_AS_X86_PCREL 1
#define HAVE_INTTYPES_H 1
#define HAVE_LONG_DOUBLE 1
#define HAVE_LONG_DOUBLE_VARIANT 0
#define HAVE_MEMCPY 1
#define HAVE_STDINT_H 1
#define SIZEOF_DOUBLE 8
#define SIZEOF_LONG_DOUBLE 16
#define SIZEOF_SIZE_T 8
#define STDC_HEADERS 1
#ifdef LIBFFI_ASM
#define FFI_HIDDEN(name)
#else
#define FFI_HIDDEN
#endif
"""
_MACHINES: Final = {
    "X86_64": _Machine(
        sources=("src/x86/ffi64.c", "src/x86/ffiw64.c", "src/x86/unix64.S", "src/x86/win64.S"),
        header="src/x86/ffitarget.h",
        config=_LINUX,
    ),
    # The calling convention of Windows alone.
    "X86_WIN64": _Machine(
        sources=("src/x86/ffiw64.c", "src/x86/win64.S"),
        header="src/x86/ffitarget.h",
        config=_WINDOWS,
    ),
    "AARCH64": _Machine(
        sources=("src/aarch64/ffi.c", "src/aarch64/sysv.S"),
        header="src/aarch64/ffitarget.h",
        config=_LINUX,
        flags=("-DHAVE_AS_CFI_PSEUDO_OP=1",),
        # Trampolines are mapped from the file for pages of up to 16 KiB: for up to 64 KiB. Each
        # finds its two words as far behind it.
        edits=(
            ("src/aarch64/internal.h", "TRAMP_MAP_SHIFT\t14", "TRAMP_MAP_SHIFT\t16"),
            ("src/aarch64/sysv.S", "adr\tx17, #16376", "adr\tx17, #65528"),
            ("src/aarch64/sysv.S", "adr\tx17, #16372", "adr\tx17, #65524"),
        ),
    ),
}
"""What is of one machine and calling convention, by libffi's name of it."""


def build(shop: RecipeContext) -> None:
    """Build libffi and install its headers."""
    machine = _machine(shop)
    for path, old, new in machine.edits:
        shop.replace(path, old, new)
    version = shop.source.version
    number = "".join(part.zfill(2) for part in version.split(".")).lstrip("0")
    values = {
        "VERSION": version,
        "TARGET": shop.chain.target.libffi_target,
        "HAVE_LONG_DOUBLE": "1",
        "FFI_VERSION_STRING": version,
        "FFI_VERSION_NUMBER": number,
        "FFI_EXEC_TRAMPOLINE_TABLE": "0",
    }
    text = (shop.tree / "include/ffi.h.in").read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    shop.header("ffi.h", text)
    shop.headers(machine.header)
    (shop.tree / "fficonfig.h").write_text(machine.config)
    flags = (
        "-DHAVE_CONFIG_H",
        "-DFFI_STATIC_BUILD",
        f"-I{shop.output / 'include'}",
        "-I.",
        "-Iinclude",
        *machine.flags,
    )
    shop.library("libffi", [*_COMMON, *machine.sources], flags=flags)


def _machine(shop: RecipeContext) -> _Machine:
    name = shop.chain.target.libffi_target
    if name not in _MACHINES:
        message = f"no recipe of libffi for `{name}`"
        raise ToolError(message)
    return _MACHINES[name]

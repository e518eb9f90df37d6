"""The C++ standard library for shared objects that are built from source: LLVM's, static.

Its source comes with the `ziglang` package. Each shared object contains what it uses of it, and
exports it: objects that need one another then agree on the types of exceptions.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from obelisk.recipes.build import library_key, merge_into_sysroot
from obelisk.services.cache import content_key, hash_code
from obelisk.services.services import Services
from obelisk.toolchain.clang import (
    Toolchain,
    archive,
    compile_all,
    toolchain_identity,
    write_toolchain,
    zig_folder,
)

LIBRARIES: Final = ("c++", "c++abi", "unwind")
"""In the order in which a linker wants them."""
_DEFINES: Final = (
    *("_LIBCPP_ABI_VERSION=1", "_LIBCPP_ABI_NAMESPACE=__1", "_LIBCPP_HAS_THREADS=1"),
    *("_LIBCPP_HAS_MONOTONIC_CLOCK=1", "_LIBCPP_HAS_TERMINAL=1", "_LIBCPP_HAS_MUSL_LIBC=1"),
    *("_LIBCPP_DISABLE_VISIBILITY_ANNOTATIONS", "_LIBCXXABI_DISABLE_VISIBILITY_ANNOTATIONS"),
    *("_LIBCPP_HAS_VENDOR_AVAILABILITY_ANNOTATIONS=0", "_LIBCPP_HAS_FILESYSTEM=1"),
    *("_LIBCPP_HAS_RANDOM_DEVICE=1", "_LIBCPP_HAS_LOCALIZATION=1", "_LIBCPP_HAS_UNICODE=1"),
    *("_LIBCPP_HAS_WIDE_CHARACTERS=1", "_LIBCPP_HAS_NO_STD_MODULES"),
    *("_LIBCPP_HAS_TIME_ZONE_DATABASE=1", "_LIBCPP_PSTL_BACKEND_SERIAL"),
    "_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_NONE",
    "_LIBCPP_ASSERTION_SEMANTIC_DEFAULT=_LIBCPP_ASSERTION_SEMANTIC_IGNORE",
)
"""How the library was configured; programs must be compiled with the same."""
_BUILDING: Final = (
    *("-O2", "-DNDEBUG", "-fPIC", "-w", "-D_GNU_SOURCE"),
    *("-D_LIBCPP_BUILDING_LIBRARY", "-D_LIBCXXABI_BUILDING_LIBRARY"),
    *("-DLIBCXX_BUILDING_LIBCXXABI", "-D_LIBUNWIND_IS_NATIVE_ONLY"),
)
_NOT_ON_LINUX: Final = ("libdispatch.cpp", "Unwind-wasm.c", "Unwind-sjlj.c", "Unwind-seh.cpp")


def header_flags() -> list[str]:
    """Return the flags that compile C++ against the library's headers."""
    lib = zig_folder() / "lib"
    folders = (lib / "libcxx/include", lib / "libcxxabi/include")
    return [
        "-nostdinc++",
        # Not as system headers: they must come before those of libc, which they wrap.
        *(f"-I{folder}" for folder in folders),
        *(f"-D{name}" for name in _DEFINES),
    ]


def obtain_cxx(services: Services, sysroot: Path) -> Path:
    """Return the folder that holds the libraries as `lib/lib*.a`; build them when they are missing.

    `sysroot` has the libc that they are compiled for. Raises `ToolError` when a file does not
    compile.
    """
    key = content_key(
        {
            "toolchain": toolchain_identity(services.target),
            "libc": library_key(services.target, "musl", services.pins),
            "code": hash_code(sys.modules[__name__]),
        }
    )

    def make(folder: Path) -> None:
        with (
            services.console.step("Building the C++ standard library"),
            services.cache.scratch("cxx") as root,
        ):
            chain = write_toolchain(services.target, root / "toolchain")
            merge_into_sysroot(sysroot, chain.root)
            for name, sources in _sources().items():
                _build(chain, folder / "lib" / f"lib{name}.a", sources)

    return services.cache.obtain("libraries", key, make)


def _sources() -> dict[str, list[Path]]:
    lib = zig_folder() / "lib"
    found = {
        "c++": (lib / "libcxx/src").rglob("*.cpp"),
        "c++abi": (lib / "libcxxabi/src").glob("*.cpp"),
        "unwind": (lib / "libunwind/src").iterdir(),
    }
    return {
        name: sorted(
            path
            for path in paths
            if path.suffix in (".c", ".cpp", ".S")
            and path.name not in _NOT_ON_LINUX
            and "win32" not in path.parts
        )
        for name, paths in found.items()
    }


def _build(chain: Toolchain, library: Path, sources: list[Path]) -> None:
    lib = zig_folder() / "lib"
    objects = chain.root.parent / "objects" / library.stem
    made = {path: objects / f"{number}-{path.name}.o" for number, path in enumerate(sources)}
    log = chain.root.parent / "log.txt"
    for suffix, language in ((".cpp", "-std=c++23"), (".c", "-std=c11"), (".S", "")):
        chosen = {path: place for path, place in made.items() if path.suffix == suffix}
        include = [lib / "libcxx/src", lib / "libcxxabi/src", lib / "libcxx/libc"]
        flags = (
            *(_BUILDING if suffix == ".S" else (*_BUILDING, "-fexceptions", language)),
            *(header_flags() if suffix == ".cpp" else ()),
            *(f"-I{folder}" for folder in (*include, lib / "libunwind/include")),
            *(("-funwind-tables",) if library.stem == "libunwind" else ()),
        )
        what = f"building {library.name}"
        compile_all(chain, chosen, flags=flags, cwd=chain.root, log=log, what=what)
    archive(chain, library, list(made.values()), log)

"""Pinned sources, and what comes with the toolchain, as components."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from packageurl import PackageURL

from obelisk import __version__
from obelisk.components.component import Component, Kind, Linkage
from obelisk.components.known import known
from obelisk.services.pins import Pin
from obelisk.toolchain.clang import VERSION, zig_folder

OBELISK: Final = "obelisk"
COMPILER_RT: Final = "compiler-rt"
MINGW: Final = "mingw-w64"
"""The C runtime of executables for Windows, besides what the system has of it."""
CXX: Final = {"c++": "libcxx", "c++abi": "libcxxabi", "unwind": "libunwind"}
"""Names of the parts of LLVM's C++ library, by those of their archives."""
_TOOLCHAIN_TEXTS: Final = {
    COMPILER_RT: ("LICENSE.llvm.txt", "LICENSE.zig.txt"),
    MINGW: ("LICENSE.mingw-w64.txt",),
}
"""License texts of parts of the toolchain that have others than LLVM's alone."""
_PYTHON: Final = "cpython-"
_LIBCXX_VERSION: Final = re.compile(r"define _LIBCPP_VERSION (\d+)")


def component_name(pin: str) -> str:
    """Return what a pinned source is called among components: `cpython` for `cpython-3.14`."""
    return "cpython" if pin.startswith(_PYTHON) else pin


def of_pin(pinned: Pin, patches: tuple[str, ...], linkage: Linkage) -> Component:
    """Return the component of a pinned source."""
    name = component_name(pinned.name)
    library = known().get(name)
    # A query may say who asks.
    origin = next((one.url.partition("?")[0] for one in pinned.origins if one.url), None)
    pool = next((one.debian for one in pinned.origins if one.debian), None)
    purl = generic(name, pinned.version)
    return Component(
        reference=purl,
        kind=Kind.INTERPRETER if name != pinned.name else Kind.LIBRARY,
        name=name,
        version=pinned.version,
        purl=purl,
        cpe=library.cpe_of(pinned.version) if library else None,
        license=pinned.license,
        license_from="pin",
        sha256=pinned.origins[0].sha256,
        origin=origin or (f"debian:pool/main/{pool}" if pool else None),
        patches=patches,
        linkage=linkage,
    )


def compiler_rt() -> Component:
    """Return clang's run-time library, which zig has written anew."""
    return _of_toolchain(COMPILER_RT, VERSION, "lib/compiler_rt")


def mingw() -> Component:
    """Return mingw-w64's start files and functions, as zig has them."""
    return _of_toolchain(MINGW, VERSION, "lib/libc/mingw")


def cxx(name: str) -> Component:
    """Return a part of LLVM's C++ library, by a name of `CXX`'s values."""
    return _of_toolchain(name, libcxx_version(), f"lib/{name}")


@cache
def libcxx_version() -> str:
    """Return the version of LLVM that the C++ library is of."""
    text = (zig_folder() / "lib/libcxx/include/__config").read_text(encoding="utf-8")
    found = _LIBCXX_VERSION.search(text)
    number = found[1] if found else "0"
    return f"{int(number[:-4] or 0)}.{int(number[-4:-2] or 0)}.{int(number[-2:])}"


def toolchain_licenses() -> dict[str, Path]:
    """Return the license texts of what comes with the toolchain, by the names of their files."""
    lib = zig_folder() / "lib"
    return {
        "LICENSE.zig.txt": zig_folder() / "LICENSE",
        "LICENSE.llvm.txt": lib / "libcxx/LICENSE.TXT",
        "LICENSE.mingw-w64.txt": lib / "libc/mingw/COPYING",
    }


def own() -> Component:
    """Return Obelisk's own part of each executable: its C files and its importer."""
    purl = generic(OBELISK, __version__)
    return Component(
        reference=purl,
        kind=Kind.LIBRARY,
        name=OBELISK,
        version=__version__,
        purl=purl,
        license="Apache-2.0",
        license_from="pin",
        linkage=Linkage.STATIC,
    )


def own_license() -> Path | None:
    """Return the file of Obelisk's license, None if Obelisk runs without being installed."""
    try:
        found = Path(str(distribution(OBELISK).locate_file("")))
    except PackageNotFoundError:
        return None
    places = found.glob(f"{OBELISK}-{__version__}.dist-info/licenses/LICENSE")
    return next(iter(places), None)


def generic(name: str, version: str | None) -> str:
    """Return the package URL of something that is of no package index."""
    return PackageURL("generic", name=name, version=version).to_string()


def _of_toolchain(name: str, version: str, folder: str) -> Component:
    purl = PackageURL("generic", name="zig", version=VERSION, subpath=folder).to_string()
    library = known()[name]
    return Component(
        reference=purl,
        kind=Kind.LIBRARY,
        name=name,
        version=version,
        purl=purl,
        license=library.license,
        license_from="pin",
        license_texts=_TOOLCHAIN_TEXTS.get(name, ("LICENSE.llvm.txt",)),
        linkage=Linkage.STATIC,
    )

"""Building packages for a target whose programs do not run on this machine, as crossenv does it.

Build backends run in this machine's own Python of the same version, and so do the packages that
they need. Inside an isolated build, and there alone, its sysconfig is the target's: compilers,
headers, names of extension modules and platform tags follow from that. CMake and Meson, which ask
for more, are told that this is a cross build.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from obelisk.distribution.describe import foreign_sysconfig
from obelisk.distribution.distribution import Distribution
from obelisk.services import host
from obelisk.target import Target
from obelisk.toolchain.clang import Toolchain

_MESON: Final = """\
#!/bin/sh
case "$1" in
setup) shift; exec meson setup --cross-file '{file}' "$@" ;;
*) exec meson "$@" ;;
esac
"""
_MESON_FILE: Final = """\
[binaries]
c = 'cc'
cpp = 'c++'
ar = 'ar'
strip = 'strip'
pkg-config = '{tools}/pkg-config'
[host_machine]
system = 'linux'
cpu_family = '{architecture}'
cpu = '{architecture}'
endian = 'little'
[properties]
needs_exe_wrapper = true
"""
_CMAKE: Final = """\
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR {architecture})
"""


def installer_options(target: Target) -> list[str]:
    """Return what makes the installer choose wheels for the target, not for its interpreter."""
    if host.runs(target):
        return []
    # Wheels for Windows are the same for both of its C runtimes' linkers.
    return ["--python-platform", target.triple.replace("-windows-gnu", "-windows-msvc")]


def add_foreign(distribution: Distribution, home: Path) -> None:
    """Give the Python of builds at `home` the headers and the sysconfig of another target."""
    name = distribution.stdlib.name
    shutil.copytree(distribution.include, home / "include" / name, dirs_exist_ok=True)
    for path in distribution.stdlib.glob("_sysconfigdata_*.py"):
        shutil.copyfile(path, home / "lib" / name / path.name)


def variables(chain: Toolchain, distribution: Distribution, home: Path) -> dict[str, str]:
    """Return the variables of a build whose programs do not run here; none where they do."""
    if host.runs(chain.target):
        return {}
    library = home / "lib" / distribution.stdlib.name
    return {**foreign_sysconfig(chain.target, library), "MESON": str(_meson(chain))}


def write_tools(chain: Toolchain) -> None:
    """Tell CMake and Meson of the target, where its programs do not run here."""
    if host.runs(chain.target):
        return
    architecture, tools = chain.target.architecture, chain.root / "tools"
    file = chain.root / "meson-cross.ini"
    file.write_text(_MESON_FILE.format(tools=tools, architecture=architecture), encoding="utf-8")
    _meson(chain).write_text(_MESON.format(file=file), encoding="utf-8")
    _meson(chain).chmod(0o755)
    cmake = chain.root / "toolchain.cmake"
    text = _CMAKE.format(architecture=architecture) + cmake.read_text(encoding="utf-8")
    cmake.write_text(text, encoding="utf-8")


def _meson(chain: Toolchain) -> Path:
    return chain.root / "tools/meson-cross"

"""The toolchain of a target, whichever system it is for."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from obelisk.target import Target
from obelisk.toolchain.clang import Toolchain, toolchain_identity, write_toolchain
from obelisk.toolchain.mingw import mingw_identity, write_mingw


def write_tools(target: Target, root: Path) -> Toolchain:
    """Write the tools' scripts below `root`; their sysroot is filled by recipes."""
    match target.object_format:
        case "elf":
            return write_toolchain(target, root)
        case "pe":
            return write_mingw(target, root)
        case _:
            assert_never(target.object_format)


def tools_identity(target: Target) -> dict[str, object]:
    """Return everything of the toolchain that can change bytes, for cache keys."""
    match target.object_format:
        case "elf":
            return toolchain_identity(target)
        case "pe":
            return mingw_identity(target)
        case _:
            assert_never(target.object_format)

"""What builds from source for Windows see: this machine's Python, and no compiler.

Packages of Python alone are built as they are for this machine: what they are does not depend on
the system. A package that compiles fails, or does without its native code if it can; its build
says then that it lacks a C compiler.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from obelisk.buildenv import isolation
from obelisk.services import host
from obelisk.target import Target
from obelisk.toolchain.clang import Toolchain, write_toolchain


def write_builder(root: Path, home: Path, roots: Iterable[Path], search: str) -> Toolchain:
    """Write the tools of a build below `root`; arguments are those of `isolation.write_tools`."""
    chain = write_toolchain(host.own_target(), root)
    isolation.write_tools(chain, home, roots, search)
    isolation.refuse_compilers(chain)
    return chain


def is_without_compilers(target: Target) -> bool:
    """Return whether packages with native code cannot be built for a target."""
    return target.system == "windows"

"""What a system's distribution is made by: one row a kind of system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from obelisk.distribution import cpython, cpython_objects, describe
from obelisk.distribution.windows import cpython as windows_cpython
from obelisk.distribution.windows import describe as windows_describe
from obelisk.distribution.windows import exports, frozen, inittab, modules, projects, units
from obelisk.recipes.context import RecipeContext
from obelisk.services.pins import Pin, Pins
from obelisk.target import Target
from obelisk.toolchain import mingw_link


@dataclass(frozen=True, kw_only=True, slots=True)
class Making:
    """How distributions of one system are made.

    Where a path is the last argument, it is an interpreter of the same version that runs here, and
    None where the new one does.
    """

    build: Callable[[RecipeContext, Path | None], None]
    """Builds CPython and lays it out below `output`, as `install` and `build`."""
    describe: Callable[[Path, Target, Pin, Pins, Path | None], dict[str, Any]]
    """Returns the content of PYTHON.json for what was laid out in a folder."""
    linked: str
    """How it is optimised and linked, without the profile."""
    code: tuple[ModuleType, ...]
    """What all of that is the code of, for cache keys."""


_SYSTEMS: Final = {
    "linux": Making(
        build=cpython.build,
        describe=describe.describe,
        linked=describe.LINKED,
        code=(cpython, cpython_objects, describe),
    ),
    "windows": Making(
        build=windows_cpython.build,
        describe=windows_describe.describe,
        linked=windows_describe.LINKED,
        code=(
            *(windows_cpython, windows_describe, exports, frozen, inittab, mingw_link, modules),
            *(projects, units),
        ),
    ),
}


def making_of(target: Target) -> Making:
    """Return how distributions for a target are made."""
    return _SYSTEMS[target.system]

"""How each part of a distribution is built: one module a library, and the table of them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Final

from obelisk.errors import ConfigError, did_you_mean
from obelisk.recipes import (
    bzip2,
    libdb,
    libedit,
    libffi,
    libuuid,
    libxml2,
    libxslt,
    libyaml,
    mimalloc,
    mingw,
    musl,
    ncurses,
    openssl,
    sqlite,
    xz,
    zlib,
    zstd,
)
from obelisk.recipes.context import RecipeContext
from obelisk.services.pins import Pin, Pins
from obelisk.target import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """One library: its source has the same name in `data/pins.toml`, or comes with the compiler."""

    name: str
    build: Callable[[RecipeContext], None]
    needs: tuple[str, ...] = ("musl",)
    """Recipes whose headers and libraries must be there first."""
    provides: tuple[str, ...] = ()
    """Names of its libraries, as a linker is asked for them."""
    shared: tuple[str, ...] = ()
    """Sonames of those that wheels expect a system to have: they are linked in when one does."""
    runs_programs: bool = False
    """Whether it compiles programs that it runs (`RecipeContext.native`)."""
    code: tuple[ModuleType, ...] = ()
    """What of the toolchain its own module calls that other recipes do not."""
    source: Pin | None = None
    """Its source where that comes with the compiler; None: a pin has it."""

    def source_of(self, pins: Pins) -> Pin:
        """Return its source, of `pins` where it is pinned."""
        return self.source or pins[self.name]


RECIPES: Final = {
    recipe.name: recipe
    for recipe in (
        Recipe(name="musl", build=musl.build, needs=(), provides=("c", "m", "dl")),
        # The slowest come first, so that the others fill the second processor beside them.
        Recipe(name="openssl", build=openssl.build, provides=("ssl", "crypto")),
        Recipe(
            name="ncurses",
            build=ncurses.build,
            provides=("ncursesw", "panelw"),
            runs_programs=True,
        ),
        Recipe(name="sqlite", build=sqlite.build, provides=("sqlite3",), runs_programs=True),
        Recipe(name="libedit", build=libedit.build, needs=("musl", "ncurses"), provides=("edit",)),
        Recipe(name="zstd", build=zstd.build, provides=("zstd",)),
        Recipe(name="xz", build=xz.build, provides=("lzma",)),
        Recipe(name="libffi", build=libffi.build, provides=("ffi",)),
        Recipe(name="zlib", build=zlib.build, provides=("z",), shared=("libz.so.1",)),
        Recipe(name="bzip2", build=bzip2.build, provides=("bz2",)),
        Recipe(name="libdb", build=libdb.build, provides=("ndbm",)),
        Recipe(name="libuuid", build=libuuid.build, provides=("uuid",)),
        Recipe(name="mimalloc", build=mimalloc.build, provides=("mimalloc",)),
    )
}

_OF_WINDOWS: Final = {
    recipe.name: recipe
    for recipe in (
        # The slowest come first, as above.
        *(replace(RECIPES[name], needs=()) for name in ("openssl",)),
        Recipe(
            name=mingw.SOURCE.name,
            build=mingw.build,
            needs=(),
            code=mingw.CODE,
            source=mingw.SOURCE,
        ),
        *(
            replace(RECIPES[name], needs=(), shared=())
            for name in ("sqlite", "zstd", "xz", "libffi", "zlib", "bzip2")
        ),
    )
}
"""What Windows does not have itself: libc and the allocator are the UCRT's, `_uuid` calls the
system, and there is neither curses nor readline nor `dbm.ndbm`. None needs another: nothing is
linked before CPython is."""

EXTRA_RECIPES: Final = {
    recipe.name: recipe
    for recipe in (
        Recipe(name="libyaml", build=libyaml.build, provides=("yaml",)),
        Recipe(name="libxml2", build=libxml2.build, provides=("xml2",)),
        Recipe(
            name="libxslt",
            build=libxslt.build,
            needs=("musl", "libxml2"),
            provides=("xslt", "exslt"),
        ),
    )
}
"""Libraries that are built when `build-packages` names them; no distribution has them."""


def recipes_of(target: Target) -> dict[str, Recipe]:
    """Return the recipes of a target's distribution by their names, the slowest first."""
    return _OF_WINDOWS if target.object_format == "pe" else RECIPES


def require_library(name: str) -> None:
    """Raise `ConfigError` for a name in `build-packages` that no recipe has."""
    known = [*RECIPES, *EXTRA_RECIPES]
    if name not in known:
        message = f"`build-packages` contains `{name}`, which is neither a recipe nor a directory"
        raise ConfigError(message, hint=did_you_mean(name, known))

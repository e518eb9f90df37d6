"""How each part of a distribution is built: one module a library, and the table of them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
    musl,
    ncurses,
    openssl,
    sqlite,
    xz,
    zlib,
    zstd,
)
from obelisk.recipes.context import RecipeContext


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """One library: its source has the same name in `data/pins.toml`."""

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


def require_library(name: str) -> None:
    """Raise `ConfigError` for a name in `build-packages` that no recipe has."""
    known = [*RECIPES, *EXTRA_RECIPES]
    if name not in known:
        message = f"`build-packages` contains `{name}`, which is neither a recipe nor a directory"
        raise ConfigError(message, hint=did_you_mean(name, known))

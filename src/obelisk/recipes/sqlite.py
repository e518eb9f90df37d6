"""SQLite: the amalgamation is generated from its tree (by its own bundled Tcl), then compiled."""

from __future__ import annotations

from typing import Final

from obelisk.recipes.context import RecipeContext

_FEATURES: Final = (
    "SQLITE_THREADSAFE=1",
    "SQLITE_ENABLE_COLUMN_METADATA",
    "SQLITE_ENABLE_DBSTAT_VTAB",
    "SQLITE_ENABLE_FTS3",
    "SQLITE_ENABLE_FTS3_PARENTHESIS",
    "SQLITE_ENABLE_FTS4",
    "SQLITE_ENABLE_FTS5",
    "SQLITE_ENABLE_GEOPOLY",
    "SQLITE_ENABLE_MATH_FUNCTIONS",
    "SQLITE_ENABLE_RTREE",
    "SQLITE_ENABLE_SESSION",
    "SQLITE_ENABLE_PREUPDATE_HOOK",
    "SQLITE_ENABLE_SERIALIZE",
    "SQLITE_ENABLE_UNLOCK_NOTIFY",
    "SQLITE_SECURE_DELETE",
    "SQLITE_USE_URI",
    "HAVE_ISNAN=1",
)
_OF_SYSTEM: Final = {
    "linux": ("HAVE_USLEEP=1", "HAVE_FDATASYNC=1", "HAVE_GMTIME_R=1", "HAVE_LOCALTIME_R=1"),
    "windows": (),
}
_CONFIGURE: Final = ("--disable-shared", "--disable-tcl", "--disable-readline")


def build(shop: RecipeContext) -> None:
    """Build libsqlite3 and install its headers."""
    # What generates the amalgamation is compiled first, and it is the same for all systems.
    if shop.native:
        shop.configure_native(shop.tree, *_CONFIGURE, env={"CC_FOR_BUILD": shop.native_cc})
    else:
        shop.configure(*_CONFIGURE)
    shop.run("make", "sqlite3.c")
    features = (*_FEATURES, *_OF_SYSTEM[shop.chain.target.system])
    shop.library("libsqlite3", ["sqlite3.c"], flags=tuple(f"-D{name}" for name in features))
    shop.headers("sqlite3.h", "src/sqlite3ext.h")

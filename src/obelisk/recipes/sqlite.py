"""SQLite: the amalgamation is generated from its tree (by its own bundled Tcl), then compiled."""

from __future__ import annotations

from obelisk.recipes.context import RecipeContext

_FEATURES = (
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
    "HAVE_USLEEP=1",
    "HAVE_FDATASYNC=1",
    "HAVE_GMTIME_R=1",
    "HAVE_LOCALTIME_R=1",
    "HAVE_ISNAN=1",
)


def build(shop: RecipeContext) -> None:
    """Build libsqlite3 and install its headers."""
    # What generates the amalgamation is compiled first.
    native = {"CC_FOR_BUILD": shop.native_cc} if shop.native else {}
    shop.configure("--disable-shared", "--disable-tcl", "--disable-readline", env=native)
    shop.run("make", "sqlite3.c")
    shop.library("libsqlite3", ["sqlite3.c"], flags=tuple(f"-D{name}" for name in _FEATURES))
    shop.headers("sqlite3.h", "src/sqlite3ext.h")

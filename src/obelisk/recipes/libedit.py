"""libedit, which serves Python's readline module in place of GNU readline (GPL)."""

from __future__ import annotations

from obelisk.recipes.context import RecipeContext
from obelisk.services.host import jobs

_ANSWERS = {
    "ac_cv_func_stat_empty_string_bug": "no",
    "ac_cv_func_lstat_dereferences_slashed_symlink": "yes",
}
"""What `configure` would run programs to find out."""


def build(shop: RecipeContext) -> None:
    """Build libedit and install its headers."""
    shop.configure(
        *("--disable-shared", "--enable-static", "--disable-examples"),
        # musl's wchar_t is Unicode but its headers do not say so.
        env={"CFLAGS": "-O2 -D__STDC_ISO_10646__=201103L", "LIBS": "-lncursesw"} | _ANSWERS,
    )
    shop.run("make", f"-j{jobs()}", "-C", "src")
    shop.run("make", "-C", "src", "install", f"DESTDIR={shop.output}")
    shop.headers("src/editline/readline.h", into="editline")

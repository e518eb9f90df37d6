"""ncurses with wide characters, and the entries of common terminals built in.

The entries are compiled from ncurses' own database by the `tic` of this very build, so that they
do not depend on the machine.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from obelisk.recipes.context import RecipeContext
from obelisk.services.host import jobs

_TERMINALS = (
    *("xterm", "xterm-256color", "linux", "screen", "screen-256color"),
    *("tmux", "tmux-256color", "vt100"),
)
_OPTIONS = (
    *("--without-ada", "--without-cxx", "--without-cxx-binding", "--without-manpages"),
    *("--without-tests", "--without-debug", "--without-shared", "--without-gpm"),
    *("--enable-widec", "--enable-overwrite", "--disable-pc-files", "--disable-stripping"),
    "--with-default-terminfo-dir=/usr/share/terminfo",
    "--with-terminfo-dirs=/etc/terminfo:/lib/terminfo:/usr/lib/terminfo:/usr/share/terminfo",
)

_ENVIRONMENT = {
    "CFLAGS": "-O2",
    # Its own choice of flags for `ar` would keep times and owners.
    "cf_cv_ar_flags": "-crD",
    # Its test of `poll` asks the terminal, so the answer would depend on where the build runs.
    "cf_cv_working_poll": "yes",
    # It would be run to find out.
    "cf_cv_func_nanosleep": "yes",
}

_DECLARED = "char buffer[(MB_LEN_MAX * 9) + 1];\t/* allow some redundant shifts */\n"
"""The bytes of a character, declared inside the loop that reads them one by one: where variables
begin as zero, each would be gone when the next comes."""
_READER = "ncurses/widechar/lib_get_wch.c"


def build(shop: RecipeContext) -> None:
    """Build ncurses and panel twice: without entries to have `tic`, then with what it compiled."""
    shop.replace(_READER, f"for (;;) {{\n\t    {_DECLARED}", "for (;;) {\n")
    shop.replace(_READER, "size_t count = 0;\n", f"size_t count = 0;\n\t{_DECLARED}")
    native = _native_tree(shop)
    _configure_and_make(shop, native)
    shop.run("make", f"-j{jobs()}", "-C", "progs", "tic", "infocmp", cwd=native)
    if native != shop.tree:
        _configure_and_make(shop, shop.tree)
    database = shop.root / "terminfo"
    progs = native / "progs"
    names = ",".join(_TERMINALS)
    shop.run(progs / "tic", "-x", "-e", names, "-o", database, shop.tree / "misc/terminfo.src")
    shop.run(
        "sh",
        "-ec",
        'sh ncurses/tinfo/MKfallback.sh "$@" > ncurses/fallback.c',
        "sh",
        *(database, shop.tree / "misc/terminfo.src", progs / "tic", progs / "infocmp"),
        *_TERMINALS,
    )
    shop.run("make", "-C", "ncurses")
    shop.run("make", f"-j{jobs()}", "-C", "panel")
    for folder in ("include", "ncurses", "panel"):
        target = "install" if folder == "include" else "install.libs"
        shop.run("make", "-C", folder, target, f"DESTDIR={shop.output}")
    # Those who ask for plain ncurses get the one that there is.
    (shop.output / "lib/libncurses.a").write_text("INPUT(-lncursesw)\n")


def _native_tree(shop: RecipeContext) -> Path:
    """Return the tree whose programs are run: a copy where those of the target cannot be."""
    if shop.native is None:
        return shop.tree
    copy = shop.root / "native-tree"
    shutil.copytree(shop.tree, copy, symlinks=True)
    return copy


def _configure_and_make(shop: RecipeContext, tree: Path) -> None:
    env = _ENVIRONMENT | {"BUILD_CC": shop.native_cc}
    if tree == shop.tree:
        shop.configure(*_OPTIONS, env=env)
    else:
        shop.configure_native(tree, *_OPTIONS, env=env)
    for folder in ("include", "ncurses"):
        shop.run("make", f"-j{jobs()}", "-C", folder, cwd=tree)

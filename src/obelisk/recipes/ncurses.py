"""ncurses with wide characters, and the entries of common terminals built in.

The entries are compiled from ncurses' own database by the `tic` of this very build, so that they
do not depend on the machine.
"""

from __future__ import annotations

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
    "BUILD_CC": "cc",
    "CFLAGS": "-O2",
    # Its own choice of flags for `ar` would keep times and owners.
    "cf_cv_ar_flags": "-crD",
    # Its test of `poll` asks the terminal, so the answer would depend on where the build runs.
    "cf_cv_working_poll": "yes",
}

_DECLARED = "char buffer[(MB_LEN_MAX * 9) + 1];\t/* allow some redundant shifts */\n"
"""The bytes of a character, declared inside the loop that reads them one by one: where variables
begin as zero, each would be gone when the next comes."""
_READER = "ncurses/widechar/lib_get_wch.c"


def build(shop: RecipeContext) -> None:
    """Build ncurses and panel twice: without entries to have `tic`, then with what it compiled."""
    shop.replace(_READER, f"for (;;) {{\n\t    {_DECLARED}", "for (;;) {\n")
    shop.replace(_READER, "size_t count = 0;\n", f"size_t count = 0;\n\t{_DECLARED}")
    shop.configure(*_OPTIONS, env=_ENVIRONMENT)
    shop.run("make", f"-j{jobs()}", "-C", "include")
    shop.run("make", f"-j{jobs()}", "-C", "ncurses")
    shop.run("make", f"-j{jobs()}", "-C", "progs", "tic", "infocmp")
    database = shop.root / "terminfo"
    progs = shop.tree / "progs"
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

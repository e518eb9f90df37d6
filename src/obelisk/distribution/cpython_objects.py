"""CPython's objects after compiling: the interpreter optimised as a whole, all of it native code.

The compiler leaves two forms in each object: native code, and LLVM's own form of it, which a link
optimises as a whole (LTO) into a native object. Done here, once: a runtime is then linked
in a second, and whoever links the distribution needs no compiler of this version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from obelisk.recipes.context import RecipeContext
from obelisk.services.host import jobs
from obelisk.services.process import working_together

FLAGS: Final = ("-flto", "-ffat-lto-objects")
_WHOLE: Final = ("--fat-lto-objects", "--lto-O3")
_APART: Final = re.compile(
    r"""
      Parser/
    | Python/(Python-ast|asdl|assemble|ast|ast_opt|ast_preprocess|ast_unparse|codegen|compile
             |flowgraph|future|instruction_sequence|symtable)\.o
    | Modules/(_ctypes|_hacl|_interp|_multiprocessing|_sqlite|_zstd|cjkcodecs)
    | Modules/(_bz2module|_curses\w*|_dbmmodule|_hashopenssl|_localemodule|_lsprof|_lzmamodule
              |_opcode|_posixsubprocess|_remote_debugging\w*|_ssl|_uuidmodule|_zoneinfo
              |blake2module|cmathmodule|connection|errnomodule|faulthandler|fcntlmodule|getpath
              |grpmodule|hmacmodule|main|md5module|mmapmodule|posixmodule|pwdmodule|readline
              |resource|rotatingtree|selectmodule|sha\dmodule|socketmodule|symtablemodule
              |syslogmodule|termios|unicodedata|zlibmodule)\.o
    """,
    re.VERBOSE,
)
"""What is optimised apart from the rest: the compiler, and modules whose work is not calling the
interpreter, but the system, a library, or their own tables. All of them together would take half
as long again, on one processor."""


def link(shop: RecipeContext, library: str, objects: Sequence[str]) -> None:
    """Make native objects of `library`, one for each part, and leave only native code in others.

    `objects` are the files that the library was made of, as paths in the tree.
    """
    others = sorted(shop.tree.rglob("*.o"))
    bundled = sorted(shop.tree.glob("Modules/**/*.a"))
    parts = [_gather(shop, *part) for part in divide(objects).items()]
    with working_together(jobs()) as pool:
        done = [pool.submit(_join, shop, part, *_WHOLE) for part in parts]
        done += [pool.submit(_replace, shop, path) for path in bundled]
        done += [pool.submit(_relink, shop, path, path) for path in others]
        for one in done:
            one.result()
    made = [part.with_suffix(".o") for part in parts]
    _archive(shop, shop.tree / library, made)


def divide(objects: Iterable[str]) -> dict[str, list[str]]:
    """Return the parts of libpython that are optimised beside each other, by name.

    They depend on nothing but the source: not on how many processors there are.
    """
    parts: dict[str, list[str]] = {"core": [], "apart": []}
    for path in objects:
        parts["apart" if _APART.match(path) else "core"].append(path)
    return parts


def _gather(shop: RecipeContext, name: str, objects: Iterable[str]) -> Path:
    """Put objects together as they are now: their files will have lost LLVM's form soon."""
    part = shop.tree / f"libpython-{name}.a"
    shop.run("ar", "rcsD", part, *objects)
    return part


def _replace(shop: RecipeContext, library: Path) -> None:
    """Make one native object of a library's objects."""
    _join(shop, library)
    _archive(shop, library, [library.with_suffix(".o")])


def _join(shop: RecipeContext, library: Path, *options: str) -> None:
    _relink(shop, library, library.with_suffix(".o"), *options, "--whole-archive")
    library.unlink()


def _archive(shop: RecipeContext, library: Path, objects: Iterable[Path]) -> None:
    library.unlink(missing_ok=True)
    shop.run("ar", "rcsD", library, *objects)
    for path in objects:
        path.unlink()


def _relink(shop: RecipeContext, path: Path, made: Path, *options: str) -> None:
    """Link to an object again, which drops LLVM's form unless an option asks for it."""
    shop.run("ld.lld", "-r", *options, path.relative_to(shop.tree), "-o", made)

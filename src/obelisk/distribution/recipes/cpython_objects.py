"""CPython's objects after compiling: the interpreter optimised as a whole, all of it native code.

The compiler leaves two forms in each object: native code, and LLVM's own form of it, which one link
optimises as a whole (LTO) into one native object. Done here, once: a runtime is then linked
in a second, and whoever links the distribution needs no compiler of this version.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from obelisk.distribution.workshop import Workshop
from obelisk.process import working_together
from obelisk.toolchain import jobs

FLAGS: Final = ("-flto", "-ffat-lto-objects")
_WHOLE: Final = ("--fat-lto-objects", "--lto-O3")


def link(shop: Workshop, library: str) -> None:
    """Make one native object of `library`, and leave only native code in all others."""
    objects = sorted(shop.tree.rglob("*.o"))
    bundled = sorted(shop.tree.glob("Modules/**/*.a"))
    with working_together(jobs()) as pool:
        done = [pool.submit(_join, shop, shop.tree / library, *_WHOLE)]
        done += [pool.submit(_join, shop, path) for path in bundled]
        done += [pool.submit(_relink, shop, path, path) for path in objects]
        for one in done:
            one.result()


def _join(shop: Workshop, library: Path, *options: str) -> None:
    """Make one object of a library's objects."""
    made = library.with_suffix(".o")
    _relink(shop, library, made, *options, "--whole-archive")
    library.unlink()
    shop.run("ar", "rcsD", library, made)
    made.unlink()


def _relink(shop: Workshop, path: Path, made: Path, *options: str) -> None:
    """Link to an object again, which drops LLVM's form unless an option asks for it."""
    shop.run("ld.lld", "-r", *options, path.relative_to(shop.tree), "-o", made)

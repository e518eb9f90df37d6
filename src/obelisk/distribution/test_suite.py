"""CPython's own tests, and the extension modules that only they need.

They are in no distribution. An application that names them in `include` (`include = ["test"]`) gets
them from the same pinned source; the extension modules are shared objects, linked in as any others.
Where shared objects are not ELF files, none is built: tests that import them skip themselves.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Final

from obelisk.distribution.distribution import Distribution
from obelisk.recipes.build import build_from_source
from obelisk.recipes.context import RecipeContext
from obelisk.services.cache import content_key, hash_code
from obelisk.services.host import jobs
from obelisk.services.process import working_together
from obelisk.services.services import Services

TEST_PACKAGE: Final = "test"
"""The package that brings all of this in."""
_LINE: Final = re.compile(
    r"^@MODULE_(?:_TEST|_XXTESTFUZZ|_CTYPES_TEST|XXLIMITED)\w*@(\w+) +(.+)$", re.MULTILINE
)
"""A test's extension module in Modules/Setup.stdlib.in: its name and its sources."""
_FLAGS: Final = ("-O1", "-fwrapv", "-fPIC", "-shared", "-DNDEBUG", "-Wno-everything")


def obtain_tests(services: Services, distribution: Distribution) -> Path:
    """Return a folder with the package `test` and extension modules; build what is missing.

    Raises `SourceError` or `ToolError`.
    """
    code = hash_code(sys.modules[__name__])
    key = content_key({"distribution": distribution.key, "code": code})

    def make(folder: Path) -> None:
        pinned, needs = distribution.source, [distribution.sysroot]

        def build(shop: RecipeContext) -> None:
            _build(shop, distribution)

        with services.console.step(f"Preparing the tests of Python {pinned.version}"):
            build_from_source(services, pinned, needs, folder, build)

    return services.cache.obtain("tests", key, make) / "lib"


def _build(shop: RecipeContext, distribution: Distribution) -> None:
    library = shop.output / "lib"
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(shop.tree / "Lib" / TEST_PACKAGE, library / TEST_PACKAGE, ignore=skipped)
    if distribution.target.object_format == "elf":
        _build_modules(shop, distribution, library)


def _build_modules(shop: RecipeContext, distribution: Distribution, library: Path) -> None:
    include = distribution.include
    setup = (shop.tree / "Modules/Setup.stdlib.in").read_text()

    def build_one(name: str, words: str) -> None:
        sources = [word for word in words.split() if word.endswith(".c")]
        shop.run(
            "cc-shared",
            *_FLAGS,
            *(f"-I{folder}" for folder in (include, include / "internal", shop.tree / "Modules")),
            *(shop.tree / "Modules" / one for one in sources),
            *("-o", library / f"{name}.{distribution.abi}.so"),
        )

    with working_together(jobs()) as pool:
        for done in [pool.submit(build_one, *found) for found in _LINE.findall(setup)]:
            done.result()

"""CPython's own tests, and the extension modules that only they need.

They are in no distribution. An application that names them in `include` (`include = ["test"]`) gets
them from the same pinned source; the extension modules are shared objects, linked in as any others.
"""

from __future__ import annotations

import inspect
import re
import shutil
import sys
from pathlib import Path
from typing import Final

from obelisk.cache import content_key
from obelisk.catalog import Source
from obelisk.distribution.archive import read_description
from obelisk.distribution.build import distribution_key, obtain_distribution
from obelisk.distribution.libraries import Site, in_workshop
from obelisk.distribution.workshop import Workshop
from obelisk.process import working_together
from obelisk.toolchain import jobs

TEST_PACKAGE: Final = "test"
"""The package that brings all of this in."""
_LINE: Final = re.compile(
    r"^@MODULE_(?:_TEST|_XXTESTFUZZ|_CTYPES_TEST|XXLIMITED)\w*@(\w+) +(.+)$", re.MULTILINE
)
"""A test's extension module in Modules/Setup.stdlib.in: its name and its sources."""
_FLAGS: Final = ("-O1", "-fwrapv", "-fPIC", "-shared", "-DNDEBUG", "-Wno-everything")


def obtain_tests(site: Site, pinned: Source) -> Path:
    """Return a folder with the package `test` and extension modules; build what is missing.

    Raises `SourceError` or `ToolError`.
    """
    recipe = inspect.getsource(sys.modules[__name__])
    key = content_key({"distribution": distribution_key(site.target, pinned), "recipe": recipe})

    def make(folder: Path) -> None:
        python = obtain_distribution(site, pinned) / "python"
        needs = [python / "build"]
        with site.console.step(f"Preparing the tests of Python {pinned.version}"):
            in_workshop(site, pinned, needs, folder, lambda shop: _build(shop, python))

    return site.cache.obtain("tests", key, make) / "lib"


def _build(shop: Workshop, python: Path) -> None:
    library = shop.output / "lib"
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(shop.tree / "Lib" / TEST_PACKAGE, library / TEST_PACKAGE, ignore=skipped)
    description = read_description(python)
    include = python / "install/include" / Path(description.stdlib).name
    triplet = shop.chain.target.platform_triplet
    digits = Path(description.stdlib).name.removeprefix("python").replace(".", "")
    setup = (shop.tree / "Modules/Setup.stdlib.in").read_text()

    def build_one(name: str, words: str) -> None:
        sources = [word for word in words.split() if word.endswith(".c")]
        shop.run(
            "cc-shared",
            *_FLAGS,
            *(f"-I{folder}" for folder in (include, include / "internal", shop.tree / "Modules")),
            *(shop.tree / "Modules" / one for one in sources),
            *("-o", library / f"{name}.cpython-{digits}-{triplet}.so"),
        )

    with working_together(jobs()) as pool:
        for done in [pool.submit(build_one, *found) for found in _LINE.findall(setup)]:
            done.result()

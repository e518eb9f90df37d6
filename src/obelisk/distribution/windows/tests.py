"""CPython's own tests for executables for Windows; `distribution/test_suite.py` has those of Linux.

Extension modules that only tests need are not built: tests that import them skip themselves.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from obelisk.distribution.distribution import Distribution
from obelisk.distribution.test_suite import TEST_PACKAGE
from obelisk.recipes.context import RecipeContext
from obelisk.recipes.windows.build import build_for_windows
from obelisk.services.cache import content_key, hash_code
from obelisk.services.services import Services


def obtain_windows_tests(services: Services, distribution: Distribution) -> Path:
    """Return a folder with the package `test`; unpack it if it is missing. Raises `SourceError`."""
    code = hash_code(sys.modules[__name__])
    key = content_key({"distribution": distribution.key, "code": code})

    def make(folder: Path) -> None:
        pinned = distribution.source
        with services.console.step(f"Preparing the tests of Python {pinned.version}"):
            build_for_windows(services, pinned, (), folder, _copy)

    return services.cache.obtain("tests", key, make) / "lib"


def _copy(shop: RecipeContext) -> None:
    skipped = shutil.ignore_patterns("__pycache__")
    place = shop.output / "lib" / TEST_PACKAGE
    shutil.copytree(shop.tree / "Lib" / TEST_PACKAGE, place, ignore=skipped)

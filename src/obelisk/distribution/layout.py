"""What every distribution has of CPython's source, wherever a system wants it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

from obelisk.errors import ToolError
from obelisk.recipes.context import RecipeContext

_TESTS: Final = ("test", "tests", "idle_test", "idlelib", "turtledemo", "tkinter", "ensurepip")
_PY_VERSION: Final = re.compile(r'^#define PY_VERSION\s+"([^"]+)"', re.MULTILINE)


def require_version(shop: RecipeContext) -> None:
    """Raise `ToolError` for a source of another version than its pin says."""
    found = _PY_VERSION.search((shop.tree / "Include/patchlevel.h").read_text())
    if found is None or found[1] != shop.source.version:
        other = found[1] if found else "unknown"
        message = f"the archive of Python {shop.source.version} is of version {other}"
        raise ToolError(message)


def require_host(python: Path | None) -> Path:
    """Return an interpreter that runs here; raise `ToolError` where there is none yet."""
    if python is None:
        message = "this distribution is built with a Python that runs on this machine"
        raise ToolError(message)
    return python


def lay_out(shop: RecipeContext, stdlib: Path, include: Path, pyconfig: Path) -> None:
    """Copy the standard library, the headers and the notices to below `output`."""
    skipped = shutil.ignore_patterns("__pycache__", *_TESTS)
    shutil.copytree(shop.tree / "Lib", stdlib, ignore=skipped)
    shutil.copytree(shop.tree / "Include", include)
    shutil.copyfile(pyconfig, include / "pyconfig.h")
    licenses = shop.output / "licenses"
    licenses.mkdir()
    # What CPython's tree contains of others: expat, libmpdec, HACL* and more.
    shutil.copyfile(shop.tree / "Doc/license.rst", licenses / "LICENSE.cpython-incorporated.rst")
    sboms = shop.output / "sboms"
    sboms.mkdir()
    # CPython's own list of the same, with versions and hashes.
    shutil.copyfile(shop.tree / "Misc/sbom.spdx.json", sboms / "cpython.spdx.json")

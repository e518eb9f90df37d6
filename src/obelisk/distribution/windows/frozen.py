"""CPython's frozen modules for Windows: their bytecode is that of this machine's Python."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from obelisk.errors import ToolError
from obelisk.recipes.context import RecipeContext
from obelisk.services.host import jobs
from obelisk.services.process import working_together

_ROW: Final = re.compile(r"^Python/frozen_modules/(\S+)\.h: (\S+) ", re.MULTILINE)
"""The rule for a frozen module in CPython's Makefile: its name and its source."""


def write_frozen(shop: RecipeContext, host_python: Path) -> None:
    """Write the headers of `Python/frozen_modules`; raise `ToolError` if that fails.

    `host_python` is an interpreter of the same version that runs here.
    """
    rows = _ROW.findall((shop.tree / "Makefile.pre.in").read_text())
    if not rows:
        message = "CPython's Makefile.pre.in has no frozen modules"
        raise ToolError(message)

    def freeze(name: str, source: str) -> None:
        made = f"Python/frozen_modules/{name}.h"
        shop.run(
            *(host_python, "-I", "-S", "-B", "Programs/_freeze_module.py"),
            *(name, source, made),
        )

    with working_together(jobs()) as pool:
        for done in [pool.submit(freeze, *row) for row in rows]:
            done.result()

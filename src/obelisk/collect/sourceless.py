"""Modules that a package ships as bytecode without source."""

from __future__ import annotations

import os
from collections.abc import Callable, Container
from pathlib import Path, PurePosixPath
from typing import Final

from obelisk.model import Module

_CACHE: Final = "__pycache__"


def sourceless_modules(
    site: Path, base: str, known: Container[str], warn: Callable[[str], None]
) -> list[Module]:
    """Return the `.pyc` files below `site` that an import would find, as modules in `base`.

    `known` are the names of modules that come before them. `warn` is told of bytecode in
    `__pycache__` whose source is missing, which no Python imports.
    """
    found = []
    for folder, folders, names in os.walk(site):
        folders.sort()
        for name in sorted(name for name in names if name.endswith(".pyc")):
            path = Path(folder, name)
            if path.is_symlink() or not path.is_file():
                continue
            if path.parent.name == _CACHE:
                _report_lost(path, site, warn)
                continue
            relative = PurePosixPath(path.relative_to(site))
            dotted = _dotted(relative)
            if dotted and dotted not in known:
                place = str(base / relative)
                found.append(Module(name=dotted, path=place, source=path, base=base))
    return found


def _dotted(path: PurePosixPath) -> str | None:
    parts = list(path.with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) if parts and not any("." in part for part in parts) else None


def _report_lost(path: Path, site: Path, warn: Callable[[str], None]) -> None:
    source = path.parent.parent / (path.name.split(".")[0] + ".py")
    if not source.exists():
        lost, wanted = path.relative_to(site), source.relative_to(site)
        warn(
            f"excluding {lost}: {wanted} is missing, and Python does not import from `__pycache__` "
            "alone; a package without source needs its `.pyc` files next to that directory"
        )

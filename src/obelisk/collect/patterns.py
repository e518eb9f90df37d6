"""Choosing what goes in: the patterns of `include` and `exclude`.

A pattern with a `/`, or one that ends in `.so`, names files; any other names modules and all that
is below them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from obelisk.model import DataFile, Module, NativeFile, ancestors

LEFT_OUT_OF_STDLIB: Final = ("test", "idlelib", "tkinter", "turtle", "turtledemo", "ensurepip")
"""Modules of the standard library that are left out unless `include` names them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which modules and files go in."""

    include: tuple[str, ...]
    exclude: tuple[str, ...]

    def keeps_module(self, module: Module) -> bool:
        """Say whether a module goes in."""
        if _names_module(self.include, module.name) or _names_file(self.include, module.path):
            return True
        if module.from_stdlib and _names_module(LEFT_OUT_OF_STDLIB, module.name):
            return False
        return not (
            _names_module(self.exclude, module.name) or _names_file(self.exclude, module.path)
        )

    def keeps_file(self, file: DataFile | NativeFile) -> bool:
        """Say whether a data file goes in; it belongs to the module that its folder would be."""
        stem = file.path.split("/")[-1].split(".")[0]
        folder = file.path.split("/")[:-1]
        names = (".".join(folder), ".".join([*folder, stem]))
        if _names_file(self.include, file.path) or any(
            _names_module(self.include, n) for n in names
        ):
            return True
        return not (
            _names_file(self.exclude, file.path)
            or any(_names_module(self.exclude, name) for name in names)
        )


def _names_module(patterns: Iterable[str], name: str) -> bool:
    names = [*ancestors(name), name]
    return any(
        fnmatchcase(one, pattern) for pattern in patterns if not _is_path(pattern) for one in names
    )


def _names_file(patterns: Iterable[str], path: str) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns if _is_path(pattern))


def _is_path(pattern: str) -> bool:
    return "/" in pattern or pattern.endswith(".so")

"""Choosing what is included: the patterns of `include` and `exclude`.

A pattern with a `/`, or one that ends in `.so` or `.pyd`, names files; any other names modules and
all that is below them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from obelisk.model import DataFile, Module, Placed, SharedObjectFile, ancestors

LEFT_OUT_OF_STDLIB: Final = ("test", "idlelib", "tkinter", "turtle", "turtledemo", "ensurepip")
"""Modules of the standard library that are excluded unless `include` names them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which modules and files are included."""

    include: tuple[str, ...]
    exclude: tuple[str, ...]

    def keeps_module(self, module: Module) -> bool:
        """Return whether a module is included."""
        if _name_module(self.include, module):
            return True
        if module.from_stdlib and _name_module(LEFT_OUT_OF_STDLIB, module):
            return False
        return not _name_module(self.exclude, module)

    def keeps_file(self, file: DataFile | SharedObjectFile) -> bool:
        """Return whether a data file is included."""
        return _name_file(self.include, file) or not _name_file(self.exclude, file)

    def unused(
        self, modules: Iterable[Module], files: Iterable[DataFile | SharedObjectFile]
    ) -> list[str]:
        """Return the patterns that match nothing."""
        asked = set(self.include + self.exclude) - set(LEFT_OUT_OF_STDLIB)
        for module in modules if asked else ():
            asked = {pattern for pattern in asked if not _name_module((pattern,), module)}
        for file in files if asked else ():
            asked = {pattern for pattern in asked if not _name_file((pattern,), file)}
        return sorted(asked)


def _name_module(patterns: Iterable[str], module: Module) -> bool:
    return _names_module(patterns, *module.names) or _names_file(patterns, module)


def _name_file(patterns: Iterable[str], file: DataFile | SharedObjectFile) -> bool:
    """Match a file; it belongs to the module that its folder would be."""
    *folder, name = file.relative.split("/")
    names = (".".join(folder), ".".join([*folder, name.split(".")[0]]))
    return _names_file(patterns, file) or _names_module(patterns, *names)


def _names_module(patterns: Iterable[str], *names: str) -> bool:
    every = [part for name in names for part in (*ancestors(name), name)]
    return any(
        fnmatchcase(part, pattern)
        for pattern in patterns
        if not _is_path(pattern)
        for part in every
    )


def _names_file(patterns: Iterable[str], file: Placed) -> bool:
    """Match the path below the folder that is searched for modules, or the whole path."""
    paths = {file.relative, file.path}
    return any(
        fnmatchcase(path, pattern) for pattern in patterns if _is_path(pattern) for path in paths
    )


def _is_path(pattern: str) -> bool:
    return "/" in pattern or pattern.endswith((".so", ".pyd"))

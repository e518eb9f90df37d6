"""The `.pth` files of packages: folders of theirs that imports look in as well.

Such a file may name any folder of the machine. What goes in is what its own distribution installed
there, and nothing else; lines that Python would run are not run.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath

from obelisk.collect.installed import Installed, Prefix
from obelisk.collect.read import Tree, goes_in, module_at
from obelisk.model import DataFile, Module
from obelisk.regular import is_regular, read_regular


def linked_files(
    prefix: Prefix, installed: Sequence[Installed], warn: Callable[[str], None]
) -> Tree:
    """Return modules and data files below the folders that `.pth` files add to `sys.path`.

    A folder that a distribution names but did not install is left out, and `warn` is told.
    """
    modules: list[Module] = []
    files: list[DataFile] = []
    for one in installed:
        places = sorted(filter(None, (prefix.place_inside(file.path) for file in one.files)))
        for pth, folder in _named(prefix, places):
            found = places[bisect_left(places, f"{folder}/") : bisect_left(places, f"{folder}0")]
            if not found:
                warn(f"{pth} of `{one.package.name}` names {folder}, which it did not install")
            for path in found:
                _add(prefix, path, path.removeprefix(f"{folder}/"), modules, files)
    return modules, files


def _named(prefix: Prefix, places: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the `.pth` files among a distribution's with each folder that they name."""
    for place in places:
        if place.endswith(".pth") and "/" not in place:
            for folder in _folders(prefix, place):
                yield place, folder


def _folders(prefix: Prefix, name: str) -> Iterator[str]:
    path = prefix.site / name
    if not is_regular(path):
        return
    for line in read_regular(path).decode("utf-8-sig", errors="replace").splitlines():
        folder = line.rstrip()
        if folder and not folder.startswith(("#", "import ", "import\t")):
            folder = posixpath.normpath(folder)
            if folder != ".":
                yield folder


def _add(
    prefix: Prefix, path: str, place: str, modules: list[Module], files: list[DataFile]
) -> None:
    source = prefix.site / path
    if not is_regular(source) or not goes_in(PurePosixPath(place)):
        return
    module = module_at(PurePosixPath(place), source)
    if module is None:
        files.append(DataFile(path=place, source=source))
    else:
        modules.append(module)

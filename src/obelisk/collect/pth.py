"""The `.pth` files of packages: folders that imports look in as well, and lines that Python runs.

Such a file can name any folder of the machine. Only what its own package installed has an
effect. Lines that begin with `import` are run when the executable starts, by
the function of the standard library that runs them in an installation.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from obelisk.collect.installed import Installed, Prefix
from obelisk.collect.read import module_name
from obelisk.model import DataFile, Module
from obelisk.services.regular import is_regular, read_regular

_CODE: Final = ("import ", "import\t")


@dataclass(frozen=True, kw_only=True, slots=True)
class PthFile:
    """A `.pth` file that `site` would obey."""

    path: str
    """Where it is in the executable."""
    folders: tuple[str, ...]
    """Those that it adds to `sys.path`, as paths in the executable."""
    has_code: bool

    @property
    def name(self) -> str:
        """Its own name."""
        return self.path.rpartition("/")[2]


def pth_files(
    prefix: Prefix, installed: Sequence[Installed], warn: Callable[[str], None]
) -> list[PthFile]:
    """Return the `.pth` files of packages in the order in which `site` reads them.

    A folder that a package names but did not install is ignored, and `warn` is called.
    """
    found = []
    for one in installed:
        paths = sorted(filter(None, (prefix.place(file.path) for file in one.files)))
        for path in paths:
            folder, _, name = path.rpartition("/")
            if folder == prefix.base and name.endswith(".pth") and not name.startswith("."):
                found.append(_read(prefix, one, name, paths, warn))
    return sorted(found, key=lambda pth: pth.name)


def with_aliases(modules: Iterable[Module], files: Sequence[PthFile]) -> list[Module]:
    """Return modules with the names that they have in the folders of `.pth` files."""
    folders = [folder for file in files for folder in file.folders]
    return [_with_alias(module, folders) for module in modules]


def search_path(kept: Iterable[DataFile], files: Sequence[PthFile]) -> tuple[str, ...]:
    """Return the folders that the included `.pth` files add."""
    paths = {file.path for file in kept}
    found = (folder for file in files if file.path in paths for folder in file.folders)
    return tuple(dict.fromkeys(found))


def files_with_code(kept: Iterable[DataFile], files: Sequence[PthFile]) -> tuple[str, ...]:
    """Return the names of the included `.pth` files with lines to run."""
    paths = {file.path for file in kept}
    return tuple(file.name for file in files if file.path in paths and file.has_code)


def _read(
    prefix: Prefix,
    installed: Installed,
    name: str,
    paths: Sequence[str],
    warn: Callable[[str], None],
) -> PthFile:
    folders, has_code = [], False
    for line in _lines(prefix, name):
        if line.startswith(_CODE):
            has_code = True
            continue
        folder = posixpath.normpath(posixpath.join(prefix.base, line))
        if folder == prefix.base:
            continue
        if _installed(folder, paths) and not prefix.base.startswith(f"{folder}/"):
            folders.append(folder)
        else:
            package = installed.package.name
            warn(f"ignoring {line} in {name}: `{package}` did not install that directory")
    path = f"{prefix.base}/{name}"
    return PthFile(path=path, folders=tuple(folders), has_code=has_code)


def _installed(folder: str, paths: Sequence[str]) -> bool:
    """Return whether any of the sorted places is in a folder."""
    start = bisect_left(paths, f"{folder}/")
    return start < len(paths) and paths[start].startswith(f"{folder}/")


def _lines(prefix: Prefix, name: str) -> Iterator[str]:
    path = prefix.site / name
    if not is_regular(path):
        return
    for line in read_regular(path).decode("utf-8-sig", errors="replace").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.rstrip()


def _with_alias(module: Module, folders: Iterable[str]) -> Module:
    for folder in folders:
        if module.path.startswith(f"{folder}/"):
            alias = module_name(PurePosixPath(module.path.removeprefix(f"{folder}/")))
            if alias:
                return replace(module, alias=alias)
    return module

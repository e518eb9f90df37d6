"""What lies in a folder of modules: modules, extension modules, data, metadata and files."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

_BUILTIN: Final = re.compile(r'\{"(\w+)", PyInit_')
"""A built-in module in the table of CPython's config.c."""
_INFO: Final = ".dist-info"
_OWN: Final = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")
"""Files of metadata that the installer writes; they are as the executable needs them."""


class Kind(Enum):
    """Kinds of resources."""

    MODULE = "module"
    EXTENSION = "extension"
    DATA = "data"
    METADATA = "metadata"
    FILE = "file"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Something that a resource is made of."""

    kind: Kind
    path: str
    """Below the folder, with `/` between the parts."""
    name: str = ""
    """Dotted name of a module, or the path of other files inside of `package`."""
    package: str = ""
    """Dotted name of a package, or the name of a distribution."""
    is_package: bool = False
    is_stdlib: bool = False
    is_executable: bool = False
    place: Path | None = None
    """The file; None for what has none yet."""


def scan(site: Path) -> tuple[Found, ...]:
    """Return what is in a folder of modules, sorted by path; of metadata, what it says."""
    return tuple(_scan(site, is_stdlib=False))


def _scan(site: Path, *, is_stdlib: bool) -> Iterator[Found]:
    paths = sorted(_walk(site))
    packages = {
        path.removesuffix("/__init__.py") for path in paths if path.endswith("/__init__.py")
    }
    for path in paths:
        found = _classified(site, path, packages, is_stdlib=is_stdlib)
        if found is not None:
            yield found


def scan_stdlib(folder: Path) -> tuple[Found, ...]:
    """Return what is in the standard library, with the extension modules that are linked in."""
    names = [
        name
        for table in sorted(folder.glob("config-*/config.c"))
        for name in _BUILTIN.findall(table.read_text(encoding="utf-8"))
    ]
    linked = (
        Found(kind=Kind.EXTENSION, path=f"{name}.so", name=name, is_stdlib=True) for name in names
    )
    return (*_scan(folder, is_stdlib=True), *linked)


def scan_files(site: Path) -> tuple[Found, ...]:
    """Return every file of a folder as one."""
    return tuple(
        Found(
            kind=Kind.FILE,
            path=path,
            is_executable=os.access(site / path, os.X_OK),
            place=site / path,
        )
        for path in sorted(_walk(site))
    )


def distributions(site: Path) -> dict[str, frozenset[str]]:
    """Return the paths of each distribution that is installed, by its canonical name."""
    found: dict[str, frozenset[str]] = {}
    for record in sorted(site.glob(f"*{_INFO}/RECORD")):
        name = canonicalize_name(record.parent.name.partition("-")[0])
        rows = csv.reader(record.read_text(encoding="utf-8", errors="replace").splitlines())
        found[name] = frozenset(os.path.normpath(row[0]) for row in rows if row)
    return found


def module_path(name: str, *, is_package: bool) -> str:
    """Return the path of a module below the folder that is searched for it."""
    path = name.replace(".", "/")
    return f"{path}/__init__.py" if is_package else f"{path}.py"


def _walk(site: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(site):
        folders[:] = [name for name in folders if name != "__pycache__"]
        relative = Path(folder).relative_to(site)
        yield from ((relative / name).as_posix() for name in names if not name.endswith(".pyc"))


def _classified(site: Path, path: str, packages: set[str], *, is_stdlib: bool) -> Found | None:
    *folders, file = path.split("/")
    place = site / path
    if folders and folders[0].endswith(_INFO):
        if file in _OWN:
            return None
        package = folders[0].partition("-")[0].replace("_", "-")
        name = "/".join([*folders[1:], file])
        return Found(kind=Kind.METADATA, path=path, name=name, package=package, place=place)
    if file.endswith(".py"):
        is_package = file == "__init__.py" and bool(folders)
        parts = folders if is_package else [*folders, file.removesuffix(".py")]
        if any("." in part or not part for part in parts):
            return None
        return Found(
            kind=Kind.MODULE,
            path=path,
            name=".".join(parts),
            is_package=is_package,
            is_stdlib=is_stdlib,
            place=place,
        )
    if file.endswith(".so") and "/".join(folders) in packages | {""}:
        name = ".".join([*folders, file.partition(".")[0]])
        return Found(kind=Kind.EXTENSION, path=path, name=name, is_stdlib=is_stdlib, place=place)
    return _data(path, folders, packages, place, is_stdlib=is_stdlib)


def _data(
    path: str, folders: list[str], packages: set[str], place: Path, *, is_stdlib: bool
) -> Found | None:
    """Return a data file of the innermost package above it; None if there is no such."""
    for count in range(len(folders), 0, -1):
        package = "/".join(folders[:count])
        if package in packages:
            return Found(
                kind=Kind.DATA,
                path=path,
                name=path.removeprefix(f"{package}/"),
                package=package.replace("/", "."),
                is_stdlib=is_stdlib,
                place=place,
            )
    return None

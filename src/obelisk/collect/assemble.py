"""Bringing the parts of an application together below one prefix, as if one installer had run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.utils import NormalizedName, canonicalize_name

from obelisk.collect.installed import Installed, Prefix, read_installed
from obelisk.collect.locked import direct_url
from obelisk.collect.provide import Provided
from obelisk.collect.read import is_included, require_regular
from obelisk.components.locks import Archive
from obelisk.config.parts import Install, Packages, Part, Remove, Virtualenv, Written
from obelisk.errors import CollectError
from obelisk.services.atomic import link_or_copy

_FOREIGN: Final = ("pip", "setuptools", "wheel", "distutils-precedence", "pkg-resources")
"""What a virtual environment has of its own."""
_GLIBC: Final = "-linux-gnu"
"""Part of the names of extension modules that are built for glibc."""


def written_part(part: Packages | Virtualenv | Written, prefix: Prefix) -> Provided:
    """Put what lies in folders, or is given as text, below a prefix; raise `CollectError`."""
    match part:
        case Packages():
            for name in part.names:
                _add_package(part.folder, name, prefix)
        case Virtualenv():
            _add_environment(part.folder, prefix)
        case Written():
            for path, text in part.files:
                place = prefix.site / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, encoding="utf-8")
    installed = read_installed(prefix)
    return Provided(prefix=prefix, installed=installed, intact=False)


def assemble(parts: Sequence[tuple[Part, Provided | None]], prefix: Prefix) -> Provided:
    """Link what all parts brought below `prefix`, in their order; only `Remove` brought nothing.

    A distribution takes the place of one of the same name, with all its files.
    """
    own: set[str] = set()
    intact = True
    for part, provided in parts:
        if isinstance(part, Remove):
            for name in part.names:
                _remove(name, prefix)
        if provided is None:
            continue
        for one in provided.installed:
            _remove(one.key, prefix)
        brought, replaced = _link(provided.prefix, prefix)
        intact = intact and not replaced and (provided.intact or not isinstance(part, Install))
        own.update(_own_files(part, provided, brought))
    installed = read_installed(prefix)
    left = {(one.package.name, one.package.version) for one in installed}
    found = {one for _, provided in parts if provided for one in provided.uncompiled}
    archives = {
        key: row for _, provided in parts if provided for key, row in _archives_of(provided)
    }
    return Provided(
        prefix=prefix,
        installed=installed,
        intact=intact,
        own=frozenset(path for path in own if os.path.lexists(prefix.root / path)),
        uncompiled=tuple(sorted(left & found)),
        archives={
            one.key: archives[one.key, one.package.version]
            for one in installed
            if (one.key, one.package.version) in archives
        },
    )


def _archives_of(
    provided: Provided,
) -> Iterator[tuple[tuple[NormalizedName, str], tuple[Archive, ...]]]:
    for one in provided.installed:
        if one.key in provided.archives:
            yield (one.key, one.package.version), provided.archives[one.key]


def _own_files(part: Part, provided: Provided, brought: set[str]) -> Iterator[str]:
    """Yield what is the application's own: what is in folders here, and what is built of them."""
    if not isinstance(part, Install):
        yield from brought
        return
    for one in provided.installed:
        if "dir_info" in (direct_url(provided.prefix, one) or ()):
            yield from (provided.prefix.place(file.path) or "" for file in one.files)


def _link(source: Prefix, into: Prefix) -> tuple[set[str], bool]:
    """Link all files; return their paths, and whether others were there before."""
    brought, replaced = set(), False
    for folder, _, names in os.walk(source.root):
        relative = PurePosixPath(folder).relative_to(source.root.as_posix())
        for name in names:
            place = into.root / relative / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(place):
                place.unlink()
                # The installer's own lock is no file of a distribution.
                replaced = replaced or relative != PurePosixPath()
            link_or_copy(os.path.join(folder, name), str(place))  # noqa: PTH118 - many files
            brought.add((relative / name).as_posix())
    return brought, replaced


def _remove(name: str, prefix: Prefix) -> None:
    for info in prefix.site.glob("*.dist-info"):
        if canonicalize_name(info.name.partition("-")[0]) == canonicalize_name(name):
            one = next(one for one in read_installed(prefix) if one.info == info.name)
            _remove_files(one, prefix)


def _remove_files(one: Installed, prefix: Prefix) -> None:
    paths = [prefix.place(file.path) for file in one.files]
    info = prefix.site / one.info
    places = [prefix.root / path for path in paths if path]
    places += [path for path in info.rglob("*") if not path.is_dir()]
    for place in places:
        place.unlink(missing_ok=True)
    # A folder that nothing is left in would be a namespace package.
    for folder in sorted({place.parent for place in places}, reverse=True):
        while folder != prefix.site and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent  # noqa: PLW2901


def _add_package(folder: Path, name: str, prefix: Prefix) -> None:
    """Copy a package, or a module of one file, of a folder."""
    relative = name.replace(".", "/")
    found = [path for path in (folder / relative, folder / f"{relative}.py") if path.exists()]
    if not found:
        message = f"no package or module `{name}` in {folder}"
        raise CollectError(message, hint="check the folder and the names of its packages")
    for path in found:
        _copy_tree(path, folder, prefix.site)


def _copy_tree(path: Path, root: Path, into: Path) -> None:
    paths = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in paths:
        relative = file.relative_to(root).as_posix()
        if file.is_dir() or not is_included(relative):
            continue
        require_regular(file, root)
        place = into / relative
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            shutil.copy(file, place)


def _add_environment(folder: Path, prefix: Prefix) -> None:
    """Copy what is installed in a virtual environment; its native code must be for musl."""
    sites = sorted(folder.glob("lib/python*/site-packages"))
    if not sites:
        message = f"{folder} is not a virtual environment: it has no `lib/python*/site-packages`"
        raise CollectError(message)
    for path in sorted(sites[-1].iterdir()):
        stem = path.name.partition(".")[0].partition("-")[0]
        if canonicalize_name(stem.lstrip("_")) not in _FOREIGN:
            _require_musl(path, folder)
            _copy_tree(path, sites[-1], prefix.site)


def _require_musl(path: Path, folder: Path) -> None:
    foreign = next((file for file in path.rglob("*.so") if _GLIBC in file.name), None)
    if foreign is not None:
        message = f"`{path.name}` in {folder} is built for glibc: {foreign.name}"
        hint = "install it for the target instead: `pip_install`, or `install NAME` in `parts`"
        raise CollectError(message, hint=hint)

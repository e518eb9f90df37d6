"""Reading installed files: which are modules and which data."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from obelisk.collect.installed import MACHINE_FACTS
from obelisk.errors import CollectError
from obelisk.model import RESERVED_FOLDER, DataFile, Module
from obelisk.services.regular import kind_of

_NOT_FILES: Final = ("__pycache__",)

Tree = tuple[list[Module], list[DataFile]]
"""The files below a folder: modules, and all others."""


def read_tree(root: Path, *, base: str = "", under: str = "", from_stdlib: bool = False) -> Tree:
    """Sort the files below `root` into modules and data, each with its place in the executable.

    `base` is a folder there that is searched for modules, and the files are below its folder
    `under`. Raises `CollectError` for what is not a file, and for names that cannot be included.
    """
    modules, files = [], []
    for file in read_files(root, base=base, under=under):
        module = module_at(file, from_stdlib=from_stdlib)
        if module is not None:
            modules.append(module)
        else:
            files.append(file)
    return modules, files


def read_files(
    root: Path, *, base: str = "", under: str = "", without: tuple[str, ...] = ()
) -> Iterator[DataFile]:
    """Yield the files below `root`, but for the folders and files of it that `without` names."""
    above = f"{under}/" if under else ""
    for relative in sorted(_walk(root, without)):
        below = above + relative
        if is_included(below):
            path = f"{base}/{below}" if base else below
            file = DataFile(path=path, source=root / relative, base=base)
            require_path(file)
            yield file


def module_at(file: DataFile, *, from_stdlib: bool = False) -> Module | None:
    """Return the module that a file is, or None for other files."""
    relative = file.relative
    name = module_name(PurePosixPath(relative)) if relative.endswith(".py") else None
    if name is None:
        return None
    return Module(
        name=name, path=file.path, source=file.source, base=file.base, from_stdlib=from_stdlib
    )


def module_name(path: PurePosixPath) -> str | None:
    """Return the dotted name of the module at a path, or None when no import names it."""
    if path.suffix != ".py":
        return None
    parts = list(path.with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    # Not only identifiers: `__import__` and `-m` take names such as `_sysconfigdata__x86-64`.
    if not parts or not all(part and "." not in part for part in parts):
        return None
    return ".".join(parts)


def is_included(path: str) -> bool:
    """Return whether a file at this path is included: not bytecode, nor a fact of this machine."""
    *folders, name = path.split("/")
    if (name.endswith(".pyc") and name != ".pyc") or any(
        part in _NOT_FILES for part in (*folders, name)
    ):
        return False
    info = folders[0] if len(folders) == 1 else ""
    return not (info.endswith(".dist-info") and name in MACHINE_FACTS)


def require_path(file: DataFile) -> None:
    """Raise `CollectError` for a name that no file in an executable can have."""
    if file.relative.partition("/")[0] == RESERVED_FOLDER:
        message = (
            f"cannot include {file.source}: its path in the executable, `{file.path}`, is reserved"
        )
        raise CollectError(
            message, hint=f"`{RESERVED_FOLDER}/` is for Obelisk's own files: rename the directory"
        )
    try:
        file.path.encode()
    except UnicodeEncodeError as error:
        message = f"the name of {file.source} is not valid UTF-8"
        raise CollectError(message, hint="rename or exclude it") from error


def _walk(root: Path, without: tuple[str, ...]) -> Iterator[str]:
    """Yield the paths of regular files, relative to `root`."""
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            with os.scandir(f"{root}/{prefix}") as found:
                entries = list(found)
        except OSError as error:
            message = f"cannot read {root / prefix}: {error.strerror}"
            raise CollectError(message) from error
        for entry in entries:
            relative = f"{prefix}{entry.name}"
            if relative in without:
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(f"{relative}/")
                continue
            if not entry.is_file(follow_symlinks=False):
                require_regular(root / relative, root)
            yield relative


def require_regular(path: Path, root: Path) -> None:
    """Raise `CollectError` unless a path is a regular file, or a link to one below `root`."""
    try:
        mode = path.lstat().st_mode
        whole = path.resolve(strict=True) if stat.S_ISLNK(mode) else path
        mode = whole.stat().st_mode
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "symbolic link loop"
        message = f"cannot read {path}: {reason}"
        raise CollectError(message) from error
    if not stat.S_ISREG(mode):
        message = f"{path} is {kind_of(mode)}, not a regular file"
        raise CollectError(message)
    if whole != path and not whole.is_relative_to(root.resolve()):
        message = f"{path} is a symbolic link to a file outside {root}"
        raise CollectError(message, hint="replace the link with a copy of the file")

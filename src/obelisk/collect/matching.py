"""The files that match the patterns of `data` and `native-libraries`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final

from obelisk.collect.read import require_regular
from obelisk.errors import CollectError, ConfigError
from obelisk.services.regular import is_folder

_DEEPEST: Final = 128
"""Names in a pattern, one below the other; `Path.glob` calls itself for each."""


def matching(folder: Path, key: str, patterns: Iterable[str]) -> Iterator[Path]:
    """Yield the files below `folder` that patterns of the setting `key` name.

    As in a shell, `*` and `**` do not match names that begin with a dot. Raises `ConfigError` for
    patterns that match nothing, and `CollectError` for what is not a file, or not in that folder.
    """
    for pattern in patterns:
        _require_pattern(pattern, folder, key)
        matched = sorted(_matches(folder, pattern, key))
        found = [path for path in matched if not is_folder(path)]
        if not found:
            what = "only directories" if matched else "nothing"
            message = f"`{pattern}` in `{key}` matches {what} in {folder}"
            hint = "`dir/**/*` matches all files in a directory tree, except for hidden ones"
            raise ConfigError(message, hint=hint)
        checked: set[Path] = set()
        for path in found:
            require_regular(path, folder)
            if path.parent not in checked:
                _require_below(path, folder)
                checked.add(path.parent)
            _require_readable(path)
            yield path


def _require_below(path: Path, folder: Path) -> None:
    """Raise `CollectError` for a file in a folder that is a link to somewhere else."""
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        message = f"{path} is outside {folder}: a directory in its path is a symbolic link"
        raise CollectError(message, hint="replace the link with a copy of the directory")


def _require_readable(path: Path) -> None:
    """Report an unreadable file immediately, not when everything is packed."""
    try:
        path.open("rb").close()
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise CollectError(message) from error


def _require_pattern(pattern: str, folder: Path, key: str) -> None:
    path = PurePosixPath(pattern)
    if path.is_absolute() or ".." in path.parts:
        message = f"`{pattern}` in `{key}` leads outside {folder}"
        raise ConfigError(message, hint="patterns are relative to that directory, without `..`")
    stars = any("**" in part and part != "**" for part in path.parts)
    if stars or not 0 < len(path.parts) <= _DEEPEST:
        message = f"`{pattern}` in `{key}` is not a valid glob pattern"
        hint = "`*` matches within a name, `**` matches any directories: `data/**/*.txt`"
        raise ConfigError(message, hint=hint)


def _matches(folder: Path, pattern: str, key: str) -> Iterator[Path]:
    dotted = [part for part in PurePosixPath(pattern).parts if part.startswith(".")]
    try:
        for path in folder.glob(pattern):
            hidden = [name for name in path.relative_to(folder).parts if name.startswith(".")]
            if all(any(fnmatchcase(name, part) for part in dotted) for name in hidden):
                yield path
    except OSError as error:
        message = f"cannot expand `{pattern}` in `{key}`: {error.filename}: {error.strerror}"
        raise ConfigError(message) from error

"""The cache's folder: its location, whether it is ours, and its lock.

Builds share the lock, removing entries needs it exclusively.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

from obelisk.errors import ConfigError, StorageError
from obelisk.services.atomic import draft_beside
from obelisk.services.cache.entries import KNOWN, LOCK, OF_NOBODY, TAG
from obelisk.services.locks import Lock, lock

ENVIRONMENT: Final = "OBELISK_CACHE"
_SIGNATURE: Final = "Signature: 8a477f597d28d172789f06886806bc55"
_OURS: Final = "# This folder is Obelisk's cache."
_TAG_TEXT: Final = f"{_SIGNATURE}\n{_OURS} See https://bford.info/cachedir/\n"
_HINT: Final = f"set {ENVIRONMENT} to another directory"


def default_root() -> Path:
    """Return the cache's folder: from the variable, or below the user's cache folder."""
    named = os.environ.get(ENVIRONMENT)
    if named:
        return Path(os.path.abspath(named))  # noqa: PTH100 - a link in it may be the user's wish
    try:
        return user_cache_path("obelisk", appauthor=False).absolute()
    except RuntimeError as error:
        message = "no cache directory: HOME is not set and the user has no home directory"
        raise ConfigError(message, hint=f"set {ENVIRONMENT} to a directory") from error


def exists(root: Path) -> bool:
    """Return whether there is a cache at `root`; raise `ConfigError` if something else is there."""
    try:
        names = {path.name for path in root.iterdir()}
        if not names - OF_NOBODY:
            return False
        _refuse_home(root)
        if TAG in names and _is_ours(root / TAG, names):
            return True
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        message = f"cannot read the cache {root}: {error.strerror}"
        raise StorageError(message, hint=_HINT) from error
    if all(name.startswith(".obelisk") for name in names - OF_NOBODY):
        return False  # somebody is about to write the tag, or has just removed it
    message = f"{root} is not an Obelisk cache: it contains other files and no {TAG} of Obelisk's"
    raise ConfigError(message, hint=f"set {ENVIRONMENT} to a new or empty directory")


def create(root: Path) -> None:
    """Make an empty cache at `root` unless there is one."""
    if exists(root):
        _require_writable(root)
        return
    try:
        root.mkdir(parents=True, exist_ok=True)
        _refuse_home(root)
        with draft_beside(root / TAG, mode=0o644) as draft:
            draft.write_text(_TAG_TEXT, encoding="utf-8")
    except (OSError, StorageError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        message = f"cannot write the cache {root}: {reason}"
        raise StorageError(message, hint=_HINT) from error


def is_writable(root: Path) -> bool:
    """Return whether entries can be added: not in a cache that is read-only, or of another user."""
    return os.access(root, os.W_OK | os.X_OK)


def hold(root: Path, *, alone: bool, on_wait: Callable[[], None]) -> Lock | None:
    """Take the lock of the whole cache; None if it is not writable, and so cannot be cleaned."""
    try:
        return lock(root / LOCK, shared=not alone, on_wait=on_wait)
    except OSError as error:
        if alone:
            message = f"cannot lock the cache {root}: {error.strerror}"
            raise StorageError(message, hint="it may belong to another user") from error
        return None


def _is_ours(tag: Path, names: set[str]) -> bool:
    if tag.is_symlink() or not tag.is_file():
        return False
    with tag.open("rb") as stream:
        lines = stream.read(4096).decode(errors="replace").splitlines()
    if any(line.startswith(_OURS) for line in lines):
        return True
    # An older Obelisk that was killed while it wrote the tag.
    return (not lines or lines == [_SIGNATURE]) and names <= KNOWN


def _require_writable(root: Path) -> None:
    if not is_writable(root):
        message = f"cannot write the cache {root}, which lacks entries that this build needs"
        raise StorageError(message, hint=_HINT)


def _refuse_home(root: Path) -> None:
    """Refuse folders that cannot be a cache, whatever an older Obelisk wrote into them."""
    for path, name in ((Path("~"), "your home directory"), (Path("/"), "the root directory")):
        same = False
        with suppress(OSError, RuntimeError):  # there is no home
            same = root.samefile(path.expanduser())
        if same:
            message = f"refusing to use {name} ({root}) as the cache"
            raise ConfigError(message, hint=_HINT)

"""The content-addressed cache: folders named by the hash of all that can change their bytes.

An entry is made in a folder beside its place and renamed into it when whole, so that a build
that is interrupted anywhere leaves either the entry or nothing. Two builds that want the same
entry wait for each other.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock
from platformdirs import user_cache_path

from obelisk.errors import ConfigError, StorageError, ToolError
from obelisk.files import draft_folder_beside

_TAG: Final = "CACHEDIR.TAG"
_TAG_TEXT: Final = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This folder is Obelisk's cache. See https://bford.info/cachedir/\n"
)
ENVIRONMENT: Final = "OBELISK_CACHE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One cached folder."""

    kind: str
    key: str
    path: Path
    size: int
    """Bytes of all files in it."""


def content_key(inputs: Mapping[str, object]) -> str:
    """Hash named inputs, given as JSON values, to 32 hexadecimal digits."""
    text = json.dumps(inputs, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def hash_tree(root: Path) -> str:
    """Hash names and bytes of the files below `root`, the order of the file system aside."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


class Cache:
    """Folders below one root, by kind and key."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or _default_root()

    def find(self, kind: str, key: str) -> Path | None:
        """Return the folder of an entry, or None."""
        path = self.root / kind / key
        return path if path.is_dir() else None

    def obtain(self, kind: str, key: str, make: Callable[[Path], None]) -> Path:
        """Return the folder of an entry; if there is none, let `make` fill one first."""
        found = self.find(kind, key)
        if found:
            return found
        self._tag()
        place = self.root / kind / key
        with self._locked(kind, key):
            if not place.is_dir():
                with draft_folder_beside(place) as draft:
                    make(draft)
        return place

    @contextmanager
    def workshop(self, name: str) -> Iterator[Path]:
        """Give a scratch folder that is gone afterwards, unless a tool failed in it.

        Then it holds the log that the error names; `clean` removes it.
        """
        self._tag()
        parent = self.root / "work"
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
        keep = False
        try:
            yield folder
        except ToolError as error:
            keep = error.log is not None
            raise
        finally:
            if not keep:
                shutil.rmtree(folder, ignore_errors=True)

    def entries(self) -> list[Entry]:
        """List what is cached, sorted by kind and key."""
        return [
            Entry(kind=path.parent.name, key=path.name, path=path, size=_size_of(path))
            for path in sorted(self.root.glob("*/*"))
            if path.is_dir()
        ]

    def clean(self) -> int:
        """Remove the whole cache and return the bytes that it held."""
        if not self.root.exists():
            return 0
        if not (self.root / _TAG).is_file():
            message = f"{self.root} is not a cache of Obelisk: it has no {_TAG}"
            raise ConfigError(message, hint=f"check the variable {ENVIRONMENT}")
        size = sum(entry.size for entry in self.entries())
        shutil.rmtree(self.root)
        return size

    @contextmanager
    def _locked(self, kind: str, key: str) -> Iterator[None]:
        locks = self.root / "locks"
        locks.mkdir(parents=True, exist_ok=True)
        with FileLock(locks / f"{kind}-{key}.lock"):
            yield

    def _tag(self) -> None:
        tag = self.root / _TAG
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            if not tag.exists():
                tag.write_text(_TAG_TEXT, encoding="utf-8")
        except OSError as error:
            message = f"cannot write the cache {self.root}: {error.strerror}"
            raise StorageError(
                message, hint=f"the variable {ENVIRONMENT} chooses another"
            ) from error


def _default_root() -> Path:
    named = os.environ.get(ENVIRONMENT)
    return Path(named).absolute() if named else user_cache_path("obelisk", appauthor=False)


def _size_of(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())

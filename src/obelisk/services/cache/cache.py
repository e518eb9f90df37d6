"""Using the cache: finding and making entries, and scratch folders that leave nothing behind.

An entry is made in a draft and renamed into its place when it is whole and on the disk, so that a
build that ends anywhere, by whatever, leaves either the entry or nothing. Two builds that want the
same entry wait for each other.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from obelisk.errors import ToolError
from obelisk.services.atomic import sync, sync_file_system
from obelisk.services.cache import integrity, root
from obelisk.services.cache.entries import LOCKS, UV, WORK, Entry, entries, path_of
from obelisk.services.cache.integrity import DamagedError
from obelisk.services.cache.leftovers import keep_log, remove_leftovers
from obelisk.services.disk import require_space, storage_errors
from obelisk.services.drafts import draft
from obelisk.services.locks import Lock, lock
from obelisk.services.process import is_stopping

_NEEDED: Final = {"distributions": 256 << 20}
"""Bytes that are written, at the peak, to make an entry that takes minutes (214 MiB measured)."""


class Cache:
    """Folders below one root, by kind and key.

    From its first use on it holds the cache's lock together with others, until `close` or its end.
    """

    def __init__(
        self, folder: Path | None = None, warn: Callable[[str], None] = lambda _: None
    ) -> None:
        self.root = folder or root.default_root()
        self._warn = warn
        self._lock: Lock | None = None
        self._opened = False
        self._cleared = False
        self._sound: set[Path] = set()
        """Entries that were checked, by this process."""

    def find(self, kind: str, key: str) -> Path | None:
        """Return the folder of a valid entry, or None."""
        path = path_of(self.root, kind, key)
        return path if self._open() and (self._trusted(path) or self._checked(path)) else None

    def obtain(self, kind: str, key: str, make: Callable[[Path], None]) -> Path:
        """Return the folder of an entry; if there is no valid one, let `make` fill it."""
        path = path_of(self.root, kind, key)
        if self._open() and self._trusted(path):
            return path
        with self._entry_lock(kind, key):
            if not self._checked(path):
                self._make(kind, {path: make})
        return path

    def keep(self, kind: str, makes: Mapping[str, Callable[[Path], None]]) -> None:
        """Add entries that only save time, by their keys, unless they exist.

        They wait for the disk together. A cache that cannot be written stays as it is.
        """
        if not makes or (self._open() and not root.is_writable(self.root)):
            return
        with ExitStack() as locks:
            for key in sorted(makes):  # in one order, or two builds wait for each other
                locks.enter_context(self._entry_lock(kind, key))
            places = {path_of(self.root, kind, key): make for key, make in makes.items()}
            wanted = {path: make for path, make in places.items() if not self._checked(path)}
            if wanted:
                self._make(kind, wanted)

    def reject(self, kind: str, key: str, reason: str) -> None:
        """Remove an entry whose user found it to be corrupt."""
        path = path_of(self.root, kind, key)
        self._warn_of_damage(path, reason)
        self._sound.discard(path)
        with self._entry_lock(kind, key), self._scratch(kind) as scratch:
            path.rename(scratch)

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Give a scratch folder, which is removed afterwards.

        The log of a tool that failed in it stays for a while, and the error names it.
        """
        with self._scratch(name) as folder:
            folder.mkdir(mode=0o700)
            try:
                with storage_errors(folder):
                    yield folder
            except ToolError as error:
                if error.log is not None and error.log.is_relative_to(folder):
                    with storage_errors(self.root):
                        error.log = keep_log(self.root, error.log, folder.name)
                raise

    def folder_of_uv(self, key: str, work: Path) -> Path:
        """Return the folder for uv's own cache; it is below `work` if this cache is read-only."""
        return (self.root if root.is_writable(self.root) else work) / UV / key

    def entries(self) -> list[Entry]:
        """List what is cached, sorted by kind and key."""
        return list(entries(self.root)) if self._open() else []

    def verify(self) -> list[tuple[Path, str]]:
        """Hash all entries; return the corrupt ones and their faults.

        They are rebuilt when they are next used.
        """
        damaged = []
        for entry in self.entries():
            if entry.kind == UV:
                continue
            try:
                integrity.check(entry.path)
                integrity.renew(entry.path, self.root / WORK)
            except DamagedError as error:
                damaged.append((entry.path, str(error)))
                integrity.distrust(entry.path, self.root / WORK)
        return damaged

    def close(self) -> None:
        """Let others clean the cache."""
        if self._lock is not None:
            self._lock.release()
        self._lock, self._opened = None, False
        self._sound.clear()

    def _open(self) -> bool:
        """Take the cache's lock, together with others; return whether there is a cache."""
        if not self._opened and root.exists(self.root):
            waiting = f"waiting for another process to finish cleaning the cache {self.root}"
            self._lock = root.hold(self.root, alone=False, on_wait=lambda: self._warn(waiting))
            self._opened = root.exists(self.root)  # it may have been cleaned meanwhile
        return self._opened

    def _create(self) -> None:
        root.create(self.root)
        self._open()

    def _trusted(self, path: Path) -> bool:
        if path in self._sound:
            return True
        if integrity.is_trusted(path):
            self._accept(path)
            return True
        return False

    def _checked(self, path: Path) -> bool:
        """Return whether an entry exists and matches its record; warn if it does not match."""
        if not os.path.lexists(path):
            return False
        try:
            integrity.check(path)
        except DamagedError as error:
            self._warn_of_damage(path, str(error))
            return False
        integrity.renew(path, self.root / WORK)
        self._accept(path)
        return True

    def _warn_of_damage(self, path: Path, how: str) -> None:
        self._warn(f"corrupt cache entry {path.relative_to(self.root)} ({how}); rebuilding it")

    def _accept(self, path: Path) -> None:
        integrity.note_use(path)
        self._sound.add(path)

    def _make(self, kind: str, makes: Mapping[Path, Callable[[Path], None]]) -> None:
        self._create()
        require_space(self.root, _NEEDED.get(kind, 0), f"adding to `{kind}` in the cache")
        with self._scratch(kind) as scratch, storage_errors(self.root):
            for path, make in makes.items():
                entry = scratch / path.name
                entry.mkdir(parents=True)
                make(entry)
                integrity.record(entry)
            sync_file_system(scratch)
            (self.root / kind).mkdir(exist_ok=True)
            for path in makes:
                if os.path.lexists(path):
                    path.rename(scratch / f"damaged-{path.name}")
                (scratch / path.name).rename(path)
            sync(self.root / kind)
        for path in makes:
            self._accept(path)

    @contextmanager
    def _scratch(self, name: str) -> Iterator[Path]:
        """Give a path below the cache for scratch, or below /tmp if the cache is read-only."""
        if self._open() and not root.is_writable(self.root):
            with tempfile.TemporaryDirectory(prefix="obelisk-") as elsewhere:
                yield Path(elsewhere) / name
            return
        self._create()
        work = self.root / WORK
        with storage_errors(work):
            work.mkdir(exist_ok=True)
            if not self._cleared:
                self._cleared = True
                remove_leftovers(self.root)
            with draft(work, f"{name}-") as folder:
                yield folder

    @contextmanager
    def _entry_lock(self, kind: str, key: str) -> Iterator[None]:
        """Hold the lock of one entry, unless the cache is read-only."""
        if self._open() and not root.is_writable(self.root):
            yield
            return
        self._create()
        with storage_errors(self.root):
            (self.root / LOCKS).mkdir(exist_ok=True)
            held = lock(self.root / LOCKS / f"{kind}-{key}.lock", give_up=is_stopping)
        if held is None:
            message = f"interrupted while waiting for cache entry {kind}/{key}"
            raise ToolError(message)
        try:
            yield
        finally:
            held.release()

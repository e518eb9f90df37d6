"""Caches of Obelisk for measuring builds: with a distribution and no application in it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from bench.place import Place
from obelisk.services.cache import Cache

_OF_DISTRIBUTIONS = ("downloads", "libraries", "distributions", "builders")
_OF_THE_INDEX = "uv"
_TAG = "CACHEDIR.TAG"


def cache_with_distribution(place: Place) -> Path:
    """Return a cache that has, by hard links, what Obelisk's own has before any application."""
    folder = place.folder("cache")
    for kind in _OF_DISTRIBUTIONS:
        _link_entries(folder, kind)
    return folder


def cache_with_downloads(folder: Path) -> None:
    """Make a cache with nothing but the archives of sources."""
    _link_entries(folder, "downloads")


def forget_applications(folder: Path) -> None:
    """Remove what builds of applications left; what the package index gave stays."""
    for path in folder.iterdir():
        if path.is_dir() and path.name not in (*_OF_DISTRIBUTIONS, _OF_THE_INDEX):
            shutil.rmtree(path)


def forget_work_of_peers(place: Place) -> None:
    """Remove what freezers keep of earlier builds in the home folder."""
    for name in ("Nuitka", "pyinstaller", "ccache"):
        shutil.rmtree(place.folder("home") / ".cache" / name, ignore_errors=True)


def _link_entries(folder: Path, kind: str) -> None:
    source = Cache().root
    (folder / kind).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / _TAG, folder / _TAG)
    for entry in sorted((source / kind).iterdir()) if (source / kind).exists() else ():
        target = folder / kind / entry.name
        if not target.exists():
            subprocess.run(["cp", "-al", entry, target], check=True)

"""Building a distribution: libraries, CPython, its description, one archive in the cache."""

from __future__ import annotations

import inspect
import json
import platform
import shutil
import sys
from pathlib import Path
from typing import Final

from obelisk.cache import content_key
from obelisk.catalog import Source, sources
from obelisk.distribution import archive, metadata, profiles
from obelisk.distribution.libraries import (
    Site,
    build_libraries,
    in_workshop,
    library_key,
    source_identity,
)
from obelisk.distribution.recipes import RECIPES, cpython, cpython_objects
from obelisk.errors import ConfigError, ToolError, did_you_mean
from obelisk.target import Target
from obelisk.toolchain import toolchain_identity

DEFAULT_PYTHON: Final = "3.14"
_PREFIX: Final = "cpython-"


def python_source(version: str) -> Source:
    """Return the pinned CPython of `3.14` or `3.14.6`; raise `ConfigError` for another."""
    known = {pinned.name.removeprefix(_PREFIX): pinned for pinned in python_versions()}
    for short, pinned in known.items():
        if version in (short, pinned.version):
            return pinned
    message = f"unknown Python version `{version}`"
    raise ConfigError(message, hint=did_you_mean(version, known))


def python_versions() -> list[Source]:
    """Return the pinned CPythons, newest first."""
    return [pinned for name, pinned in sources().items() if name.startswith(_PREFIX)]


def distribution_key(target: Target, pinned: Source) -> str:
    """Return the cache key of a distribution: all that can change its bytes."""
    return content_key(
        {
            "source": source_identity(pinned),
            "recipe": [
                inspect.getsource(module) for module in (cpython, cpython_objects, profiles)
            ],
            "profile": profiles.profile_identity(pinned.name, target),
            "layout": [
                inspect.getsource(module) for module in (metadata, archive, sys.modules[__name__])
            ],
            "toolchain": toolchain_identity(target),
            "libraries": {name: library_key(target, name) for name in RECIPES},
        }
    )


def obtain_distribution(site: Site, pinned: Source) -> Path:
    """Return the cached distribution's folder, which holds `python/` and its archive.

    Builds what is missing. Raises `SourceError` or `ToolError`.
    """

    def make(folder: Path) -> None:
        host = platform.uname()
        if not site.target.runs_here(host.machine, host.system):
            message = f"a distribution for {site.target.triple} can be built on that system only"
            raise ToolError(message)
        libraries = build_libraries(site)
        python = folder / "python"
        python.mkdir()
        with site.console.step(f"Building CPython {pinned.version}"):
            in_workshop(site, pinned, libraries.values(), python, cpython.build)
        with site.console.step("Describing and packing the distribution"):
            for library in libraries.values():
                _merge(library, python)
            facts = metadata.describe(python, site.target, pinned)
            text = json.dumps(facts, indent=1, sort_keys=True)
            (python / "PYTHON.json").write_text(text + "\n")
            archive.write_archive(python, folder / archive_name(site.target, pinned))

    return site.cache.obtain("distributions", distribution_key(site.target, pinned), make)


def archive_name(target: Target, pinned: Source) -> str:
    """Return the file name of a distribution's archive."""
    options = metadata.build_options(target, pinned)
    return f"cpython-{pinned.version}-{target.triple}-{options}-full.tar.zst"


def _merge(library: Path, python: Path) -> None:
    """Add a library's headers and archives, by which a runtime is linked, and its licence."""
    for name in ("include", "lib", "resource"):
        if (library / name).is_dir():
            shutil.copytree(library / name, python / "build" / name, dirs_exist_ok=True)
    shutil.copytree(library / "licenses", python / "licenses", dirs_exist_ok=True)

"""A distribution as one value, obtained once and handed on; building it where it is missing."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from obelisk.distribution import archive, cpython, cpython_objects, python_json
from obelisk.distribution.archive import Description, read_description
from obelisk.distribution.versions import major_minor
from obelisk.errors import ToolError
from obelisk.recipes import RECIPES, profiles
from obelisk.recipes.build import build_from_source, build_libraries, library_key, source_identity
from obelisk.services import host
from obelisk.services.cache import content_key, hash_code
from obelisk.services.pins import Pin
from obelisk.services.services import Services
from obelisk.target import Target
from obelisk.toolchain.clang import toolchain_identity


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """A CPython for one target, unpacked: relinkable objects, the standard library, licences."""

    target: Target
    source: Pin
    """The pinned CPython."""
    key: str
    """Its cache key: whatever is made of it and of nothing else may be cached by this."""
    folder: Path
    """The folder `python` of the archive's layout."""
    archive: Path
    description: Description
    """What PYTHON.json says."""
    host_python: Path
    """An interpreter of the same version that runs on this machine: it compiles the bytecode."""

    @property
    def version(self) -> str:
        """The language's version, such as `3.14`."""
        return major_minor(self.source.version)

    @property
    def abi(self) -> str:
        """What names of its extension modules end with before `.so`."""
        return self.target.abi(self.source.version)

    @property
    def stdlib(self) -> Path:
        """The standard library's folder."""
        return self.folder / self.description.stdlib

    @property
    def include(self) -> Path:
        """The folder of Python.h."""
        return self.folder / "install/include" / self.stdlib.name

    @property
    def config(self) -> Path:
        """The folder of config.c and Setup, by which CPython's built-in modules are known."""
        return self.stdlib / f"config-{self.version}-{self.target.platform_triplet}"

    @property
    def sysroot(self) -> Path:
        """Folders `include`, `lib` and `resource` of all its libraries, and CPython's objects."""
        return self.folder / "build"

    @property
    def static_library(self) -> Path:
        """Libpython as an archive; raises `ToolError` if it has none."""
        if self.description.static_library is None:
            message = f"no static libpython in the distribution {self.folder}"
            raise ToolError(message)
        return self.folder / self.description.static_library

    @property
    def bundled_archives(self) -> list[Path]:
        """Static libraries of CPython's own tree (expat, mpdecimal, HACL*)."""
        return sorted((self.folder / "build/Modules").rglob("*.a"))


def distribution_key(target: Target, pinned: Pin) -> str:
    """Return the cache key of a distribution: all that can change its bytes."""
    is_cross = not host.runs(target)
    return content_key(
        {
            "host": distribution_key(host.own_target(), pinned) if is_cross else None,
            "source": source_identity(pinned),
            "profile": profiles.profile_identity(pinned.name, target),
            "code": hash_code(
                *(cpython, cpython_objects, profiles, python_json, archive, sys.modules[__name__])
            ),
            "toolchain": toolchain_identity(target),
            "libraries": {name: library_key(target, name) for name in RECIPES},
        }
    )


def obtain_distribution(services: Services, pinned: Pin) -> Distribution:
    """Return the distribution; build what is missing. Raises `SourceError` or `ToolError`.

    For a target whose programs do not run here, this machine's own comes first.
    """
    key = distribution_key(services.target, pinned)
    own = _of_host(services)
    host_python = obtain_distribution(own, pinned).host_python if own else None
    entry = services.cache.obtain(
        "distributions", key, lambda folder: _build(services, pinned, folder, host_python)
    )
    return _at(services.target, pinned, key, entry, host_python)


def find_distribution(services: Services, pinned: Pin) -> Distribution | None:
    """Return the distribution if it is in the cache."""
    key = distribution_key(services.target, pinned)
    entry = services.cache.find("distributions", key)
    own = _of_host(services)
    found = find_distribution(own, pinned) if own else None
    if entry is None or (own and found is None):
        return None
    return _at(services.target, pinned, key, entry, found.host_python if found else None)


def archive_name(target: Target, pinned: Pin) -> str:
    """Return the file name of a distribution's archive."""
    options = python_json.build_options(target, pinned)
    return f"cpython-{pinned.version}-{target.triple}-{options}-full.tar.zst"


def _of_host(services: Services) -> Services | None:
    """Return the services for this machine's own target, unless they are given."""
    if host.runs(services.target):
        return None
    return replace(services, target=host.own_target())


def _at(
    target: Target, pinned: Pin, key: str, entry: Path, host_python: Path | None
) -> Distribution:
    folder = entry / "python"
    description = read_description(folder)
    return Distribution(
        target=target,
        source=pinned,
        key=key,
        folder=folder,
        archive=entry / archive_name(target, pinned),
        description=description,
        host_python=host_python or folder / description.python_exe,
    )


def _build(services: Services, pinned: Pin, entry: Path, host_python: Path | None) -> None:
    target = services.target
    libraries = build_libraries(services)
    folder = entry / "python"
    folder.mkdir()
    with services.console.step(f"Building CPython {pinned.version}"):
        build_from_source(
            *(services, pinned, libraries.values(), folder),
            lambda context: cpython.build(context, host_python),
        )
    with services.console.step("Describing and packing the distribution"):
        for library in libraries.values():
            _merge(library, folder)
        facts = python_json.describe(folder, target, pinned, host_python)
        text = json.dumps(facts, indent=1, sort_keys=True)
        (folder / "PYTHON.json").write_text(text + "\n")
        archive.write_archive(folder, entry / archive_name(target, pinned))


def _merge(library: Path, folder: Path) -> None:
    """Add a library's headers and archives, by which a runtime is linked, and its licence."""
    for name in ("include", "lib", "resource"):
        if (library / name).is_dir():
            shutil.copytree(library / name, folder / "build" / name, dirs_exist_ok=True)
    shutil.copytree(library / "licenses", folder / "licenses", dirs_exist_ok=True)

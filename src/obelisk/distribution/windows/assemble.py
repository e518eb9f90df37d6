"""Building a distribution for Windows: CPython, its libraries, PYTHON.json and the archive."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from obelisk.distribution import archive
from obelisk.distribution import cpython as linux
from obelisk.distribution.windows import (
    cpython,
    describe,
    exports,
    frozen,
    inittab,
    modules,
    projects,
    units,
)
from obelisk.recipes import profiles
from obelisk.recipes.patches import merge_left_out
from obelisk.recipes.windows import RECIPES, RUNTIME
from obelisk.recipes.windows.build import (
    build_for_windows,
    build_windows_libraries,
    windows_library_key,
    windows_source_identity,
)
from obelisk.services.cache import content_key, hash_code
from obelisk.services.pins import Pin, Pins
from obelisk.services.services import Services
from obelisk.target import Target
from obelisk.toolchain import mingw_link
from obelisk.toolchain.mingw import mingw_identity


def windows_distribution_key(target: Target, pinned: Pin, pins: Pins, host: str) -> str:
    """Return the cache key of a distribution; `host` is that of the Python that freezes for it."""
    # Apart: modules are named by their files, and two of them have the same name.
    own = (cpython, describe, exports, frozen, inittab, mingw_link, modules, projects, units)
    shared = (archive, linux, profiles)
    return content_key(
        {
            "host": host,
            "source": windows_source_identity(pinned),
            "profile": profiles.profile_identity(pinned.name, target),
            "code": [hash_code(*own, Path(__file__)), hash_code(*shared)],
            "toolchain": mingw_identity(target),
            "libraries": {
                name: windows_library_key(target, name, pins) for name in (*RECIPES, RUNTIME)
            },
        }
    )


def windows_archive_name(target: Target, pinned: Pin) -> str:
    """Return the file name of a distribution's archive."""
    options = describe.build_options(target, pinned)
    return f"cpython-{pinned.version}-{target.triple}-{options}-full.tar.zst"


def assemble_windows(services: Services, pinned: Pin, entry: Path, host_python: Path) -> None:
    """Build a distribution for the services' target in the empty folder `entry`.

    `host_python` is an interpreter of the same version that runs here. Raises `SourceError` or
    `ToolError`.
    """
    target = services.target
    libraries = build_windows_libraries(services)
    folder = entry / "python"
    folder.mkdir()
    with services.console.step(f"Building CPython {pinned.version}"):
        build_for_windows(
            *(services, pinned, libraries.values(), folder),
            lambda context: cpython.build(context, host_python),
        )
    with services.console.step("Describing and packing the distribution"):
        for library in libraries.values():
            _merge(library, folder)
        facts = describe.describe(folder, target, pinned, services.pins, host_python)
        text = json.dumps(facts, indent=1, sort_keys=True)
        (folder / "PYTHON.json").write_text(text + "\n")
        archive.write_archive(folder, entry / windows_archive_name(target, pinned))


def _merge(library: Path, folder: Path) -> None:
    """Add a library's headers and archives, by which a runtime is linked, and its licence."""
    for name in ("include", "lib"):
        if (library / name).is_dir():
            shutil.copytree(library / name, folder / "build" / name, dirs_exist_ok=True)
    shutil.copytree(library / "licenses", folder / "licenses", dirs_exist_ok=True)
    merge_left_out(library, folder)

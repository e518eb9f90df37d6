"""Building a distribution: CPython, its libraries, PYTHON.json and the archive of all of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from obelisk.distribution import archive
from obelisk.distribution.python_json import build_options
from obelisk.distribution.systems import Making
from obelisk.recipes.build import build_from_source, build_libraries
from obelisk.recipes.patches import merge_left_out
from obelisk.services.pins import Pin
from obelisk.services.services import Services
from obelisk.target import Target


def archive_name(target: Target, pinned: Pin, making: Making) -> str:
    """Return the file name of a distribution's archive."""
    options = build_options(target, pinned, making.linked)
    return f"cpython-{pinned.version}-{target.triple}-{options}-full.tar.zst"


def assemble(
    services: Services, pinned: Pin, entry: Path, making: Making, host_python: Path | None
) -> None:
    """Build a distribution for the services' target in the empty folder `entry`.

    `host_python` is an interpreter of the same version that runs here; None where the new one does.
    Raises `SourceError` or `ToolError`.
    """
    target = services.target
    libraries = build_libraries(services)
    folder = entry / "python"
    folder.mkdir()
    with services.console.step(f"Building CPython {pinned.version}"):
        build_from_source(
            *(services, pinned, libraries.values(), folder),
            lambda context: making.build(context, host_python),
        )
    with services.console.step("Describing and packing the distribution"):
        for library in libraries.values():
            _merge(library, folder)
        facts = making.describe(folder, target, pinned, services.pins, host_python)
        text = json.dumps(facts, indent=1, sort_keys=True)
        (folder / "PYTHON.json").write_text(text + "\n")
        archive.write_archive(folder, entry / archive_name(target, pinned, making))


def _merge(library: Path, folder: Path) -> None:
    """Add a library's headers and archives, by which a runtime is linked, and its licence."""
    for name in ("include", "lib", "resource"):
        if (library / name).is_dir():
            shutil.copytree(library / name, folder / "build" / name, dirs_exist_ok=True)
    shutil.copytree(library / "licenses", folder / "licenses", dirs_exist_ok=True)
    merge_left_out(library, folder)

"""What distributions for Windows say of themselves in PYTHON.json (distribution/python_json.py)."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from obelisk.distribution import python_json
from obelisk.distribution.layout import require_host
from obelisk.distribution.python_json import Extension, Own
from obelisk.distribution.versions import major_minor
from obelisk.distribution.windows.cpython import CONFIG, SETUP, library_name
from obelisk.distribution.windows.modules import CORE_LIBRARIES
from obelisk.recipes import mingw
from obelisk.services.pins import Pin, Pins
from obelisk.target import Target
from obelisk.toolchain.clang import VERSION

LINKED: Final = "static"
"""How they are optimised and linked, without the profile."""


def describe(
    python: Path, target: Target, pinned: Pin, pins: Pins, host_python: Path | None
) -> dict[str, Any]:
    """Return the content of PYTHON.json for the laid out distribution in the folder `python`.

    `host_python` is an interpreter of the same version that runs here. Raises `ToolError`.
    """
    version = major_minor(pinned.version)
    setup = "".join((python / CONFIG / name).read_text() for name in SETUP)
    own = Own(
        linked=LINKED,
        facts=_facts(require_host(host_python), target, pinned),
        exe="install/python.exe",
        config=CONFIG,
        library=library_name(version),
        platlibdir="DLLs",
        visibility="dllexport",
        crt_features=(f"{mingw.SOURCE.name}:{VERSION}", "ucrt"),
        object_format="coff",
        core_links=CORE_LIBRARIES,
        core_folders=None,
        extensions=tuple(_read_setup(setup)),
        inittab_object="build/PC/config.o",
        inittab_flags=("-DNDEBUG", "-DPy_BUILD_CORE", "-DPy_NO_ENABLE_SHARED"),
    )
    return python_json.describe(python, target, pinned, pins, own)


def _facts(python: Path, target: Target, pinned: Pin) -> dict[str, Any]:
    """Return what Python says there: this machine's, but for what is other on Windows."""
    facts: dict[str, Any] = json.loads(python_json.ask_python(python, target.scheme, {}))
    facts["python_config_vars"] = _config_vars(target, pinned)
    tagged = f".{target.abi(major_minor(pinned.version))}{target.extension_suffix}"
    facts["python_suffixes"] |= {
        "extension": [tagged, target.extension_suffix],
        "source": [".py", ".pyw"],
    }
    return facts


def _config_vars(target: Target, pinned: Pin) -> dict[str, str]:
    """Return what `sysconfig` says on Windows of an installation in the folder `/install`."""
    version = major_minor(pinned.version)
    digits = version.replace(".", "")
    folders = ("prefix", "exec_prefix", "base", "installed_base", "platbase", "installed_platbase")
    return {
        **dict.fromkeys(folders, "/install"),
        "ABIFLAGS": "",
        "BINDIR": "/install",
        "BINLIBDEST": "/install/Lib",
        "EXE": ".exe",
        "EXT_SUFFIX": f".{target.abi(version)}{target.extension_suffix}",
        "INCLUDEPY": "/install/Include",
        "LIBDEST": "/install/Lib",
        "LIBDIR": "/install/libs",
        "Py_DEBUG": "0",
        "Py_GIL_DISABLED": "0",
        "SOABI": target.abi(version),
        "TZPATH": "",
        "VERSION": digits,
        "abiflags": "",
        "implementation": "Python",
        "implementation_lower": "python",
        "platlibdir": "DLLs",
        "py_version": pinned.version,
        "py_version_nodot": digits,
        "py_version_nodot_plat": digits,
        "py_version_short": version,
        "srcdir": "/install",
    }


def _read_setup(text: str) -> Iterator[Extension]:
    """Yield the modules of a `Setup` file that `inittab.py` wrote."""
    for line in text.splitlines():
        name, *words = line.split()
        sources = [word for word in words if not word.startswith("-")]
        if sources:
            paths = (posixpath.normpath(f"build/Modules/{word}") for word in sources)
            yield Extension(
                name=name,
                objects=tuple(f"{path.rpartition('.')[0]}.o" for path in paths),
                libraries=tuple(word[2:] for word in words if word.startswith("-l")),
            )

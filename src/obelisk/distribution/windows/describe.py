"""PYTHON.json of a distribution for Windows, in the format of `distribution/python_json.py`."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from obelisk.distribution.python_json import FORMAT_VERSION, Extension
from obelisk.distribution.versions import major_minor
from obelisk.distribution.windows.cpython import CONFIG, SETUP, library_name
from obelisk.distribution.windows.modules import CORE_LIBRARIES
from obelisk.errors import ToolError
from obelisk.recipes.profiles import profile_identity
from obelisk.recipes.windows import RECIPES, RUNTIME
from obelisk.services.pins import Pin, Pins
from obelisk.services.process import run_captured
from obelisk.target import Target
from obelisk.toolchain.clang import VERSION

LICENSE: Final = "ZPL-2.1"
"""Of mingw-w64's runtime, as its COPYING.MinGW-w64-runtime.txt says."""
_BUNDLED: Final = {
    # Extension modules that contain a library of CPython's own tree, and its licence.
    "_decimal": "BSD-2-Clause",
    "pyexpat": "MIT",
    "_elementtree": "MIT",
}
_ASK_PYTHON: Final = """
import importlib.util, json, sys, sysconfig
v = sys.implementation.version
print(json.dumps({
    "python_implementation_cache_tag": sys.implementation.cache_tag,
    "python_implementation_hex_version": sys.implementation.hexversion,
    "python_implementation_name": sys.implementation.name,
    "python_implementation_version": [str(part) for part in v],
    "python_version": ".".join(map(str, sys.version_info[:3])),
    "python_major_minor_version": ".".join(map(str, sys.version_info[:2])),
    "python_paths_abstract": {
        name: path.replace("\\\\", "/")
        for name, path in sysconfig.get_paths("nt", expand=False).items()
    },
    "python_bytecode_magic_number": importlib.util.MAGIC_NUMBER.hex(),
}))
"""
_INITTAB: Final = re.compile(r'^ *\{"(\w+)", (\w+)\},$', re.MULTILINE)
"""A built-in module in config.c, and the function that makes it."""


def build_options(target: Target, pinned: Pin) -> str:
    """Return how it is optimised and linked, in the words of python-build-standalone."""
    return "pgo+static" if profile_identity(pinned.name, target) is not None else "static"


def describe(
    python: Path, target: Target, pinned: Pin, pins: Pins, host_python: Path
) -> dict[str, Any]:
    """Return the content of PYTHON.json for the laid out distribution in the folder `python`.

    `host_python` is an interpreter of the same version that runs here. Raises `ToolError`.
    """
    version = major_minor(pinned.version)
    tag = f"cp{version.replace('.', '')}"
    facts = _ask(host_python)
    options = build_options(target, pinned)
    return {
        "version": FORMAT_VERSION,
        "target_triple": target.triple,
        "build_options": options,
        "optimizations": options,
        "python_tag": tag,
        "python_abi_tag": tag,
        "python_platform_tag": target.python_platform,
        **facts,
        "python_config_vars": _config_vars(target, pinned),
        "python_suffixes": {
            "bytecode": [".pyc"],
            "debug_bytecode": [".pyc"],
            "extension": [
                f".{target.abi(version)}{target.extension_suffix}",
                target.extension_suffix,
            ],
            "optimized_bytecode": [".pyc"],
            "source": [".py", ".pyw"],
        },
        "python_paths": {
            name: _expand(path, version) for name, path in facts["python_paths_abstract"].items()
        },
        "python_exe": "install/python.exe",
        "python_stdlib_platform_config": CONFIG,
        "python_stdlib_test_packages": [],
        "python_symbol_visibility": "dllexport",
        "python_extension_module_loading": ["builtin"],
        "libpython_link_mode": "static",
        "crt_features": [f"{RUNTIME}:{VERSION}", "ucrt"],
        "run_tests": "",
        "licenses": [pinned.license],
        "license_path": f"licenses/LICENSE.{pinned.name}.txt",
        "build_info": _build_info(python, version, pins) | {"object_file_format": "coff"},
        "obelisk_sources": _sources(pinned, pins),
    }


def _ask(python: Path) -> dict[str, Any]:
    """Ask this machine's interpreter for what is the same on every system."""
    argv: list[str | Path] = [python, "-I", "-S", "-B", "-c", _ASK_PYTHON]
    # Without a name of it, Python asks the system for the home folder of whoever builds.
    done = run_captured(argv, env={"HOME": "~"}, what="asking Python")
    if done.status != 0:
        message = f"the build Python fails to run: {done.stderr.decode(errors='replace').strip()}"
        raise ToolError(message)
    facts: dict[str, Any] = json.loads(done.stdout)
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


def _build_info(python: Path, version: str, pins: Pins) -> dict[str, Any]:
    setup = "".join((python / CONFIG / name).read_text() for name in SETUP)
    extensions = {one.name: one for one in _read_setup(setup)}
    rows = dict(_INITTAB.findall((python / CONFIG / "config.c").read_text()))
    own = {path for one in extensions.values() for path in one.objects}
    objects = sorted(path.relative_to(python).as_posix() for path in python.glob("build/**/*.o"))
    return {
        "core": {
            "objs": [path for path in objects if path not in own],
            "links": [_link(name) for name in CORE_LIBRARIES],
            "static_lib": library_name(version),
        },
        "extensions": {
            name: [_variant(python, name, init, extensions.get(name), pins)]
            for name, init in sorted(rows.items())
        },
        "inittab_object": "build/PC/config.o",
        "inittab_source": f"{CONFIG}/config.c",
        "inittab_cflags": ["-DNDEBUG", "-DPy_BUILD_CORE", "-DPy_NO_ENABLE_SHARED"],
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


def _variant(
    python: Path, name: str, init: str, extension: Extension | None, pins: Pins
) -> dict[str, Any]:
    objects = list(extension.objects) if extension else []
    missing = [path for path in objects if not (python / path).is_file()]
    if missing:
        message = f"missing object files of extension module `{name}`: {', '.join(missing)}"
        raise ToolError(message)
    libraries = extension.libraries if extension else ()
    entry: dict[str, Any] = {
        "in_core": extension is None,
        "init_fn": init,
        "links": [_link(library) for library in libraries],
        "objs": objects,
        "required": extension is None,
        "variant": "default",
    }
    known = [pins[one] for library in libraries if (one := _recipe_of(library)) is not None]
    if known:
        entry["licenses"] = sorted({pinned.license for pinned in known})
        paths = {f"licenses/LICENSE.{pinned.name}.txt" for pinned in known}
        entry["license_paths"] = sorted(paths)
    elif name in _BUNDLED:
        entry["licenses"] = [_BUNDLED[name]]
    return entry


def _recipe_of(library: str) -> str | None:
    return next((one.name for one in RECIPES.values() if library in one.provides), None)


def _link(library: str) -> dict[str, Any]:
    if _recipe_of(library) is None:
        return {"name": library, "system": True}
    return {"name": library, "path_static": f"build/lib/lib{library}.a"}


def _sources(pinned: Pin, pins: Pins) -> list[dict[str, str]]:
    """List every source in the distribution: an addition of ours to the format."""
    used: Iterable[Pin] = [pinned, *(pins[name] for name in sorted(RECIPES))]
    listed = [
        {
            "name": one.name,
            "version": one.version,
            "license": one.license,
            "sha256": one.sha256,
        }
        for one in used
    ]
    # Its source comes with zig, and is as zig has changed it.
    runtime = {"name": RUNTIME, "version": f"zig-{VERSION}", "license": LICENSE, "sha256": ""}
    return [*listed, runtime]


def _expand(path: str, version: str) -> str:
    for name, value in (
        *(
            (base, "install")
            for base in ("installed_base", "base", "installed_platbase", "platbase")
        ),
        *(("py_version_short", version), ("platlibdir", "DLLs")),
        *(("py_version_nodot_plat", version.replace(".", "")), ("abi_thread", "")),
        ("implementation_lower", "python"),
    ):
        path = path.replace(f"{{{name}}}", value)
    return path

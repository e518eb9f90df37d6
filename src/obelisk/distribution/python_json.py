"""Writing PYTHON.json, format version 8: what a distribution says of itself.

The fields are those of python-build-standalone's `docs/distributions.rst`; its readers can use our
archives and ours can read its.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from obelisk.distribution.versions import major_minor
from obelisk.errors import ToolError
from obelisk.recipes import recipes_of
from obelisk.recipes.profiles import profile_identity
from obelisk.services.pins import Pin, Pins
from obelisk.services.process import run_captured
from obelisk.target import Target

FORMAT_VERSION: Final = "8"
_LIBC: Final = "musl"
"""Of no module more than of another."""
_BUNDLED: Final = {
    # Extension modules that contain a library of CPython's own tree, and its licence.
    "_decimal": "BSD-2-Clause",
    "pyexpat": "MIT",
    "_elementtree": "MIT",
}
_ASK_PYTHON: Final = """
import importlib.machinery, importlib.util, json, sys, sysconfig
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
        for name, path in sysconfig.get_paths(sys.argv[1], expand=False).items()
    },
    "python_config_vars": {k: str(v) for k, v in sorted(sysconfig.get_config_vars().items())},
    "python_suffixes": {
        "bytecode": importlib.machinery.BYTECODE_SUFFIXES,
        "debug_bytecode": importlib.machinery.DEBUG_BYTECODE_SUFFIXES,
        "extension": importlib.machinery.EXTENSION_SUFFIXES,
        "optimized_bytecode": importlib.machinery.OPTIMIZED_BYTECODE_SUFFIXES,
        "source": importlib.machinery.SOURCE_SUFFIXES,
    },
    "python_bytecode_magic_number": importlib.util.MAGIC_NUMBER.hex(),
}))
"""
"""What a Python knows of itself, with the paths of an installation scheme."""
_INITTAB: Final = re.compile(r'^ *\{"(\w+)", (\w+)\},$', re.MULTILINE)
"""A built-in module in config.c, and the function that makes it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Extension:
    """A built-in extension module, as a `Setup` file lists it."""

    name: str
    objects: tuple[str, ...]
    libraries: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Own:
    """What the distributions of one system say that others do not; paths are in the folder."""

    linked: str
    """How it is optimised and linked, without the profile."""
    facts: Mapping[str, Any]
    """What Python says of itself (`ask_python`)."""
    exe: str
    config: str
    """The folder of config.c."""
    library: str
    """The static libpython."""
    platlibdir: str
    visibility: str
    crt_features: tuple[str, ...]
    object_format: str
    core_links: tuple[str, ...]
    """Libraries that the interpreter is linked with."""
    core_folders: tuple[str, ...] | None
    """Folders of `build` whose objects are the interpreter's; None: all."""
    extensions: tuple[Extension, ...]
    inittab_object: str
    inittab_flags: tuple[str, ...]


def describe(python: Path, target: Target, pinned: Pin, pins: Pins, own: Own) -> dict[str, Any]:
    """Return the content of PYTHON.json for the laid out distribution in the folder `python`.

    Raises `ToolError` when it is not as `own` says.
    """
    version = major_minor(pinned.version)
    tag = f"cp{version.replace('.', '')}"
    options = build_options(target, pinned, own.linked)
    return {
        "version": FORMAT_VERSION,
        "target_triple": target.triple,
        "build_options": options,
        "optimizations": options,
        "python_tag": tag,
        "python_abi_tag": tag,
        "python_platform_tag": target.python_platform,
        **own.facts,
        "python_paths": {
            name: _expand(path, version, own.platlibdir)
            for name, path in own.facts["python_paths_abstract"].items()
        },
        "python_exe": own.exe,
        "python_stdlib_platform_config": own.config,
        "python_stdlib_test_packages": [],
        "python_symbol_visibility": own.visibility,
        "python_extension_module_loading": ["builtin"],
        "libpython_link_mode": "static",
        "crt_features": list(own.crt_features),
        "run_tests": "",
        "licenses": [pinned.license],
        "license_path": f"licenses/LICENSE.{pinned.name}.txt",
        "build_info": _build_info(python, target, pins, own),
        "obelisk_sources": _sources(pinned, target, pins),
    }


def build_options(target: Target, pinned: Pin, linked: str) -> str:
    """Return how it is optimised and linked, in the words of python-build-standalone.

    `linked` are those of its system, without the profile's.
    """
    profiled = profile_identity(pinned.name, target) is not None
    return f"pgo+{linked}" if profiled else linked


def ask_python(python: Path, scheme: str, env: Mapping[str, str]) -> str:
    """Return what an interpreter that runs here says of itself, as JSON, with more variables.

    `scheme` is the installation scheme of its paths. Raises `ToolError` when it does not run.
    """
    argv: list[str | Path] = [python, "-I", "-S", "-B", "-c", _ASK_PYTHON, scheme]
    # Without a name of it, Python asks the system for the home folder of whoever builds.
    done = run_captured(argv, env={"HOME": "~", **env}, what="asking Python")
    if done.status != 0:
        message = f"the new Python fails to run: {done.stderr.decode(errors='replace').strip()}"
        raise ToolError(message)
    text = done.stdout.decode()
    json.loads(text)
    return text


def _build_info(python: Path, target: Target, pins: Pins, own: Own) -> dict[str, Any]:
    extensions = {one.name: one for one in own.extensions}
    rows = dict(_INITTAB.findall((python / own.config / "config.c").read_text()))
    objects = sorted(path.relative_to(python).as_posix() for path in python.glob("build/**/*.o"))
    of_extensions = {path for one in own.extensions for path in one.objects}
    others = (path for path in objects if path not in of_extensions)
    return {
        "core": {
            "objs": [path for path in others if _is_core(path, own.core_folders)],
            "links": [_link(name, target) for name in own.core_links],
            "static_lib": own.library,
        },
        "extensions": {
            name: [_variant(python, name, init, extensions.get(name), target, pins)]
            for name, init in sorted(rows.items())
        },
        "inittab_object": own.inittab_object,
        "inittab_source": f"{own.config}/config.c",
        "inittab_cflags": list(own.inittab_flags),
        "object_file_format": own.object_format,
    }


def _is_core(path: str, folders: Iterable[str] | None) -> bool:
    if folders is None:
        return True
    return path.split("/")[1] in folders and not path.endswith("/_testembed.o")


def _variant(
    python: Path, name: str, init: str, extension: Extension | None, target: Target, pins: Pins
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
        "links": [_link(library, target) for library in libraries],
        "objs": objects,
        "required": extension is None,
        "variant": "default",
    }
    recipes = (_recipe_of(library, target) for library in libraries)
    known = [pins[one] for one in recipes if one and one != _LIBC]
    if known:
        entry["licenses"] = sorted({pinned.license for pinned in known})
        paths = {f"licenses/LICENSE.{pinned.name}.txt" for pinned in known}
        entry["license_paths"] = sorted(paths)
    elif name in _BUNDLED:
        entry["licenses"] = [_BUNDLED[name]]
    return entry


def _recipe_of(library: str, target: Target) -> str | None:
    recipes = recipes_of(target).values()
    return next((one.name for one in recipes if library in one.provides), None)


def _link(library: str, target: Target) -> dict[str, Any]:
    if _recipe_of(library, target) is None:
        return {"name": library, "system": True}
    return {"name": library, "path_static": f"build/lib/lib{library}.a"}


def _sources(pinned: Pin, target: Target, pins: Pins) -> list[dict[str, str]]:
    """List every source in the distribution: an addition of ours to the format."""
    recipes = sorted(
        recipes_of(target).values(), key=lambda one: (one.source is not None, one.name)
    )
    used = [pinned, *(recipe.source_of(pins) for recipe in recipes)]
    return [
        {
            "name": one.name,
            "version": one.version,
            "license": one.license,
            "sha256": one.sha256,
        }
        for one in used
    ]


def _expand(path: str, version: str, platlibdir: str) -> str:
    for name, value in (
        *(
            (base, "install")
            for base in ("installed_base", "base", "installed_platbase", "platbase")
        ),
        *(("py_version_short", version), ("platlibdir", platlibdir)),
        *(("py_version_nodot_plat", version.replace(".", "")), ("abi_thread", "")),
        ("implementation_lower", "python"),
    ):
        path = path.replace(f"{{{name}}}", value)
    return path

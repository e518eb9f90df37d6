"""Writing PYTHON.json, format version 8: what a distribution says of itself.

The fields are those of python-build-standalone's `docs/distributions.rst`; its readers can use our
archives and ours can read its.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from obelisk.distribution.cpython import makefile_variables
from obelisk.distribution.versions import major_minor
from obelisk.errors import ToolError
from obelisk.recipes import RECIPES
from obelisk.recipes.profiles import profile_identity
from obelisk.services import host
from obelisk.services.pins import Pin, Pins
from obelisk.services.process import run_captured
from obelisk.target import Target

FORMAT_VERSION: Final = "8"
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
    "python_paths_abstract": sysconfig.get_paths(expand=False),
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


_INITTAB: Final = re.compile(r'^ *\{"(\w+)", \w+\},$', re.MULTILINE)
"""A built-in module in CPython's config.c."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Extension:
    """A built-in extension module, as `Modules/Setup` lists it."""

    name: str
    objects: tuple[str, ...]
    libraries: tuple[str, ...]


def describe(
    python: Path, target: Target, pinned: Pin, pins: Pins, host_python: Path | None
) -> dict[str, Any]:
    """Return the content of PYTHON.json for the laid out distribution in the folder `python`.

    `host_python` is an interpreter of the same version that runs here; None where its own does.
    Raises `ToolError` when it does not run.
    """
    version = major_minor(pinned.version)
    library = f"install/lib/python{version}"
    own = python / "install/bin" / f"python{version}"
    facts = _ask(host_python or own, target, python / library if host_python else None)
    config = f"{library}/config-{version}-{target.platform_triplet}"
    builtin = _INITTAB.findall((python / config / "config.c").read_text())
    facts["python_config_vars"] = _without_machine_paths(
        facts["python_config_vars"], (host_python or own).parents[1]
    )
    return {
        "version": FORMAT_VERSION,
        "target_triple": target.triple,
        "build_options": build_options(target, pinned),
        "optimizations": build_options(target, pinned),
        "python_tag": "cp" + version.replace(".", ""),
        "python_abi_tag": "cp" + version.replace(".", ""),
        "python_platform_tag": target.python_platform,
        **facts,
        "python_paths": {
            name: _expand(path, version) for name, path in facts["python_paths_abstract"].items()
        },
        "python_exe": f"install/bin/python{version}",
        "python_stdlib_platform_config": config,
        "python_stdlib_test_packages": [],
        "python_symbol_visibility": "global-default",
        "python_extension_module_loading": ["builtin"],
        "libpython_link_mode": "static",
        "crt_features": ["static", f"musl-version:{pins['musl'].version}"],
        "run_tests": "",
        "licenses": [pinned.license],
        "license_path": f"licenses/LICENSE.{pinned.name}.txt",
        "build_info": _build_info(python, config, builtin, version, pins)
        | {"object_file_format": target.object_format},
        "obelisk_sources": _sources(pinned, pins),
    }


def build_options(target: Target, pinned: Pin) -> str:
    """Return how it is optimised and linked, in the words of python-build-standalone."""
    profiled = profile_identity(pinned.name, target) is not None
    return "pgo+lto+static" if profiled else "lto+static"


def read_extensions(setup: str, variables: Mapping[str, str]) -> list[Extension]:
    """Read the static modules of a `Modules/Setup` file, with the Makefile's flags for each."""
    found = []
    for line in setup.splitlines():
        words = line.split("#")[0].split()
        if not words or words[0].startswith("*") or "=" in words[0]:
            continue
        name, *rest = words
        objects = [word.removesuffix(".c") + ".o" for word in rest if word.endswith(".c")]
        flags = " ".join(rest) + " " + variables.get(f"MODULE_{name.upper()}_LDFLAGS", "")
        libraries = dict.fromkeys(re.findall(r"-l(\S+)", flags))
        found.append(
            Extension(
                name=name,
                objects=tuple(f"build/Modules/{path}" for path in objects),
                libraries=tuple(libraries),
            )
        )
    return found


def _ask(python: Path, target: Target, library: Path | None) -> dict[str, Any]:
    """Ask an interpreter for what it knows, about the standard library `library` if it is given.

    The second is that of another target, whose own interpreter does not run here.
    """
    argv: list[str | Path] = [python, "-I", "-S", "-B", "-c", _ASK_PYTHON]
    # Without a name of it, Python asks the system for the home folder of whoever builds.
    env = {"HOME": "~"}
    if library is not None:
        env |= foreign_sysconfig(target, library)
    done = run_captured(argv, env=env, what="asking Python")
    if done.status != 0:
        message = f"the new Python fails to run: {done.stderr.decode(errors='replace').strip()}"
        raise ToolError(message)
    text = done.stdout.decode()
    if library is not None:
        # What is compiled in: the names of extension modules.
        text = text.replace(host.own_target().platform_triplet, target.platform_triplet)
    facts: dict[str, Any] = json.loads(text)
    return facts


def foreign_sysconfig(target: Target, library: Path) -> dict[str, str]:
    """Return the variables by which an interpreter has the `sysconfig` of another target.

    `library` is the folder of that target's standard library. CPython's own Makefile sets them
    when it is built for another machine.
    """
    return {
        "_PYTHON_HOST_PLATFORM": target.python_platform,
        "_PYTHON_SYSCONFIGDATA_NAME": f"_sysconfigdata__linux_{target.platform_triplet}",
        "_PYTHON_SYSCONFIGDATA_PATH": str(library),
    }


def _build_info(
    python: Path, config: str, builtin: Sequence[str], version: str, pins: Pins
) -> dict[str, Any]:
    text = (python / config / "Makefile").read_text()
    variables = makefile_variables(text)
    extensions: dict[str, Extension] = {}
    for name in ("Setup.bootstrap", "Setup.stdlib"):
        for extension in read_extensions((python / config / name).read_text(), variables):
            extensions[extension.name] = extension
    own = {path for extension in extensions.values() for path in extension.objects}
    objects = sorted(path.relative_to(python).as_posix() for path in python.glob("build/**/*.o"))
    core = [path for path in objects if path not in own and _is_core(path)]
    return {
        "core": {
            "objs": core,
            "links": [_link(name) for name in ("mimalloc", "m", "c")],
            "static_lib": f"{config}/libpython{version}.a",
        },
        "extensions": {
            name: [_variant(python, name, extensions.get(name), pins)] for name in sorted(builtin)
        },
        "inittab_object": "build/Modules/config.o",
        "inittab_source": f"{config}/config.c",
        "inittab_cflags": ["-std=c99", "-DNDEBUG", "-DPy_BUILD_CORE"],
    }


def _is_core(path: str) -> bool:
    folder = path.split("/")[1]
    return folder in ("Modules", "Objects", "Parser", "Python") and not path.endswith(
        "/_testembed.o"
    )


def _variant(python: Path, name: str, extension: Extension | None, pins: Pins) -> dict[str, Any]:
    missing = (
        [path for path in extension.objects if not (python / path).is_file()] if extension else []
    )
    if missing:
        message = f"missing object files of extension module `{name}`: {', '.join(missing)}"
        raise ToolError(message)
    libraries = extension.libraries if extension else ()
    entry: dict[str, Any] = {
        "in_core": extension is None,
        "init_fn": "NULL" if name in ("builtins", "sys") else f"PyInit_{name}",
        "links": [_link(library) for library in libraries],
        "objs": list(extension.objects) if extension else [],
        "required": extension is None,
        "variant": "default",
    }
    licensed = [_library_source(library, pins) for library in libraries]
    known = [pinned for pinned in licensed if pinned]
    if known:
        entry["licenses"] = sorted({pinned.license for pinned in known})
        paths = {f"licenses/LICENSE.{pinned.name}.txt" for pinned in known}
        entry["license_paths"] = sorted(paths)
    elif name in _BUNDLED:
        entry["licenses"] = [_BUNDLED[name]]
    return entry


def _link(library: str) -> dict[str, str]:
    return {"name": library, "path_static": f"build/lib/lib{library}.a"}


def _library_source(library: str, pins: Pins) -> Pin | None:
    for recipe in RECIPES.values():
        if library in recipe.provides and recipe.name != "musl":
            return pins[recipe.name]
    return None


def _sources(pinned: Pin, pins: Pins) -> list[dict[str, str]]:
    """List every source in the distribution: an addition of ours to the format."""
    used = [pinned, *(pins[name] for name in sorted(RECIPES))]
    return [
        {
            "name": one.name,
            "version": one.version,
            "license": one.license,
            "sha256": one.sha256,
        }
        for one in used
    ]


def _expand(path: str, version: str) -> str:
    for name, value in (
        *(
            (base, "install")
            for base in ("installed_base", "base", "installed_platbase", "platbase")
        ),
        *(("py_version_short", version), ("platlibdir", "lib")),
        *(("implementation_lower", "python"), ("abi_thread", "")),
    ):
        path = path.replace(f"{{{name}}}", value)
    return path


def _without_machine_paths(variables: Mapping[str, str], install: Path) -> dict[str, str]:
    return {name: text.replace(str(install), "/install") for name, text in variables.items()}

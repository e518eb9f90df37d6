"""What distributions for Linux say of themselves in PYTHON.json (python_json.py)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from obelisk.distribution import python_json
from obelisk.distribution.cpython import makefile_variables
from obelisk.distribution.python_json import Extension, Own
from obelisk.distribution.versions import major_minor
from obelisk.services import host
from obelisk.services.pins import Pin, Pins
from obelisk.target import Target

LINKED: Final = "lto+static"
"""How they are optimised and linked, without the profile."""


def describe(
    python: Path, target: Target, pinned: Pin, pins: Pins, host_python: Path | None
) -> dict[str, Any]:
    """Return the content of PYTHON.json for the laid out distribution in the folder `python`.

    `host_python` is an interpreter of the same version that runs here; None where its own does.
    Raises `ToolError` when it does not run.
    """
    version = major_minor(pinned.version)
    library = f"install/lib/python{version}"
    exe = f"install/bin/python{version}"
    config = f"{library}/config-{version}-{target.platform_triplet}"
    asked = host_python or python / exe
    facts = _ask(asked, target, python / library if host_python else None)
    facts["python_config_vars"] = _without_machine_paths(
        facts["python_config_vars"], asked.parents[1]
    )
    own = Own(
        linked=LINKED,
        facts=facts,
        exe=exe,
        config=config,
        library=f"{config}/libpython{version}.a",
        platlibdir="lib",
        visibility="global-default",
        crt_features=("static", f"musl-version:{pins['musl'].version}"),
        object_format="elf",
        core_links=("mimalloc", "m", "c"),
        core_folders=("Modules", "Objects", "Parser", "Python"),
        extensions=tuple(_extensions(python / config)),
        inittab_object="build/Modules/config.o",
        inittab_flags=("-std=c99", "-DNDEBUG", "-DPy_BUILD_CORE"),
    )
    return python_json.describe(python, target, pinned, pins, own)


def _extensions(config: Path) -> Iterator[Extension]:
    variables = makefile_variables((config / "Makefile").read_text())
    for name in ("Setup.bootstrap", "Setup.stdlib"):
        yield from read_extensions((config / name).read_text(), variables)


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
    foreign = foreign_sysconfig(target, library) if library is not None else {}
    text = python_json.ask_python(python, target.scheme, foreign)
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


def _without_machine_paths(variables: Mapping[str, str], install: Path) -> dict[str, str]:
    return {name: text.replace(str(install), "/install") for name, text in variables.items()}

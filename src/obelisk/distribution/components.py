"""The components of a runtime: CPython, what it bundles, and the libraries linked in."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from obelisk.components import pinned as parts
from obelisk.components.component import Component, Kind, Linkage
from obelisk.components.declared import Declared, read_declared
from obelisk.components.known import known
from obelisk.components.pinned import COMPILER_RT, MINGW
from obelisk.distribution.distribution import Distribution
from obelisk.recipes import RECIPES
from obelisk.recipes.patches import applied
from obelisk.services.pins import Pin, Pins

SBOM: Final = "sboms/cpython.spdx.json"
"""CPython's own list of what its source contains of others, in the folder of a distribution."""
INTERPRETER: Final = "cpython"
ARCHIVES: Final = {"mpdec": "mpdecimal", "expat": "expat", "Hacl": "hacl-star"}
"""What CPython bundles as static libraries: how the names of these begin, and of what they are."""
_INCORPORATED: Final = "LICENSE.cpython-incorporated.rst"


def runtime_components(
    distribution: Distribution, linked: Container[str], pins: Pins
) -> list[Component]:
    """Return what a runtime is made of; `linked` are the names that have a part in its link map.

    Their `license_texts` are files of the distribution's folder `licenses`. The interpreter needs
    all the others.
    """
    source = distribution.source
    interpreter = replace(
        of_source(source, Linkage.STATIC, distribution.folder),
        license_texts=(f"LICENSE.{source.name}.txt", _INCORPORATED),
    )
    folder = distribution.folder
    libraries = [library(name, pins, folder) for name in RECIPES if name in linked]
    if COMPILER_RT in linked:
        libraries.append(parts.compiler_rt())
    if MINGW in linked:
        libraries.append(parts.mingw())
    bundled = [
        one
        for one in _bundled(distribution)
        if one.name in linked or one.name not in ARCHIVES.values() or one.name == "hacl-star"
    ]
    found = [replace(one, part_of=interpreter.reference) for one in bundled]
    needs = sorted(one.reference for one in (*libraries, *found))
    return [replace(interpreter, needs=tuple(needs)), *_with_needs(libraries), *found]


def library(name: str, pins: Pins, folder: Path) -> Component:
    """Return the component of a library that was built to a folder, with its license's name."""
    found = of_source(pins[name], Linkage.STATIC, folder)
    return replace(found, license_texts=(f"LICENSE.{name}.txt",))


def of_source(pinned: Pin, linkage: Linkage, folder: Path) -> Component:
    """Return the component of a pinned source that was built to a folder, with its patches."""
    return parts.of_pin(pinned, applied(pinned, folder), linkage)


def _with_needs(libraries: list[Component]) -> Iterator[Component]:
    references = {one.name: one.reference for one in libraries}
    for one in libraries:
        needs = RECIPES[one.name].needs if one.name in RECIPES else ()
        found = {references[need] for need in needs if need in references}
        yield replace(one, needs=tuple(sorted(found)))


def _bundled(distribution: Distribution) -> Iterator[Component]:
    path = distribution.folder / SBOM
    if not path.is_file():
        return  # of a distribution that others built
    text = path.read_bytes()
    contained = _contained(json.loads(text))
    for declared in read_declared(text):
        linkage = _linkage(distribution, contained.get(declared.reference, ()))
        if linkage is not None:
            yield _component(declared, linkage)


def _component(declared: Declared, linkage: Linkage) -> Component:
    table = known().get(declared.name)
    purl = declared.purl or parts.generic(declared.name, declared.version)
    return Component(
        reference=purl,
        kind=Kind.LIBRARY if linkage == Linkage.STATIC else Kind.PACKAGE,
        name=declared.name,
        version=declared.version,
        purl=purl,
        cpe=declared.cpe,
        license=declared.license or (table.license if table else None),
        license_from="sbom" if declared.license else "table" if table else None,
        license_texts=(_INCORPORATED,),
        sha256=declared.sha256,
        origin=declared.origin,
        linkage=linkage,
        told_by="sbom",
    )


def _contained(document: dict[str, Any]) -> dict[str, list[str]]:
    """Return the paths of the files of each package of CPython's document."""
    files = {row["SPDXID"]: str(row["fileName"]) for row in document.get("files", ())}
    found: dict[str, list[str]] = {}
    for row in document.get("relationships", ()):
        if row["relationshipType"] == "CONTAINS" and row["relatedSpdxElement"] in files:
            path = files[row["relatedSpdxElement"]]
            found.setdefault(row["spdxElementId"], []).append(path)
    return found


def _linkage(distribution: Distribution, paths: Iterable[str]) -> Linkage | None:
    """Return how a part of CPython is joined to a runtime, None if it is in no distribution."""
    found = None
    for path in paths:
        folder, _, rest = path.partition("/")
        if folder != "Lib" and _has_objects(distribution.sysroot / Path(path).parent):
            return Linkage.STATIC
        if folder == "Lib" and (distribution.stdlib / rest).is_file():
            found = Linkage.BYTECODE
    return found


def _has_objects(folder: Path) -> bool:
    return any(path.suffix in (".o", ".a") for path in folder.glob("*"))

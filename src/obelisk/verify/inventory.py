"""Whether an executable says what it is made of: its manifest, and the components in that.

What is inside is told apart from the manifest: shared objects by the table of the linker, packages
by their metadata in the payload.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from typing import Any, Final

from packaging.utils import canonicalize_name

from obelisk.components.component import Component, Kind, components_of
from obelisk.errors import VerifyError
from obelisk.payload.payload import Control
from obelisk.payload.reader import Payload
from obelisk.verify.executable import Executable
from obelisk.verify.finding import Finding, judged
from obelisk.verify.promise import Promise

_WITH_COMPONENTS: Final = 2
"""The version from which manifests list components."""
_METADATA: Final = ".dist-info/METADATA"
_OWN: Final = frozenset({"obelisk", "merged by the linker"})
"""What of a runtime's parts nobody else wrote."""


def inventory_findings(payload: Payload, executable: Executable) -> list[Finding]:
    """Check the manifest and its list of components."""
    try:
        manifest = _manifest(payload)
    except VerifyError as error:
        return [Finding(promise=Promise.MANIFEST, sound=False, detail=str(error))]
    version = manifest["version"]
    fact = f"version {version}, by Obelisk {manifest.get('obelisk')}"
    findings = [Finding(promise=Promise.MANIFEST, sound=True, detail=fact)]
    if version < _WITH_COMPONENTS:
        detail = "not listed: built by an older Obelisk; rebuild to have them"
        note = Finding(promise=Promise.COMPONENTS, sound=True, detail=detail, is_note=True)
        return [*findings, note]
    try:
        components = components_of(manifest)
    except VerifyError as error:
        return [*findings, Finding(promise=Promise.COMPONENTS, sound=False, detail=str(error))]
    faults = [
        *_references(components),
        *_unlisted_libraries(manifest, components),
        *_unlisted_packages(payload, components),
        *_unlisted_objects(executable, components),
    ]
    return [*findings, judged(Promise.COMPONENTS, faults, f"{len(components)} listed")]


def _manifest(payload: Payload) -> dict[str, Any]:
    text = payload.control(Control.MANIFEST)
    if text is None:
        message = "the executable has no manifest"
        raise VerifyError(message)
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"the manifest is not JSON: {error}"
        raise VerifyError(message) from error
    version = manifest.get("version") if isinstance(manifest, dict) else None
    if not isinstance(version, int):
        message = "the manifest has no version"
        raise VerifyError(message)
    return dict(manifest)


def _references(components: list[Component]) -> Iterator[str]:
    """Yield components that cannot be told apart, or that lead nowhere."""
    known: set[str] = set()
    for one in components:
        if one.reference in known:
            yield f"two components are called `{one.reference}`"
        known.add(one.reference)
    for one in components:
        for reference in (*one.needs, *([one.part_of] if one.part_of else [])):
            if reference not in known:
                yield f"`{one.reference}` refers to `{reference}`, which is not listed"


def _unlisted_libraries(manifest: dict[str, Any], components: list[Component]) -> Iterator[str]:
    """Yield the libraries whose code the linker put into the runtime, by its map."""
    if not any(one.kind == Kind.INTERPRETER for one in components):
        yield "no component is the interpreter"
    known = {one.name for one in components}
    linked = manifest.get("runtime")
    for name in sorted(linked) if isinstance(linked, dict) else ():
        if name not in known | _OWN:
            yield f"the library `{name}` is linked in, but not listed"


def _unlisted_packages(payload: Payload, components: list[Component]) -> Iterator[str]:
    known = {canonicalize_name(one.name) for one in components if one.kind == Kind.PACKAGE}
    for record in payload.files:
        if record.name.endswith(_METADATA):
            folder = posixpath.basename(posixpath.dirname(record.name))
            name = folder.removesuffix(".dist-info").rpartition("-")[0]
            if canonicalize_name(name) not in known:
                yield f"the package `{name}` is installed, but not listed"


def _unlisted_objects(executable: Executable, components: list[Component]) -> Iterator[str]:
    known = {path for one in components for path in one.files}
    for name, _ in executable.objects:
        if name not in known:
            yield f"the shared object `{name}` is linked in, but of no component"

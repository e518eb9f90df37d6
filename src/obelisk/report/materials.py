"""What a bill of materials is made from: an executable's components, and facts for its head."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from obelisk.components.component import Component, Kind, components_of
from obelisk.payload.filetimes import EARLIEST
from obelisk.payload.payload import Kind as Stored
from obelisk.payload.reader import Record
from obelisk.report.contents import manifest_of
from obelisk.verify.verify import open_payload

_SECOND: Final = 10**9
_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://obelisk.invalid/sbom")
_APPLICATION: Final = "application"


@dataclass(frozen=True, kw_only=True, slots=True)
class Materials:
    """An executable and its components."""

    name: str
    reference: str
    target: str
    tool_version: str
    """Of the Obelisk that built it."""
    serial: uuid.UUID
    """Made from the content."""
    time: datetime
    components: tuple[Component, ...]
    """By their references."""
    needs: tuple[str, ...]
    """References of what the application itself needs."""


def read_materials(path: Path) -> Materials:
    """Read the components of an executable; raise `VerifyError` if it is damaged."""
    _, payload = open_payload(path)
    manifest = manifest_of(payload, path)
    components = tuple(sorted(components_of(manifest), key=lambda one: one.reference))
    text = json.dumps(manifest, sort_keys=True)
    digests = [f"{record.name}\0{record.check:x}\0" for record in payload.records]
    digest = hashlib.sha256("".join([text, *digests]).encode()).hexdigest()
    return Materials(
        name=str(manifest.get("name", path.name)),
        reference=_unused(_APPLICATION, components),
        target=str(manifest.get("target", "")),
        tool_version=str(manifest.get("obelisk", "")),
        serial=uuid.uuid5(_NAMESPACE, digest),
        time=_time(payload.files),
        components=components,
        needs=needed_by_application(components),
    )


def _unused(name: str, components: Iterable[Component]) -> str:
    taken = {one.reference for one in components}
    while name in taken:
        name += "-"
    return name


def needed_by_application(components: Iterable[Component]) -> tuple[str, ...]:
    """Return what nothing else needs: all others are needed by one of these."""
    components = tuple(components)
    needed = {need for one in components for need in one.needs}
    roots = [
        one.reference
        for one in components
        if one.reference not in needed or one.kind == Kind.INTERPRETER
    ]
    return tuple(sorted({*roots, *_of_rings(components, roots)}))


def _of_rings(components: Iterable[Component], roots: Iterable[str]) -> list[str]:
    """Return one of each ring of components that need one another, and that nothing else needs."""
    by_reference = {one.reference: one for one in components}
    reached: set[str] = set()
    found = []
    for start in (*roots, *by_reference):
        if start in reached:
            continue
        if start not in roots:
            found.append(start)
        waiting = [start]
        while waiting:
            reference = waiting.pop()
            if reference not in reached and reference in by_reference:
                reached.add(reference)
                waiting += by_reference[reference].needs
    return found


def _time(files: Iterable[Record]) -> datetime:
    """Return the `SOURCE_DATE_EPOCH` of the build: without one, files have times of their own."""
    seconds = {record.time // _SECOND for record in files if record.kind != Stored.FOLDER}
    return datetime.fromtimestamp(seconds.pop() if len(seconds) == 1 else EARLIEST, UTC)

"""The stage `link`: from runtime, shared objects and payload to the executable.

What the target's files are like decides which room does it; nothing else here knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from obelisk.link.elf.executable import link_elf, link_elf_objects
from obelisk.link.elf.shared_objects import Linked, SharedObjects
from obelisk.link.elf.unlinked import unlinked
from obelisk.link.image import Image, SnapshotPart
from obelisk.link.pe.executable import link_pe, link_pe_objects
from obelisk.link.pe.objects import LinkedDlls
from obelisk.model import SharedObjectFile
from obelisk.payload.payload import Packed
from obelisk.pe.appearance import PLAIN, Appearance
from obelisk.target import Target

Objects = Linked | LinkedDlls
"""Linked shared objects, of either format."""


def link_objects(runtime: bytes, natives: SharedObjects, target: Target) -> Objects | None:
    """Link shared objects to a runtime, for all executables of the two; None when there are none.

    Raises `LinkError` when `runtime` is no runtime, or an object cannot be linked in.
    """
    match target.object_format:
        case "elf":
            return link_elf_objects(runtime, natives, target)
        case "pe":
            return link_pe_objects(runtime, natives.files)
        case _:
            assert_never(target.object_format)


def link(
    runtime: bytes,
    payload: Packed,
    linked: Objects | None,
    target: Target,
    snapshot: SnapshotPart | None = None,
    appearance: Appearance = PLAIN,
) -> Image:
    """Return the executable; `appearance` is for Windows alone, the snapshot for Linux.

    Raises `LinkError` when `runtime` is no runtime.
    """
    match target.object_format:
        case "elf":
            objects = linked if isinstance(linked, Linked) else None
            return link_elf(runtime, payload, objects, target, snapshot)
        case "pe":
            dlls = linked if isinstance(linked, LinkedDlls) else None
            return link_pe(runtime, payload, appearance, dlls)
        case _:
            assert_never(target.object_format)


def unlinked_objects(
    files: Sequence[SharedObjectFile], target: Target
) -> list[tuple[SharedObjectFile, str]]:
    """Return the objects of packages that remain data, and why they cannot be linked in."""
    return unlinked(files, target) if target.object_format == "elf" else []

"""The stage `link`: from runtime, shared objects and payload to the executable.

What the target's files are like decides which room does it; nothing else here knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from obelisk.errors import LinkError
from obelisk.link.elf.executable import link_elf, link_elf_objects
from obelisk.link.elf.shared_objects import Linked, SharedObjects
from obelisk.link.elf.unlinked import unlinked
from obelisk.link.image import Image
from obelisk.link.pe.executable import link_pe
from obelisk.model import SharedObjectFile
from obelisk.payload.payload import Packed
from obelisk.pe.appearance import PLAIN, Appearance
from obelisk.target import Target


def link_objects(runtime: bytes, natives: SharedObjects, target: Target) -> Linked | None:
    """Link shared objects to a runtime, for all executables of the two; None when there are none.

    Raises `LinkError` when `runtime` is no runtime, or an object cannot be linked in.
    """
    match target.object_format:
        case "elf":
            return link_elf_objects(runtime, natives, target)
        case "pe":
            _refuse_natives(natives, target)
            return None
        case _:
            assert_never(target.object_format)


def link(
    runtime: bytes,
    payload: Packed,
    linked: Linked | None,
    target: Target,
    snapshot: Packed | None = None,
    appearance: Appearance = PLAIN,
) -> Image:
    """Return the executable; `appearance` is for Windows alone, the snapshot for Linux.

    Raises `LinkError` when `runtime` is no runtime.
    """
    match target.object_format:
        case "elf":
            return link_elf(runtime, payload, linked, target, snapshot)
        case "pe":
            return link_pe(runtime, payload, appearance)
        case _:
            assert_never(target.object_format)


def unlinked_objects(
    files: Sequence[SharedObjectFile], target: Target
) -> list[tuple[SharedObjectFile, str]]:
    """Return the objects of packages that remain data, and why they cannot be linked in."""
    return unlinked(files, target) if target.object_format == "elf" else []


def _refuse_natives(natives: SharedObjects, target: Target) -> None:
    """Raise `LinkError` for extension modules where they cannot be linked in yet."""
    if not natives.files:
        return
    names = sorted({one.package or one.path for one in natives.files})
    files = ", ".join(one.path for one in natives.files[:3])
    message = f"extension modules cannot be linked in for {target.triple}: {files}"
    pure = " ".join(f"`--pure {name}`" for name in names)
    raise LinkError(message, hint=f"include the packages without native code: {pure}")

"""Shared objects that stay files: they cannot be linked in, and nothing here loads them.

Packages bring objects for other processes and other machines: debugpy one that is put into a
process under glibc, others one for each processor. No import finds them, and no object needs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from obelisk.errors import LinkError
from obelisk.link.elf.dso import read_object
from obelisk.link.elf.machine import machine_of
from obelisk.link.elf.read import mapped
from obelisk.model import SharedObjectFile
from obelisk.target import Target


def unlinked(
    files: Sequence[SharedObjectFile], target: Target
) -> list[tuple[SharedObjectFile, str]]:
    """Return the objects of packages that remain data, and why they cannot be linked in."""
    machine = machine_of(target)
    found = []
    for file in files:
        if file.package is None or _is_module(file):
            continue
        try:
            read_object(file.path, file.package, memoryview(mapped(file)), machine)
        except LinkError as error:
            if not _is_needed(file, files):
                found.append((file, str(error)))
    return found


def _is_module(file: SharedObjectFile) -> bool:
    """Say whether it has the function that an import would call."""
    name = Path(file.path).name.split(".")[0]
    return mapped(file).find(f"PyInit_{name}\0".encode()) >= 0


def _is_needed(file: SharedObjectFile, files: Sequence[SharedObjectFile]) -> bool:
    """Say whether another object names it, as what it needs or opens."""
    name = f"\0{Path(file.path).name}\0".encode()
    return any(mapped(other).find(name) >= 0 for other in files if other is not file)

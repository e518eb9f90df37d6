"""How Windows starts and shows a program: its subsystem and its resources."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from obelisk.pe.headers import Subsystem
from obelisk.pe.manifest import manifest_resource
from obelisk.pe.resources import Resource


@dataclass(frozen=True, kw_only=True, slots=True)
class Appearance:
    """What of an executable is for Windows alone."""

    subsystem: Subsystem | None
    """None: the runtime's."""
    resources: tuple[Resource, ...] = field(repr=False)


PLAIN: Final = Appearance(subsystem=None, resources=(manifest_resource("asInvoker"),))
"""A program with nothing of its own to show."""

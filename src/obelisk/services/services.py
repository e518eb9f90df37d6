"""The services that every step of a build needs, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from obelisk.services.cache import Cache
from obelisk.services.console import Console
from obelisk.services.pins import Pins, shipped_pins
from obelisk.target import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """The cache, console and archives of a build, its target and its pins."""

    cache: Cache
    console: Console
    target: Target
    archives: Path | None
    """A folder of pinned archives to use instead of the network."""
    pins: Pins = field(default_factory=shipped_pins)
    """The sources that all is built from."""

"""What of an executable is older than the pins of this Obelisk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from obelisk.report.contents import manifest_of
from obelisk.report.versions import pinned_versions
from obelisk.services.pins import Pins
from obelisk.services.versions import sort_key
from obelisk.verify.verify import open_payload


class State(StrEnum):
    """How a version in an executable compares with the pin's."""

    CURRENT = "current"
    OUTDATED = "outdated"
    NEWER = "newer"
    """It is a pin of the user's own, or a newer Obelisk's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """A component of an executable beside the pin of its name."""

    name: str
    inside: str
    pinned: str
    own: bool
    """Whether it was built from a pin of the user's own."""

    @property
    def state(self) -> State:
        """How the first compares with the second."""
        inside, pinned = sort_key(self.inside), sort_key(self.pinned)
        if inside == pinned:
            return State.CURRENT
        return State.OUTDATED if inside < pinned else State.NEWER


def compare(path: Path, pins: Pins) -> list[Compared]:
    """Compare what the executable at `path` lists with pins; raise `VerifyError` if it is none."""
    _, payload = open_payload(path)
    manifest = manifest_of(payload, path)
    own = set(manifest.get("pins", ()))
    known = {pinned.name: pinned.version for pinned in pins}
    return [
        Compared(name=name, inside=version, pinned=known[name], own=name in own)
        for name, version in pinned_versions(manifest)
        if name in known
    ]

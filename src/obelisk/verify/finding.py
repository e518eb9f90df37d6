"""The results of `verify`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from obelisk.verify.promise import MEANINGS, Promise


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """The result of one check."""

    promise: Promise
    sound: bool
    detail: str
    """What was found: a fact, or the fault."""
    is_note: bool = False
    """Whether it is worth a look, though no promise is broken."""

    @property
    def what(self) -> str:
        """Its name, such as `payload`."""
        return MEANINGS[self.promise].name

    @property
    def state(self) -> str:
        """`ok`, `FAIL` or `note`."""
        return ("note" if self.is_note else "ok") if self.sound else "FAIL"

    def to_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "id": str(self.promise),
            "what": self.what,
            "state": self.state.lower(),
            "sound": self.sound,
            "detail": self.detail,
        }


def judged(promise: Promise, faults: list[str], fact: str) -> Finding:
    """Return a finding with all faults, or the fact if there are none."""
    return Finding(promise=promise, sound=not faults, detail=listed(faults, "; ") or fact)


def listed(names: list[str], separator: str = ", ", shown: int = 5) -> str:
    """Return the first of some names, and how many more there are."""
    more = len(names) - shown
    return separator.join(names[:shown]) + (f" and {more} more" if more > 0 else "")

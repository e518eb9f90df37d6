"""The results of `verify`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """The result of one check."""

    what: str
    """Its name, such as `payload`."""
    sound: bool
    detail: str
    """What was found: a fact, or the fault."""


def listed(names: list[str], shown: int = 5) -> str:
    """Return the first of some names, and how many more there are."""
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")

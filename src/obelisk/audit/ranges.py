"""Whether an advisory's ranges and lists contain a version, as the OSV schema evaluates them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cmp_to_key
from typing import Final

from obelisk.audit.advisory import Affected, Event, Range
from obelisk.audit.versions import Scheme, compare, parse, untagged

_FIRST: Final = (Event.INTRODUCED, "0")
"""Before all versions, as the schema has it."""
_UNLIMITED: Final = "*"


class Verdict(StrEnum):
    """What an advisory says of a version."""

    AFFECTED = "affected"
    UNAFFECTED = "unaffected"
    UNDECIDED = "undecided"
    """Its versions cannot be compared, or it has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """A verdict, and the first version after the judged one that is fixed."""

    verdict: Verdict
    fixed: str | None = None


def judge(
    affected: Affected, version: str, scheme: Scheme, names: frozenset[str] = frozenset()
) -> Judgement:
    """Say whether a version of the package is affected; `names` may stand before it in tags."""
    listed = _is_listed(version, affected.versions, scheme, names)
    verdicts = [_in_range(version, one, scheme) for one in affected.ranges]
    if listed or Verdict.AFFECTED in verdicts:
        pairs = zip(affected.ranges, verdicts, strict=True)
        holding = [one for one, verdict in pairs if verdict is Verdict.AFFECTED]
        fixed = _first_fixed(version, holding or affected.ranges, scheme)
        return Judgement(verdict=Verdict.AFFECTED, fixed=fixed)
    decided = affected.versions or any(one.events for one in affected.ranges)
    if Verdict.UNDECIDED in verdicts or not decided:
        return Judgement(verdict=Verdict.UNDECIDED)
    return Judgement(verdict=Verdict.UNAFFECTED)


def _is_listed(
    version: str, versions: frozenset[str], scheme: Scheme, names: frozenset[str]
) -> bool:
    if version in versions:
        return True
    for text in versions:
        listed = untagged(text, names) if scheme is Scheme.GENERIC else text
        try:
            if compare(scheme, version, listed) == 0:
                return True
        except ValueError:
            continue  # a tag of something else
    return False


def _in_range(version: str, timeline: Range, scheme: Scheme) -> Verdict:
    """Walk through the events in the order of their versions."""
    try:
        return _walk(version, timeline, scheme)
    except ValueError:
        return Verdict.UNDECIDED


def _walk(version: str, timeline: Range, scheme: Scheme) -> Verdict:
    limits = [bound for kind, bound in timeline.events if kind is Event.LIMIT]
    if limits and not any(one == _UNLIMITED or compare(scheme, version, one) < 0 for one in limits):
        return Verdict.UNAFFECTED
    affected = False
    for kind, bound in _in_order(timeline, scheme):
        first = (kind, bound) == _FIRST
        position = 1 if first else compare(scheme, version, bound)
        match kind:
            case Event.INTRODUCED if position >= 0:
                affected = True
            case Event.FIXED if position >= 0:
                affected = False
            case Event.LAST_AFFECTED if position > 0:
                affected = False
            case _:
                pass
    return Verdict.AFFECTED if affected else Verdict.UNAFFECTED


def _in_order(timeline: Range, scheme: Scheme) -> list[tuple[Event, str]]:
    """Sort events; those of one version stay as they were written.

    `introduced` 1.0 and `last_affected` 1.0, in this order, are that version alone.
    """

    def order(one: tuple[Event, str], two: tuple[Event, str]) -> int:
        if _FIRST in (one, two):
            return int(two == _FIRST) - int(one == _FIRST)
        left, right = parse(scheme, one[1]), parse(scheme, two[1])
        return int(left > right) - int(left < right)

    events = [event for event in timeline.events if event[0] is not Event.LIMIT]
    return sorted(events, key=cmp_to_key(order))


def _first_fixed(version: str, ranges: Iterable[Range], scheme: Scheme) -> str | None:
    """Return the smallest version that is fixed and after `version`."""
    found: str | None = None
    for timeline in ranges:
        for kind, bound in timeline.events:
            try:
                later = kind is Event.FIXED and compare(scheme, version, bound) < 0
                if later and (found is None or parse(scheme, bound) < parse(scheme, found)):
                    found = bound
            except ValueError:
                continue
    return found

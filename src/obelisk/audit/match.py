"""Matching components with advisories: one finding for each hole of each component."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from obelisk.audit.advisory import Advisory
from obelisk.audit.database import Database
from obelisk.audit.names import Identity, identify, keys_of
from obelisk.audit.ranges import Judgement, Verdict, judge
from obelisk.audit.severity import Severity, severity_of
from obelisk.audit.versions import parse
from obelisk.components.component import Component

_PREFERRED: Final = ("CVE-", "GHSA-", "PYSEC-", "RUSTSEC-", "OSV-")
"""By which of its names people know a hole, the best first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hole:
    """A vulnerability of a version, as all advisories about it have it."""

    id: str
    aliases: tuple[str, ...]
    """Its other names, sorted."""
    summary: str
    severity: Severity
    fixed: str | None
    """The first version after the one that has it."""
    url: str | None

    @property
    def names(self) -> frozenset[str]:
        """All its names."""
        return frozenset({self.id, *self.aliases})


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """What advisories say of one component."""

    holes: tuple[Hole, ...] = ()
    """The worst first."""
    patched: tuple[str, ...] = ()
    """IDs of holes that patches of the component close, by the patches' names."""
    undecided: tuple[str, ...] = ()
    """IDs of advisories whose versions cannot be compared with the component's."""
    unknown: bool = False
    """Whether its version is not known."""
    distribution: bool = False
    """Whether it is a distribution's build, which may have fixes of its own."""


class Matcher:
    """Matches components with databases; equal ones are looked at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[tuple[object, ...], Match] = {}

    def match(self, component: Component) -> Match:
        """Return what the database says of a component."""
        names = (component.kind, component.name, component.purl, component.cpe)
        key = (*names, component.version, component.patches)
        if key not in self._known:
            self._known[key] = _match(component, identify(component), self._database)
        return self._known[key]


def wanted_keys(components: Iterable[Component]) -> frozenset[str]:
    """Return the names of advisories that can be about any of the components."""
    return frozenset(key for component in components for key in identify(component).keys)


def _match(component: Component, identity: Identity, database: Database) -> Match:
    advisories = database.about(identity.keys)
    if identity.version is None:
        return Match(unknown=True)
    judged = {one.id: (one, _judge(one, identity, identity.version)) for one in advisories}
    groups = _by_alias(one for one, _ in judged.values())
    holes: list[Hole] = []
    patched: list[Hole] = []
    undecided: list[str] = []
    for group in groups:
        verdicts = {judged[one.id][1].verdict for one in group}
        if Verdict.AFFECTED in verdicts:
            hole = _hole([judged[one.id] for one in group], identity)
            closed = any(name in patch for name in hole.names for patch in component.patches)
            (patched if closed else holes).append(hole)
        elif Verdict.UNDECIDED in verdicts and Verdict.UNAFFECTED not in verdicts:
            undecided.append(_best(one.id for one in group))
    return Match(
        holes=tuple(sorted(holes, key=lambda hole: (-hole.severity.rank, hole.id))),
        patched=tuple(sorted(hole.id for hole in patched)),
        undecided=tuple(sorted(undecided)),
        distribution=identity.distribution,
    )


def _judge(advisory: Advisory, identity: Identity, version: str) -> Judgement:
    """Return the worst that an advisory says, which may name a package more than once."""
    found = [
        judge(affected, version, identity.scheme, identity.names)
        for affected in advisory.affected
        if not identity.keys.isdisjoint(keys_of(affected))
    ]
    order = (Verdict.AFFECTED, Verdict.UNDECIDED, Verdict.UNAFFECTED)
    return min(found, key=lambda one: order.index(one.verdict))


def _by_alias(advisories: Iterable[Advisory]) -> list[list[Advisory]]:
    """Group advisories that name one another, or the same third one."""
    groups: list[tuple[set[str], list[Advisory]]] = []
    for advisory in advisories:
        names, members = {advisory.id, *advisory.aliases}, [advisory]
        apart = []
        for other in groups:
            if names.isdisjoint(other[0]):
                apart.append(other)
            else:
                names |= other[0]
                members = [*other[1], *members]
        groups = [*apart, (names, members)]
    return [members for _, members in groups]


def _hole(judged: list[tuple[Advisory, Judgement]], identity: Identity) -> Hole:
    """Return the hole of a group: by those advisories that say the version has it."""
    affecting = [pair for pair in judged if pair[1].verdict is Verdict.AFFECTED]
    advisories = [one for one, _ in affecting]
    names = {name for one, _ in judged for name in (one.id, *one.aliases)}
    best = _best(names)
    vectors = [
        vector for one in advisories for vector in (*one.vectors, *_vectors_for(one, identity))
    ]
    word = next((one.word for one in advisories if one.word), None)
    return Hole(
        id=best,
        aliases=tuple(sorted(names - {best})),
        summary=next((one.summary for one in advisories if one.summary), ""),
        severity=severity_of(vectors, word),
        fixed=_last(identity, [one.fixed for _, one in affecting]),
        url=next((one.url for one in advisories if one.url), None),
    )


def _vectors_for(advisory: Advisory, identity: Identity) -> Iterable[str]:
    for affected in advisory.affected:
        if not identity.keys.isdisjoint(keys_of(affected)):
            yield from affected.vectors


def _last(identity: Identity, versions: list[str | None]) -> str | None:
    """Return the largest of versions: where databases differ, only that one is safe."""
    found = [version for version in versions if version is not None]
    return max(found, key=lambda version: parse(identity.scheme, version), default=None)


def _best(names: Iterable[str]) -> str:
    def rank(name: str) -> tuple[int, str]:
        places = enumerate(_PREFERRED)
        place = next((number for number, prefix in places if name.startswith(prefix)), 99)
        return place, name

    return min(names, key=rank)

"""An audit: executables and lockfiles against databases of advisories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from obelisk.audit.advice import Advice, Adviser
from obelisk.audit.database import Database
from obelisk.audit.executable import read_components, read_fleet
from obelisk.audit.lock import is_lock, read_lock
from obelisk.audit.match import Hole, Matcher
from obelisk.components.component import Component
from obelisk.config.audit import Ignore
from obelisk.errors import ConfigError


@dataclass(frozen=True, kw_only=True, slots=True)
class Subjects:
    """What is audited."""

    components: tuple[tuple[str, tuple[Component, ...]], ...]
    """(path, components) of each executable or lockfile."""
    unreadable: tuple[tuple[str, str], ...] = ()
    """What in directories could not be read, and why."""
    others: int = 0
    """Files in directories that are no executables of Obelisk."""

    def all(self) -> Iterator[Component]:
        """Yield the components of all of them."""
        for _, components in self.components:
            yield from components


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A vulnerability of a component, in one executable or lockfile."""

    subject: str
    component: Component
    owners: tuple[Component, ...]
    """What bundles it, what bundles that, and so on."""
    hole: Hole
    advice: Advice
    distribution: bool
    """Whether the component is a distribution's build, which may have fixes of its own."""
    ignored: Ignore | None = None
    """The statement that silences it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unchecked:
    """A component that could not be compared with advisories."""

    subject: str
    component: Component
    advisories: tuple[str, ...] = ()
    """Those that were not comparable; empty if its version is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What an audit found."""

    subjects: Subjects
    findings: tuple[Finding, ...]
    silenced: tuple[Finding, ...]
    expired: tuple[Ignore, ...]
    """Statements that would have silenced something, but are out of date."""
    unused: tuple[Ignore, ...]
    """Statements about nothing that was found."""
    unchecked: tuple[Unchecked, ...]
    patched: tuple[tuple[str, Component, str], ...]
    """(subject, component, ID) of vulnerabilities that patches of Obelisk's close."""


def read_subjects(paths: Iterable[Path]) -> Subjects:
    """Read executables, lockfiles, and all executables in directories.

    Raises `VerifyError` and `ConfigError` for what is neither.
    """
    found: dict[str, tuple[Component, ...]] = {}
    unreadable: list[tuple[str, str]] = []
    others = 0
    for path in paths:
        if path.is_dir():
            fleet = read_fleet(path)
            if not fleet.executables and not fleet.unreadable:
                message = f"no Obelisk executables in {path} ({fleet.others} other files)"
                raise ConfigError(message, hint="name a lockfile itself, not its directory")
            found |= {str(one): components for one, components in fleet.executables}
            unreadable += [(str(one), reason) for one, reason in fleet.unreadable]
            others += fleet.others
        elif is_lock(path):
            found[str(path)] = tuple(read_lock(path))
        else:
            found[str(path)] = tuple(read_components(path))
    return Subjects(
        components=tuple(sorted(found.items())),
        unreadable=tuple(sorted(unreadable)),
        others=others,
    )


def audit(
    subjects: Subjects, database: Database, ignores: tuple[Ignore, ...], today: date
) -> Report:
    """Match all components with the database, and decide what counts today."""
    matcher = Matcher(database)
    adviser = Adviser(matcher)
    found: list[Finding] = []
    unchecked: list[Unchecked] = []
    patched: list[tuple[str, Component, str]] = []
    for subject, components in subjects.components:
        known = {component.reference: component for component in components}
        for component in components:
            match = matcher.match(component)
            if match.unknown or match.undecided:
                one = Unchecked(subject=subject, component=component, advisories=match.undecided)
                unchecked.append(one)
            patched += [(subject, component, name) for name in match.patched]
            owners = tuple(_owners(component, known)) if match.holes else ()
            found += [
                Finding(
                    subject=subject,
                    component=component,
                    owners=owners,
                    hole=hole,
                    advice=adviser.advise(component, hole, owners),
                    distribution=match.distribution,
                )
                for hole in match.holes
            ]
    return _silence(subjects, found, ignores, today, (unchecked, patched))


def _owners(component: Component, known: Mapping[str, Component]) -> Iterator[Component]:
    """Yield what bundles a component, up to the top; a circle ends where it began."""
    seen = {component.reference}
    while component.part_of is not None and component.part_of not in seen:
        owner = known.get(component.part_of)
        if owner is None:
            return
        yield owner
        seen.add(owner.reference)
        component = owner


def _silence(
    subjects: Subjects,
    found: list[Finding],
    ignores: tuple[Ignore, ...],
    today: date,
    rest: tuple[list[Unchecked], list[tuple[str, Component, str]]],
) -> Report:
    counted: list[Finding] = []
    silenced: list[Finding] = []
    expired: dict[Ignore, None] = {}
    used: set[Ignore] = set()
    for finding in sorted(found, key=_order):
        about = [one for one in ignores if one.is_about(finding.hole.names, _name(finding))]
        used.update(about)
        valid = [one for one in about if not one.is_expired(today)]
        if valid:
            silenced.append(replace(finding, ignored=valid[0]))
        else:
            counted.append(finding)
            expired.update(dict.fromkeys(about))
    return Report(
        subjects=subjects,
        findings=tuple(counted),
        silenced=tuple(silenced),
        expired=tuple(expired),
        unused=tuple(one for one in ignores if one not in used),
        unchecked=tuple(rest[0]),
        patched=tuple(rest[1]),
    )


def _name(finding: Finding) -> str:
    return finding.component.name


def _order(finding: Finding) -> tuple[float, str, str, str]:
    """Sort the worst first, and equals by name: the same report every time."""
    component = finding.component
    return (-finding.hole.severity.rank, finding.hole.id, component.reference, finding.subject)

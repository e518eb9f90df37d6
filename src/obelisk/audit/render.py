"""A report as text for people, and as values for `--json`."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from rich.console import Console as RichConsole
from rich.table import Table
from rich.text import Text

from obelisk.audit.audit import Finding, Report
from obelisk.components.component import Component
from obelisk.config.audit import Ignore
from obelisk.services.console import visible

_SHOWN: Final = 3
"""Executables that a row of the table names."""
_COLUMNS: Final = ("component", "vulnerability", "severity", "fixed in", "what to do")


def to_json(report: Report) -> dict[str, Any]:
    """Return all of a report as values for JSON."""
    return {
        "subjects": [
            {"path": path, "components": len(components)}
            for path, components in report.subjects.components
        ],
        "findings": [_finding(one) for one in report.findings],
        "ignored": [
            {**_finding(one), **({"ignored": _ignore(one.ignored)} if one.ignored else {})}
            for one in report.silenced
        ],
        "expired": [_ignore(one) for one in report.expired],
        "unused": [_ignore(one) for one in report.unused],
        "patched": [
            {"path": path, "component": _component(component), "id": name}
            for path, component, name in report.patched
        ],
        "unchecked": [
            {
                "path": one.subject,
                "component": _component(one.component),
                "advisories": list(one.advisories),
            }
            for one in report.unchecked
        ],
        "unreadable": [
            {"path": path, "reason": reason} for path, reason in report.subjects.unreadable
        ],
        "skipped": report.subjects.others,
    }


def table(findings: Iterable[Finding], subjects: int, width: int) -> str:
    """Return the findings as a table; equal ones of several executables share a row."""
    rows = list(_grouped(findings))
    columns = [*_COLUMNS, *(["in"] if subjects > 1 else [])]
    drawn = Table(*columns, box=None, pad_edge=False, header_style="")
    for finding, paths in rows:
        cells = _cells(finding) + ([_paths(paths)] if subjects > 1 else [])
        drawn.add_row(*(Text(visible(cell)) for cell in cells))
    output = io.StringIO()
    # A table of its own console: it is data, and so must have no colors or links.
    RichConsole(file=output, width=width, color_system=None, highlight=False).print(drawn)
    return "\n".join(line.rstrip() for line in output.getvalue().splitlines())


def remarks(report: Report) -> Iterator[str]:
    """Yield what must not be missed besides the findings, a line each."""
    for path, reason in report.subjects.unreadable:
        yield f"cannot audit {path}: {reason}"
    for ignore in report.expired:
        yield f"`{ignore.id}` counts again: its `ignore` expired on {ignore.until}"
    unknown = sorted({one.component.name for one in report.unchecked if not one.advisories})
    if unknown:
        yield f"not audited, because their versions are not known: {', '.join(unknown)}"
    pairs = {(named(one.component), one.advisories) for one in report.unchecked if one.advisories}
    for component, advisories in sorted(pairs):
        yield f"cannot compare {component} with the versions of {', '.join(advisories)}"


def notes(report: Report) -> Iterator[str]:
    """Yield what else was seen, a line each."""
    for finding, paths in _grouped(report.silenced):
        ignore = finding.ignored
        if ignore is not None:
            text = f"{finding.hole.id} of {named(finding.component)} is ignored until"
            yield f"{text} {ignore.until}: {ignore.reason}{_count(paths)}"
    for _, component, name in sorted(report.patched, key=lambda row: (row[2], row[0])):
        yield f"{name} of {named(component)} is fixed by a patch of Obelisk's"
    for ignore in report.unused:
        yield f"`ignore` of {ignore.id} is about nothing that was found"


def named(component: Component) -> str:
    """Return a component's name and version."""
    return f"{component.name} {component.version or '(unknown version)'}"


def _grouped(findings: Iterable[Finding]) -> Iterator[tuple[Finding, list[str]]]:
    """Yield findings that look the same once, with the paths of all."""
    groups: dict[tuple[str, ...], tuple[Finding, list[str]]] = {}
    for finding in findings:
        key = (*_cells(finding), finding.hole.id)
        groups.setdefault(key, (finding, []))[1].append(finding.subject)
    yield from groups.values()


def _cells(finding: Finding) -> list[str]:
    component = named(finding.component)
    if finding.owners:
        component += f" (in {', in '.join(named(owner) for owner in finding.owners)})"
    advice = finding.advice.text
    if finding.distribution:
        advice += " (a distribution's build, which may have the fix under another version)"
    hole = finding.hole
    identifiers = " ".join((hole.id, *(f"({alias})" for alias in hole.aliases)))
    return [component, identifiers, str(hole.severity), hole.fixed or "-", advice]


def _paths(paths: list[str]) -> str:
    names = [Path(path).name for path in paths[:_SHOWN]]
    more = len(paths) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _count(paths: list[str]) -> str:
    return f" ({len(paths)} files)" if len(paths) > 1 else ""


def _finding(finding: Finding) -> dict[str, Any]:
    hole = finding.hole
    return {
        "path": finding.subject,
        "component": _component(finding.component),
        "part_of": [_component(owner) for owner in finding.owners],
        "id": hole.id,
        "aliases": list(hole.aliases),
        "summary": hole.summary,
        "severity": {
            "word": hole.severity.word,
            "score": hole.severity.score,
            "vector": hole.severity.vector,
        },
        "fixed": hole.fixed,
        "url": hole.url,
        "distribution": finding.distribution,
        "action": finding.advice.action.value,
        "advice": finding.advice.text,
    }


def _component(component: Component) -> dict[str, Any]:
    return {
        "name": component.name,
        "version": component.version,
        "kind": component.kind.value,
        "purl": component.purl,
        "reference": component.reference,
    }


def _ignore(ignore: Ignore) -> dict[str, Any]:
    return {
        "id": ignore.id,
        "reason": ignore.reason,
        "until": ignore.until.isoformat(),
        "component": ignore.component,
    }

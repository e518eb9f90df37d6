"""A report in SARIF 2.1.0, which code scanning services read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from obelisk import __version__
from obelisk.audit.audit import Finding, Report
from obelisk.audit.render import named

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {"critical": "error", "high": "error", "low": "note", "none": "note"}
"""Of severities; all others are warnings."""


def to_sarif(report: Report, folder: Path) -> dict[str, Any]:
    """Return a report as a SARIF log; paths below `folder` are relative to it."""
    findings = (*report.findings, *report.silenced)
    rules = {finding.hole.id: _rule(finding) for finding in findings}
    order = {name: number for number, name in enumerate(sorted(rules))}
    driver = {"name": "obelisk", "version": __version__, "rules": [rules[name] for name in order]}
    results = [_result(finding, order[finding.hole.id], folder) for finding in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(finding: Finding) -> dict[str, Any]:
    hole = finding.hole
    rule: dict[str, Any] = {
        "id": hole.id,
        "shortDescription": {"text": hole.summary or hole.id},
        "properties": {"tags": ["security", *hole.aliases]},
    }
    if hole.severity.rank >= 0:
        rule["properties"]["security-severity"] = f"{hole.severity.rank:.1f}"
    if hole.url:
        rule["helpUri"] = hole.url
    return rule


def _result(finding: Finding, number: int, folder: Path) -> dict[str, Any]:
    component, hole = finding.component, finding.hole
    owners = "".join(f", in {named(owner)}" for owner in finding.owners)
    text = f"{named(component)}{owners} has {hole.id}; {finding.advice.text}"
    result: dict[str, Any] = {
        "ruleId": hole.id,
        "ruleIndex": number,
        "level": _LEVELS.get(hole.severity.word or "", "warning"),
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": _location(finding, folder)}}],
        "partialFingerprints": {"obelisk/v1": _fingerprint(finding)},
    }
    if finding.ignored is not None:
        reason = f"{finding.ignored.reason} (until {finding.ignored.until})"
        result["suppressions"] = [{"kind": "external", "justification": reason}]
    return result


def _location(finding: Finding, folder: Path) -> dict[str, Any]:
    path = Path(finding.subject).absolute()
    below = path.is_relative_to(folder)
    return {"uri": quote(str(path.relative_to(folder))) if below else path.as_uri()}


def _fingerprint(finding: Finding) -> str:
    """Return what stays the same while a component of a file has a hole, in any version."""
    component = finding.component
    owners = [owner.name for owner in finding.owners]
    parts = (finding.hole.id, component.kind.value, component.name, *owners)
    text = "\0".join((Path(finding.subject).name, *parts))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()

"""Components that a wheel declares: the documents in its `*.dist-info/sboms/` (PEP 770).

They are JSON of CycloneDX or SPDX 2, written by many tools, and outside data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

_INCLUDED: Final = ("library", "framework", "application")
"""Types of components of CycloneDX that are code in the wheel."""
_NONE: Final = ("", "NOASSERTION", "NONE")
_APK: Final = re.compile(
    r"pkg:apk/alpine/(?P<name>[^@?#]+)@(?P<more>[a-z_+]+(?:-[a-z_+]+)*)-(?P<version>\d[^?#]*)"
)
"""auditwheel splits the name of an Alpine package at its first dash."""
_DEEPEST: Final = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """A component of such a document."""

    reference: str
    """By which the document names it."""
    name: str
    version: str | None
    purl: str | None
    cpe: str | None
    license: str | None
    sha256: str | None
    origin: str | None
    needs: tuple[str, ...]
    """References of what it depends on."""
    is_root: bool = False
    """Whether it is what the document is about."""
    is_optional: bool = False
    """Whether it need not be in the wheel."""

    @property
    def kind(self) -> str:
        """The type of its package URL, such as `cargo`; empty if it has none."""
        return self.purl.removeprefix("pkg:").partition("/")[0] if self.purl else ""


def read_declared(data: bytes) -> list[Declared]:
    """Return the components of a document; raise `ValueError` if it is not understood."""
    try:
        document = json.loads(data)
        if not isinstance(document, dict):
            message = "not a JSON object"
            raise ValueError(message)  # noqa: TRY004 - all that is wrong is told alike
        if document.get("bomFormat") == "CycloneDX":
            return list(_cyclonedx(document))
        if str(document.get("spdxVersion", "")).startswith("SPDX-2"):
            return list(_spdx(document))
    except (AttributeError, KeyError, RecursionError, TypeError, UnicodeDecodeError) as error:
        message = f"{type(error).__name__}: {error}"
        raise ValueError(message) from error
    message = "neither CycloneDX nor SPDX 2"
    raise ValueError(message)


def without_credentials(address: str) -> str:
    """Return an address without a user's name and password."""
    return re.sub(r"(?<=://)[^/@\s]*@", "", address)


def _cyclonedx(document: dict[str, Any]) -> Iterator[Declared]:
    needs = {
        str(row["ref"]): tuple(map(str, row.get("dependsOn") or ()))
        for row in document.get("dependencies") or ()
    }
    root = (document.get("metadata") or {}).get("component")
    if root:
        yield _of_cyclonedx(root, needs, is_root=True)
    waiting = [(row, 0) for row in reversed(document.get("components") or ())]
    while waiting:
        row, depth = waiting.pop()
        if row.get("scope") == "excluded" or depth > _DEEPEST:
            continue
        if row.get("type") in _INCLUDED:
            yield _of_cyclonedx(row, needs)
        waiting += [(inner, depth + 1) for inner in reversed(row.get("components") or ())]


def _of_cyclonedx(
    row: dict[str, Any], needs: dict[str, tuple[str, ...]], *, is_root: bool = False
) -> Declared:
    hashes = {one.get("alg"): one.get("content") for one in row.get("hashes") or ()}
    origins = [
        one.get("url")
        for one in row.get("externalReferences") or ()
        if one.get("type") == "distribution"
    ]
    group, name = row.get("group"), _text(row["name"])
    reference = _text(row.get("bom-ref")) or _text(row.get("purl")) or name or ""
    found = Declared(
        reference=reference,
        name=f"{group}/{name}" if group else name or "",
        version=_text(row.get("version")),
        purl=_text(row.get("purl")),
        cpe=_text(row.get("cpe")),
        license=_license_of_cyclonedx(row.get("licenses") or ()),
        sha256=_text(hashes.get("SHA-256")),
        origin=_origin(next(iter(origins), None)),
        needs=needs.get(reference, ()),
        is_root=is_root,
        is_optional=row.get("scope") == "optional",
    )
    return _corrected(found)


def _license_of_cyclonedx(rows: Iterable[dict[str, Any]]) -> str | None:
    """Return an expression; names that are no identifiers of SPDX tell nothing."""
    found = []
    for row in rows:
        if row.get("expression"):
            found.append(str(row["expression"]))
        elif row.get("license", {}).get("id"):
            found.append(str(row["license"]["id"]))
    return _joined(found)


def _joined(expressions: list[str]) -> str | None:
    if len(expressions) < 2:
        return next(iter(expressions), None)
    return " AND ".join(f"({one})" if " " in one else one for one in expressions)


def _spdx(document: dict[str, Any]) -> Iterator[Declared]:
    described = {str(one) for one in document.get("documentDescribes") or ()}
    needs: dict[str, list[str]] = {}
    for row in document.get("relationships") or ():
        one, other = str(row["spdxElementId"]), str(row["relatedSpdxElement"])
        if row["relationshipType"] == "DESCRIBES":
            described.add(other)
        elif row["relationshipType"] in ("DEPENDS_ON", "STATIC_LINK", "DYNAMIC_LINK"):
            needs.setdefault(one, []).append(other)
        elif row["relationshipType"] == "DEPENDENCY_OF":
            needs.setdefault(other, []).append(one)
    for row in document.get("packages") or ():
        yield _of_spdx(row, described, needs)


def _of_spdx(row: dict[str, Any], described: set[str], needs: dict[str, list[str]]) -> Declared:
    reference = str(row["SPDXID"])
    hashes = {one["algorithm"]: one["checksumValue"] for one in row.get("checksums") or ()}
    named = {one["referenceType"]: one["referenceLocator"] for one in row.get("externalRefs") or ()}
    licensed = (_text(row.get(name)) for name in ("licenseConcluded", "licenseDeclared"))
    found = Declared(
        reference=reference,
        name=str(row["name"]),
        version=_text(row.get("versionInfo")),
        purl=_text(named.get("purl")),
        cpe=_text(named.get("cpe23Type")),
        license=next(filter(None, licensed), None),
        sha256=_text(hashes.get("SHA256")),
        origin=_origin(row.get("downloadLocation")),
        needs=tuple(needs.get(reference, ())),
        is_root=reference in described,
    )
    return _corrected(found)


def _text(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        message = f"{value!r:.40} is no text"
        raise TypeError(message)
    return None if value is None or value in _NONE else value


def _origin(value: object) -> str | None:
    address = _text(value)
    return without_credentials(address) if address else None


def _corrected(found: Declared) -> Declared:
    """Return a component with the name and version that auditwheel took apart put right."""
    match = _APK.match(found.purl or "")
    if match is None or found.version != f"{match['more']}-{match['version']}":
        return found
    name = f"{match['name']}-{match['more']}"
    purl = f"pkg:apk/alpine/{name}@{match['version']}"
    return replace(found, name=name, version=match["version"], purl=purl)

"""A bill of materials in SPDX 2.3's JSON, by SPDX's own library."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Final

from license_expression import LicenseExpression, get_spdx_licensing
from spdx_tools.spdx.jsonschema.document_converter import DocumentConverter
from spdx_tools.spdx.model import (
    Actor,
    ActorType,
    Checksum,
    ChecksumAlgorithm,
    CreationInfo,
    Document,
    ExternalPackageRef,
    ExternalPackageRefCategory,
    ExtractedLicensingInfo,
    Package,
    PackagePurpose,
    Relationship,
    RelationshipType,
    SpdxNoAssertion,
)
from spdx_tools.spdx.validation.uri_validators import validate_download_location

from obelisk.components.component import Component, Kind
from obelisk.report.expressions import own_references
from obelisk.report.materials import Materials

_DOCUMENT: Final = "SPDXRef-DOCUMENT"
_PURPOSES: Final = {
    Kind.INTERPRETER: PackagePurpose.FRAMEWORK,
    Kind.LIBRARY: PackagePurpose.LIBRARY,
    Kind.PACKAGE: PackagePurpose.LIBRARY,
    Kind.CRATE: PackagePurpose.LIBRARY,
    Kind.FILE: PackagePurpose.FILE,
}
_CATEGORY: Final = ExternalPackageRefCategory


def spdx_text(materials: Materials) -> str:
    """Return the document."""
    head = CreationInfo(
        spdx_version="SPDX-2.3",
        spdx_id=_DOCUMENT,
        name=materials.name,
        data_license="CC0-1.0",
        document_namespace=f"https://spdx.org/spdxdocs/obelisk-{materials.serial}",
        creators=[Actor(ActorType.TOOL, f"obelisk-{materials.tool_version}")],
        created=materials.time.replace(tzinfo=None),
    )
    document = Document(
        creation_info=head,
        packages=[_root(materials), *map(_package, materials.components)],
        relationships=list(_relationships(materials)),
        extracted_licensing_info=list(_extracted(materials)),
    )
    return json.dumps(DocumentConverter().convert(document), indent=1, sort_keys=True) + "\n"


def _root(materials: Materials) -> Package:
    return Package(
        spdx_id=_id(materials.reference),
        name=materials.name,
        download_location=SpdxNoAssertion(),
        files_analyzed=False,
        primary_package_purpose=PackagePurpose.APPLICATION,
        comment=f"one statically linked executable for {materials.target}",
    )


def _package(one: Component) -> Package:
    licensed = _license(one.license)
    checksums = [Checksum(ChecksumAlgorithm.SHA256, one.sha256)] if one.sha256 else []
    return Package(
        spdx_id=_id(one.reference),
        name=one.name,
        version=one.version,
        download_location=_address(one.origin) or SpdxNoAssertion(),
        files_analyzed=False,
        checksums=checksums,
        license_declared=licensed,
        license_concluded=SpdxNoAssertion(),
        external_references=list(_references(one)),
        primary_package_purpose=_PURPOSES[one.kind],
        comment=_comment(one),
    )


def _address(origin: str | None) -> str | None:
    """Return an origin if it is of the kinds that SPDX has."""
    return origin if origin and not validate_download_location(origin) else None


def _license(text: str | None) -> LicenseExpression | SpdxNoAssertion:
    if text is None or own_references(text) is None:
        return SpdxNoAssertion()
    return get_spdx_licensing().parse(text)


def _references(one: Component) -> Iterator[ExternalPackageRef]:
    if one.purl:
        yield ExternalPackageRef(_CATEGORY.PACKAGE_MANAGER, "purl", one.purl)
    if one.cpe:
        yield ExternalPackageRef(_CATEGORY.SECURITY, "cpe23Type", one.cpe)


def _comment(one: Component) -> str:
    """Say what the format has no field for."""
    lines = [f"kind: {one.kind}", f"told by: {one.told_by}"]
    if one.linkage is not None:
        lines.append(f"linkage: {one.linkage}")
    if one.license is not None and own_references(one.license) is None:
        lines.append(f"license: {one.license}")
    if one.origin is not None and _address(one.origin) is None:
        lines.append(f"origin: {one.origin}")
    lines += [f"patch: {name}" for name in one.patches]
    lines += [f"file: {path}" for path in one.files]
    lines += [f"license text: {path}" for path in one.license_texts]
    return "\n".join(lines)


def _relationships(materials: Materials) -> Iterator[Relationship]:
    root = _id(materials.reference)
    yield Relationship(_DOCUMENT, RelationshipType.DESCRIBES, root)
    for need in materials.needs:
        yield Relationship(root, RelationshipType.DEPENDS_ON, _id(need))
    for one in materials.components:
        whole = root if one.part_of is None else _id(one.part_of)
        yield Relationship(whole, RelationshipType.CONTAINS, _id(one.reference))
        for need in one.needs:
            yield Relationship(_id(one.reference), RelationshipType.DEPENDS_ON, _id(need))


def _extracted(materials: Materials) -> Iterator[ExtractedLicensingInfo]:
    """Describe the licenses that SPDX has no identifier for; their texts are in the executable."""
    texts: dict[str, list[str]] = {}
    for one in materials.components:
        for name in own_references(one.license or "MIT") or ():
            texts.setdefault(name, []).extend(one.license_texts)
    for name, paths in sorted(texts.items()):
        places = ", ".join(sorted(set(paths))) or "the component's own files"
        yield ExtractedLicensingInfo(
            license_id=name, extracted_text=f"See {places} in the executable."
        )


def _id(reference: str) -> str:
    """Return an identifier for a reference: readable, and another for each."""
    shown = re.sub(r"[^A-Za-z0-9.]+", "-", reference).strip("-")[:60]
    return f"SPDXRef-{shown}-{hashlib.sha256(reference.encode()).hexdigest()[:8]}"

"""A bill of materials in CycloneDX's JSON, by its own library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.bom_ref import BomRef
from cyclonedx.model.component import Component as Row
from cyclonedx.model.component import ComponentType, Patch, PatchClassification, Pedigree
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.license import DisjunctiveLicense, License, LicenseExpression
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from obelisk.components.component import Component, Kind
from obelisk.report.expressions import is_expression
from obelisk.report.materials import Materials

SCHEMA: Final = max(SchemaVersion)
_TYPES: Final = {
    Kind.INTERPRETER: ComponentType.PLATFORM,
    Kind.LIBRARY: ComponentType.LIBRARY,
    Kind.PACKAGE: ComponentType.LIBRARY,
    Kind.CRATE: ComponentType.LIBRARY,
    Kind.FILE: ComponentType.FILE,
}


def cyclonedx_text(materials: Materials) -> str:
    """Return the document, in the newest version of the format that the library has."""
    root = Row(
        type=ComponentType.APPLICATION,
        name=materials.name,
        bom_ref=materials.reference,
        properties=[Property(name="obelisk:target", value=materials.target)],
    )
    tool = Row(type=ComponentType.APPLICATION, name="obelisk", version=materials.tool_version)
    bom = Bom(
        components=map(_row, materials.components),
        serial_number=materials.serial,
        metadata=BomMetaData(
            component=root, timestamp=materials.time, tools=ToolRepository(components=[tool])
        ),
        dependencies=_dependencies(materials),
    )
    text = make_outputter(bom, OutputFormat.JSON, SCHEMA).output_as_string(indent=1)
    return text + "\n"


def _dependencies(materials: Materials) -> Iterator[Dependency]:
    yield _dependency(materials.reference, materials.needs)
    for one in materials.components:
        yield _dependency(one.reference, one.needs)


def _dependency(reference: str, needs: Iterable[str]) -> Dependency:
    return Dependency(BomRef(reference), [Dependency(BomRef(need)) for need in needs])


def _row(one: Component) -> Row:
    return Row(
        type=_TYPES[one.kind],
        name=one.name,
        version=one.version,
        bom_ref=one.reference,
        purl=PackageURL.from_string(one.purl) if one.purl else None,
        cpe=one.cpe,
        licenses=_licenses(one),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one.sha256)] if one.sha256 else [],
        external_references=_origins(one),
        pedigree=_pedigree(one),
        properties=[Property(name=name, value=value) for name, value in _properties(one)],
    )


def _licenses(one: Component) -> list[License]:
    if one.license is None:
        return []
    if is_expression(one.license):
        return [LicenseExpression(one.license)]
    return [DisjunctiveLicense(name=one.license)]


def _origins(one: Component) -> list[ExternalReference]:
    if one.origin is None:
        return []
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=one.sha256)] if one.sha256 else []
    kind = ExternalReferenceType.DISTRIBUTION
    return [ExternalReference(type=kind, url=XsUri(one.origin), hashes=hashes)]


def _pedigree(one: Component) -> Pedigree | None:
    if not one.patches:
        return None
    return Pedigree(
        patches=[Patch(type=PatchClassification.UNOFFICIAL) for _ in one.patches],
        notes="patches: " + ", ".join(one.patches),
    )


def _properties(one: Component) -> Iterator[tuple[str, str]]:
    """Yield what the format has no field for."""
    yield "obelisk:kind", one.kind
    yield "obelisk:told-by", one.told_by
    if one.linkage is not None:
        yield "obelisk:linkage", one.linkage
    if one.part_of is not None:
        yield "obelisk:part-of", one.part_of
    if one.license_from is not None:
        yield "obelisk:license-from", one.license_from
    yield from (("obelisk:file", path) for path in one.files)
    yield from (("obelisk:license-text", path) for path in one.license_texts)

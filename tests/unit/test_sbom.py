"""Bills of materials: valid by the official schemas, the same for the same file, and complete."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
from support import packages_by_another

from obelisk.components.component import Component, Kind, Linkage
from obelisk.report.cyclonedx import SCHEMA, cyclonedx_text
from obelisk.report.expressions import is_expression, own_references
from obelisk.report.materials import Materials, needed_by_application
from obelisk.report.sbom import Format, format_of
from obelisk.report.spdx import spdx_text


def component(name, *needs, kind=Kind.LIBRARY, **fields):
    purl = f"pkg:generic/{name}@1"
    return Component(reference=purl, kind=kind, name=name, purl=purl, needs=needs, **fields)


PYTHON = component(
    "cpython",
    "pkg:generic/openssl@1",
    kind=Kind.INTERPRETER,
    version="3.14.6",
    license="Python-2.0.1",
    license_texts=(".obelisk/licenses/LICENSE.cpython.txt",),
    patches=("cpython/01-x.patch",),
    sha256="ab" * 32,
    origin="https://example.org/Python.tar.xz",
    cpe="cpe:2.3:a:python:python:3.14.6:*:*:*:*:*:*:*",
    linkage=Linkage.STATIC,
)
COMPONENTS = (
    PYTHON,
    component("local", origin="https://host/x"),
    component("openssl", license="Apache-2.0", origin="debian:pool/main/o/openssl.tar.gz"),
    component("app", "pkg:generic/own@1", kind=Kind.PACKAGE, license="Whatever you like"),
    component("own", license="LicenseRef-Own OR MIT", part_of="pkg:generic/app@1", files=("x.so",)),
    component("crate", kind=Kind.CRATE, license="MIT", told_by="cargo-auditable"),
    component("data.so", kind=Kind.FILE),
    # Rings, by which nothing leads to them.
    component("one", "pkg:generic/other@1"),
    component("other", "pkg:generic/one@1"),
)
MATERIALS = Materials(
    name="app",
    reference="application",
    target="x86_64-unknown-linux-musl",
    tool_version="1",
    serial=UUID(int=1),
    time=datetime(1980, 1, 3, tzinfo=UTC),
    components=COMPONENTS,
    needs=needed_by_application(COMPONENTS),
)


def test_the_application_needs_what_nothing_else_does():
    names = ("app", "cpython", "crate", "data.so", "local", "one")
    assert MATERIALS.needs == tuple(f"pkg:generic/{name}@1" for name in names)


def test_cyclonedx_is_valid_by_its_newest_schema():
    text = cyclonedx_text(MATERIALS)
    assert max(SchemaVersion) == SCHEMA
    assert JsonStrictValidator(SCHEMA).validate_str(text) is None
    assert cyclonedx_text(replace(MATERIALS)) == text


def test_cyclonedx_has_every_component_and_need():
    document = json.loads(cyclonedx_text(MATERIALS))
    rows = {row["bom-ref"]: row for row in document["components"]}
    assert set(rows) == {one.reference for one in COMPONENTS}
    needs = {row["ref"]: row.get("dependsOn", []) for row in document["dependencies"]}
    assert needs["application"] == list(MATERIALS.needs)
    for one in COMPONENTS:
        assert needs[one.reference] == list(one.needs)
    python = rows[PYTHON.reference]
    assert python["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert python["cpe"] == PYTHON.cpe
    assert python["externalReferences"][0]["url"] == PYTHON.origin
    assert "cpython/01-x.patch" in python["pedigree"]["notes"]
    assert python["licenses"] == [{"expression": "Python-2.0.1"}]
    assert rows["pkg:generic/app@1"]["licenses"] == [{"license": {"name": "Whatever you like"}}]
    properties = {(row["name"], row["value"]) for row in rows["pkg:generic/own@1"]["properties"]}
    assert {("obelisk:part-of", "pkg:generic/app@1"), ("obelisk:file", "x.so")} <= properties
    assert document["serialNumber"] == f"urn:uuid:{UUID(int=1)}"
    assert document["metadata"]["timestamp"] == "1980-01-03T00:00:00+00:00"


def test_spdx_is_valid_by_its_own_validator(tmp_path):
    text = spdx_text(MATERIALS)
    path = tmp_path / "app.spdx.json"
    path.write_text(text)
    document = parse_file(str(path))
    assert validate_full_spdx_document(document) == []
    assert [one.name for one in document.packages] == ["app", *(one.name for one in COMPONENTS)]
    assert spdx_text(replace(MATERIALS)) == text


def test_spdx_has_every_need():
    document = json.loads(spdx_text(MATERIALS))
    names = {row["SPDXID"]: row["name"] for row in document["packages"]}
    rows = [
        (names.get(row["spdxElementId"]), row["relationshipType"], names[row["relatedSpdxElement"]])
        for row in document["relationships"]
    ]
    assert (None, "DESCRIBES", "app") in rows
    assert ("cpython", "DEPENDS_ON", "openssl") in rows
    assert ("app", "CONTAINS", "own") in rows
    (own,) = document["hasExtractedLicensingInfos"]
    assert own["licenseId"] == "LicenseRef-Own"


@pytest.mark.parametrize(
    ("name", "write"), [("app.cdx.json", cyclonedx_text), ("app.spdx.json", spdx_text)]
)
def test_another_reader_counts_the_same(tmp_path, name, write):
    path = tmp_path / name
    path.write_text(write(MATERIALS))
    assert packages_by_another(path) - {"app"} == {one.name for one in COMPONENTS} - {"app"}


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("MIT", ()),
        ("MIT AND (Apache-2.0 OR GPL-2.0-only WITH Classpath-exception-2.0)", ()),
        ("LicenseRef-b AND LicenseRef-a", ("LicenseRef-a", "LicenseRef-b")),
        ("Whatever you like", None),
        ("MIT AND", None),
        ("Proprietary", None),
        ("", None),
    ],
)
def test_expressions(text, own):
    assert own_references(text) == own
    assert is_expression(text) == (own is not None)


def test_the_name_of_a_file_tells_its_format(tmp_path):
    assert format_of(tmp_path / "x.spdx.json") == Format.SPDX
    assert format_of(tmp_path / "x.json") == Format.CYCLONEDX

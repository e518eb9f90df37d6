"""What wheels declare of themselves: bills of materials (PEP 770), and sections of crates."""

import contextlib
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.components.crates import read_crates
from obelisk.components.declared import read_declared, without_credentials


def cyclonedx(**fields):
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", **fields}).encode()


def library(name, **fields):
    return {"type": "library", "name": name, "bom-ref": name, **fields}


def test_a_cyclonedx_document_tells_what_is_inside():
    (root, zlib_row, inner) = read_declared(
        cyclonedx(
            metadata={"component": library("wheel")},
            components=[
                library(
                    "zlib",
                    version="1.3",
                    purl="pkg:generic/zlib@1.3",
                    cpe="cpe:2.3:a:zlib:zlib:1.3:*:*:*:*:*:*:*",
                    licenses=[{"license": {"id": "Zlib"}}, {"expression": "MIT OR BSD-2-Clause"}],
                    hashes=[{"alg": "MD5", "content": "x"}, {"alg": "SHA-256", "content": "ab"}],
                    externalReferences=[
                        {"type": "website", "url": "https://zlib.net"},
                        {"type": "distribution", "url": "https://me:secret@zlib.net/z.tgz"},
                    ],
                    components=[library("inner", group="org.z")],
                ),
                library("tool", scope="excluded"),
                {"type": "file", "name": "README"},
            ],
            dependencies=[{"ref": "zlib", "dependsOn": ["inner"]}, {"ref": "inner"}],
        )
    )
    assert root.is_root
    assert (root.name, root.kind) == ("wheel", "")
    assert (zlib_row.name, zlib_row.version, zlib_row.kind) == ("zlib", "1.3", "generic")
    assert zlib_row.license == "Zlib AND (MIT OR BSD-2-Clause)"
    assert (zlib_row.sha256, zlib_row.origin) == ("ab", "https://zlib.net/z.tgz")
    assert zlib_row.needs == ("inner",)
    assert (inner.name, inner.version, inner.license) == ("org.z/inner", None, None)


def test_what_is_optional_says_so():
    (row,) = read_declared(cyclonedx(components=[library("x", scope="optional")]))
    assert row.is_optional


def test_an_spdx_document_tells_the_same():
    document = {
        "spdxVersion": "SPDX-2.3",
        "documentDescribes": ["SPDXRef-wheel"],
        "packages": [
            {"SPDXID": "SPDXRef-wheel", "name": "wheel"},
            {
                "SPDXID": "SPDXRef-z",
                "name": "zlib",
                "versionInfo": "1.3",
                "licenseConcluded": "NOASSERTION",
                "licenseDeclared": "Zlib",
                "downloadLocation": "https://zlib.net/z.tgz",
                "checksums": [{"algorithm": "SHA256", "checksumValue": "ab"}],
                "externalRefs": [
                    {"referenceType": "purl", "referenceLocator": "pkg:generic/zlib@1.3"}
                ],
            },
        ],
        "relationships": [
            {
                "spdxElementId": "SPDXRef-wheel",
                "relationshipType": "DEPENDS_ON",
                "relatedSpdxElement": "SPDXRef-z",
            }
        ],
    }
    root, row = read_declared(json.dumps(document).encode())
    assert (root.is_root, root.needs, row.is_root) == (True, ("SPDXRef-z",), False)
    assert (row.name, row.version, row.license, row.sha256) == ("zlib", "1.3", "Zlib", "ab")
    assert (row.purl, row.origin) == ("pkg:generic/zlib@1.3", "https://zlib.net/z.tgz")


def test_names_that_auditwheel_took_apart_are_put_right():
    purl = "pkg:apk/alpine/krb5@libs-1.21.3-r0"
    row = library("krb5", version="libs-1.21.3-r0", purl=purl)
    (found,) = read_declared(cyclonedx(components=[row]))
    assert (found.name, found.version) == ("krb5-libs", "1.21.3-r0")
    assert found.purl == "pkg:apk/alpine/krb5-libs@1.21.3-r0"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"bomFormat": "CycloneDX", "components": 1}',
        b'{"bomFormat": "CycloneDX", "components": [1]}',
        b'{"bomFormat": "CycloneDX", "components": [{"type": "library"}]}',
        b'{"bomFormat": "CycloneDX", "components": [{"type": "library", "name": 1}]}',
        b'{"bomFormat": "CycloneDX", "dependencies": [{}]}',
        b'{"bomFormat": "CycloneDX", "metadata": 1}',
        b'{"spdxVersion": "SPDX-2.3", "packages": [{"name": "x"}]}',
        b'{"spdxVersion": "SPDX-2.3", "relationships": [{}]}',
        b'{"spdxVersion": "SPDX-3.0"}',
        b'{"bomFormat": "CycloneDX", "components": ' + b"[" * 200_000,
    ],
)
def test_a_document_that_is_not_understood_is_an_error_of_one_kind(data):
    with pytest.raises(ValueError, match=r"."):
        read_declared(data)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["type", "name", "ref", "purl", "licenses", "hashes", "SPDXID"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
FIELDS = ("components", "dependencies", "metadata", "packages", "relationships")


@given(st.sampled_from(FIELDS), values, st.booleans())
def test_any_document_is_read_or_refused(field, value, spdx):
    head = {"spdxVersion": "SPDX-2.3"} if spdx else {"bomFormat": "CycloneDX"}
    with contextlib.suppress(ValueError):
        read_declared(json.dumps({**head, field: value}).encode())


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("https://user:pass@host/x?y=a@b", "https://host/x?y=a@b"),
        ("git+ssh://git@host/x.git", "git+ssh://host/x.git"),
        ("https://host/a@1", "https://host/a@1"),
    ],
)
def test_addresses_have_no_credentials(address, public):
    assert without_credentials(address) == public


def section(*packages):
    return zlib.compress(json.dumps({"packages": packages}).encode())


def test_crates_of_a_file_but_not_those_that_only_its_build_runs():
    crates = read_crates(
        section(
            {"name": "app", "version": "1", "source": "local", "root": True, "dependencies": [2]},
            {"name": "cc", "version": "1.2", "source": "crates.io", "kind": "build"},
            {"name": "time", "version": "0.1", "source": "crates.io", "dependencies": [1, 3]},
            {"name": "libc", "version": "0.2", "source": "git"},
        )
    )
    assert [(one.name, one.version, one.source, one.needs) for one in crates] == [
        ("time", "0.1", "crates.io", (1,)),
        ("libc", "0.2", "git", ()),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zlib",
        section()[:-6],
        zlib.compress(b"no json"),
        zlib.compress(b"{}"),
        zlib.compress(b"[]"),
        zlib.compress(bytes(9 << 20)),
        section(1),
        section({"name": "x"}),
        section({"name": "x", "version": 1}),
        section({"name": "x", "version": "1", "dependencies": ["y"]}),
        section({"name": "x", "version": "1", "dependencies": None}),
    ],
)
def test_a_malformed_section_of_crates_is_an_error_of_one_kind(data):
    with pytest.raises(ValueError, match=r"."):
        read_crates(data)


@given(st.binary(max_size=60), values)
def test_any_section_of_crates_is_read_or_refused(data, value):
    for one in (data, zlib.compress(data), section(value)):
        with contextlib.suppress(ValueError):
            read_crates(one)

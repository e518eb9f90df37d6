"""Components survive the way through a manifest, and a damaged one is an error."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.components.component import Component, Kind, Linkage, components_of, to_json
from obelisk.errors import VerifyError

texts = st.text(max_size=8)
maybe = st.none() | texts
many = st.lists(texts, max_size=3).map(tuple)
components = st.builds(
    Component,
    reference=texts,
    kind=st.sampled_from(Kind),
    name=texts,
    version=maybe,
    purl=maybe,
    license=maybe,
    license_texts=many,
    patches=many,
    needs=many,
    linkage=st.none() | st.sampled_from(Linkage),
)


@given(st.lists(components, max_size=3, unique_by=lambda one: one.reference))
def test_a_manifest_says_what_they_are(found):
    manifest = json.loads(json.dumps({"components": to_json(found)}))
    assert components_of(manifest) == sorted(found, key=lambda one: one.reference)


GOOD = {"reference": "pkg:pypi/x@1", "kind": "package", "name": "x", "version": "1"}


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"components": None},
        {"components": {}},
        {"components": ["x"]},
        {"components": [{}]},
        {"components": [GOOD | {"kind": "planet"}]},
        {"components": [GOOD | {"linkage": 1}]},
        {"components": [GOOD | {"version": 1}]},
        {"components": [GOOD | {"needs": "x"}]},
        {"components": [GOOD | {"needs": [1]}]},
        {"components": [GOOD | {"unknown": "x"}]},
    ],
)
def test_what_is_no_component_is_an_error(manifest):
    with pytest.raises(VerifyError, match="lists no component"):
        components_of(manifest)

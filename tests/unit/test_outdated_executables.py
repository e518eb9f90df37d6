"""What an executable lists beside the pins: by components, and as manifests listed it before."""

import pytest

from obelisk.report.outdated import Compared, State
from obelisk.report.versions import pinned_versions, versions

OLD = {
    "obelisk": "1",
    "python": "3.14.5",
    "libraries": [
        {"name": "cpython-3.14", "version": "3.14.5", "license": "x"},
        {"name": "openssl", "version": "3.5.6", "license": "x"},
    ],
    "packages": [{"name": "rich", "version": "14.0", "license": None}],
}
NEW = {
    "obelisk": "1",
    "python": "3.14.5",
    "components": [
        {"reference": "a", "kind": "interpreter", "name": "cpython", "version": "3.14.5"},
        {"reference": "b", "kind": "library", "name": "openssl", "version": "3.5.6"},
        {"reference": "c", "kind": "package", "name": "rich", "version": "14.0"}
        | {"told_by": "metadata"},
        {"reference": "d", "kind": "library", "name": "zlib", "version": "1.2"}
        | {"told_by": "sbom", "part_of": "c"},
        {"reference": "e", "kind": "library", "name": "zlib", "version": "1.3.1"},
    ],
}


def test_versions_are_by_name():
    assert versions(OLD)["rich"] == versions(NEW)["rich"] == "14.0"
    assert versions(NEW)["zlib"] == "1.2, 1.3.1"
    assert versions(NEW)["obelisk"] == "1"


def test_only_what_is_pinned_is_compared_with_pins():
    assert pinned_versions(OLD) == [("cpython-3.14", "3.14.5"), ("openssl", "3.5.6")]
    assert pinned_versions(NEW) == [
        ("cpython-3.14", "3.14.5"),
        ("openssl", "3.5.6"),
        ("zlib", "1.3.1"),
    ]


@pytest.mark.parametrize(
    ("inside", "state"),
    [("3.5.6", State.OUTDATED), ("3.5.7", State.CURRENT), ("3.5.10", State.NEWER)],
)
def test_a_version_is_older_the_same_or_newer(inside, state):
    assert Compared(name="openssl", inside=inside, pinned="3.5.7", own=False).state == state

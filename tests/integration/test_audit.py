"""Audits of real executables: what is in them is known by the names that advisories use."""

import json
import re

import pytest
from audited import advisory, events, write_database
from support import APPS, obelisk

from obelisk.audit.executable import read_components
from obelisk.services.pins import pin

pytestmark = pytest.mark.compile
PACKAGES = APPS / "packages"


def findings(executable, folder, *options, status=10):
    out = obelisk(
        *("audit", executable, "--json", "--offline", *options), cwd=folder, status=status
    )
    return json.loads(out[: out.rindex("}") + 1])["findings"]


def planted(name, ecosystem, package, fixed):
    return advisory(name, ecosystem, package, events(("introduced", "0"), ("fixed", fixed)))


def test_what_is_in_every_executable(executables, tmp_path):
    hello = executables("hello.py")
    assert findings(hello, tmp_path, status=0) == []
    names = {
        "musl": ("GIT", "https://git.musl-libc.org/git/musl"),
        "openssl": ("OSS-Fuzz", "openssl"),
        "sqlite": ("OSS-Fuzz", "sqlite3"),
        "zlib": ("GIT", "https://github.com/madler/zlib"),
        "xz": ("OSS-Fuzz", "xz"),
        "expat": ("OSS-Fuzz", "expat"),
        "cpython": ("GIT", "https://github.com/python/cpython"),
        "libffi": ("ConanCenter", "libffi"),
    }
    database = write_database(
        tmp_path / "database",
        *(planted(f"TEST-{name}", *where, "999") for name, where in names.items()),
        *(planted(f"FIXED-{name}", *where, "0.0.1") for name, where in names.items()),
    )
    rows = findings(hello, tmp_path, "--database", database)
    assert sorted(row["id"] for row in rows) == sorted(f"TEST-{name}" for name in names)
    actions = {row["component"]["name"]: row["action"] for row in rows}
    assert set(actions) == set(names)
    assert set(actions.values()) == {"upgrade-obelisk"}
    (openssl,) = (row for row in rows if row["component"]["name"] == "openssl")
    assert openssl["component"]["version"] == pin("openssl").version
    (expat,) = (row for row in rows if row["component"]["name"] == "expat")
    assert [owner["name"] for owner in expat["part_of"]] == ["cpython"]


@pytest.mark.network
def test_what_wheels_bundle(executables, tmp_path):
    """numpy's wheel has OpenBLAS, and cryptography's has crates and an OpenSSL of its own."""
    numpy = executables("numpy_scipy", what=PACKAGES / "numpy_scipy.py")
    database = write_database(
        tmp_path / "database",
        planted("TEST-BLAS", "OSS-Fuzz", "openblas", "999"),
        planted("TEST-NUMPY", "PyPI", "NumPy", "999"),
    )
    rows = findings(numpy, tmp_path, "--database", database)
    advice = {(row["id"], row["advice"]) for row in rows}
    bundling = "to a release that bundles openblas 999 or newer"
    assert advice == {
        ("TEST-NUMPY", "upgrade numpy to 999 or newer"),
        ("TEST-BLAS", f"upgrade numpy {bundling}"),
        ("TEST-BLAS", f"upgrade scipy {bundling}"),
    }
    for row in rows:
        assert re.match(r"\d+\.", row["component"]["version"])


@pytest.mark.network
def test_crates_of_a_wheel(executables, tmp_path):
    executable = executables("cryptography_keys", what=PACKAGES / "cryptography_keys.py")
    crates = [one for one in read_components(executable) if one.kind == "crate"]
    assert {one.name for one in crates} >= {"pyo3", "openssl"}
    database = write_database(
        tmp_path / "database",
        *(planted(f"TEST-{name}", "crates.io", name, "999.0.0") for name in ("pyo3", "openssl")),
    )
    rows = findings(executable, tmp_path, "--database", database)
    assert {(row["id"], row["action"]) for row in rows} == {
        ("TEST-pyo3", "upgrade"),
        ("TEST-openssl", "upgrade"),
    }
    assert all(row["advice"].startswith("upgrade cryptography ") for row in rows)


def test_a_fleet_of_real_executables(executables, tmp_path):
    folder = tmp_path / "fleet"
    folder.mkdir()
    data = executables("hello.py").read_bytes()
    for number in range(3):
        (folder / f"app-{number}").write_bytes(data + bytes([number]))
    (folder / "cut").write_bytes(data[: len(data) // 2])
    (folder / "README").write_text("x")
    out = obelisk("audit", folder, "--json", "--offline", cwd=tmp_path, status=7)
    report = json.loads(out[: out.rindex("}") + 1])
    assert [row["path"] for row in report["subjects"]] == [
        str(folder / f"app-{number}") for number in range(3)
    ]
    assert [row["path"] for row in report["unreadable"]] == [str(folder / "cut")]
    assert report["skipped"] == 1

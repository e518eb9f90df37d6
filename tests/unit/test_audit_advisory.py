"""Advisories and databases are outside bytes: what is malformed is named, and stops nothing."""

import importlib.util
import json
import os
import zipfile
from pathlib import Path

import pytest
from audited import advisory, events, write_database
from hypothesis import given, settings
from hypothesis import strategies as st

from obelisk.audit.advisory import MalformedError, advisory_of, parse_advisory
from obelisk.audit.database import Database, read_database, read_shipped
from obelisk.audit.names import identify
from obelisk.audit.ranges import Verdict, judge
from obelisk.audit.severity import severity_of
from obelisk.components.component import Component, Kind
from obelisk.errors import ConfigError
from obelisk.services.pins import shipped_pins

GOOD = {
    "schema_version": "1.7.0",
    "id": "GHSA-aaaa-bbbb-cccc",
    "modified": "2026-01-01T00:00:00Z",
    "aliases": ["CVE-2026-1", "PYSEC-2026-1"],
    "summary": "A hole",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "Some_Package", "purl": "pkg:pypi/x"},
            "ranges": [
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]},
                {"type": "GIT", "repo": "https://x/y", "events": [{"introduced": "0"}]},
            ],
            "versions": ["1.0"],
            "database_specific": {"cpe": "cpe:2.3:a:v:p:*:*:*:*:*:*:*:*"},
        }
    ],
    "references": [{"type": "WEB", "url": "https://w"}, {"type": "ADVISORY", "url": "https://a"}],
    "database_specific": {"severity": "MODERATE", "cwe_ids": []},
}


def test_an_advisory_is_read():
    found = parse_advisory(json.dumps(GOOD))
    assert (found.id, found.aliases) == (GOOD["id"], ("CVE-2026-1", "PYSEC-2026-1"))
    assert (found.summary, found.word, found.url) == ("A hole", "medium", "https://a")
    assert not found.withdrawn
    (row,) = found.affected
    assert (row.ecosystem, row.name, row.purls) == ("PyPI", "Some_Package", ("pkg:pypi/x",))
    assert row.repositories == ("https://x/y",)
    assert row.cpes == ("cpe:2.3:a:v:p:*:*:*:*:*:*:*:*",)
    assert row.versions == {"1.0"}


@pytest.mark.parametrize("name", ["aliases", "affected", "severity", "references", "withdrawn"])
def test_null_is_as_good_as_nothing(name):
    assert advisory_of(GOOD | {name: None}).id == GOOD["id"]


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\xff", b"[]", b"null", b"1", b'"x"', b"{", b"[" * 100_000, b"1" * 100_000),
        *(b"{}", b'{"id": ""}', b'{"id": 1}', b'{"id": "a\\nb"}', b'{"id": null}'),
    ],
)
def test_what_is_no_advisory(data):
    with pytest.raises(MalformedError):
        parse_advisory(data)


@pytest.mark.parametrize(
    "change",
    [
        {"affected": {}},
        {"affected": [1]},
        {"affected": [{"package": 1}]},
        {"affected": [{"package": {"name": 1}}]},
        {"affected": [{"ranges": {}}]},
        {"affected": [{"ranges": [None]}]},
        {"affected": [{"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": 1}]}]}]},
        {"affected": [{"versions": [1]}]},
        {"aliases": "CVE-1"},
        {"aliases": [None]},
        {"withdrawn": False},
        {"summary": []},
    ],
)
def test_malformed_fields(change):
    with pytest.raises(MalformedError):
        advisory_of(GOOD | change)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def paths_of(value, path=()):
    yield path
    rows = ()
    if isinstance(value, dict):
        rows = value.items()
    elif isinstance(value, list):
        rows = enumerate(value)
    for key, inner in rows:
        yield from paths_of(inner, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@settings(deadline=None)
@given(st.sampled_from(list(paths_of(GOOD))), json_values)
def test_whatever_is_put_anywhere_is_malformed_or_an_advisory(path, value):
    try:
        found = advisory_of(replaced(GOOD, path, value))
    except MalformedError:
        return
    for row in found.affected:
        identity = identify(package_component("1.0"))
        assert judge(row, "1.0", identity.scheme).verdict in Verdict
    assert str(severity_of(found.vectors, found.word))


def package_component(version):
    return Component(reference="x", kind=Kind.PACKAGE, name="some-package", version=version)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_bytes_are_malformed_or_an_advisory(data):
    try:
        parse_advisory(data)
    except MalformedError:
        return


@pytest.mark.parametrize(
    ("vectors", "word", "shown"),
    [
        ([], None, "unknown"),
        ([], "high", "high"),
        (["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"], "low", "critical 10.0"),
        (["CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"], None, "high 7.5"),
        (["AV:N/AC:L/Au:N/C:N/I:N/A:P"], None, "medium 5.0"),
        (["CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N"], None, "high 8.7"),
        (["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"], None, "none 0.0"),
        (["CVSS:9.9/x"], "medium", "medium"),
        (["x" * 10_000], None, "unknown"),
    ],
)
def test_severities(vectors, word, shown):
    assert str(severity_of(vectors, word)) == shown


def test_the_newest_version_of_cvss_counts():
    three = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"
    four = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N"
    assert severity_of([three, four], None).vector == four


def names_in(path):
    database = Database()
    read_database(path, database)
    return sorted({name for rows in database.advisories.values() for name in rows}), database


ONE = advisory("X-1", "PyPI", "x", events(("introduced", "0")))
TWO = advisory("X-2", "crates.io", "y", events(("introduced", "0")))


def test_a_folder_and_archives_in_it(tmp_path):
    folder = write_database(tmp_path / "mirror", ONE)
    (folder / "crates.io").mkdir()
    with zipfile.ZipFile(folder / "crates.io/all.zip", "w") as archive:
        archive.writestr("X-2.json", json.dumps(TWO))
        archive.writestr("README.md", "x")
    assert names_in(folder)[0] == ["X-1", "X-2"]
    assert names_in(folder / "crates.io/all.zip")[0] == ["X-2"]


def test_malformed_files_are_counted_and_named(tmp_path):
    folder = write_database(tmp_path / "mirror", ONE)
    (folder / "broken.json").write_text("{")
    os.mkfifo(folder / "pipe.json")
    with zipfile.ZipFile(folder / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X-2.json", json.dumps(TWO))
        archive.writestr("list.json", "[]")
        archive.writestr("huge.json", b" " * ((32 << 20) + 1))
    data = bytearray((folder / "all.zip").read_bytes())
    place = data.find(b"X-2.json") + len("X-2.json")
    data[place : place + 8] = b"\xff" * 8
    (folder / "damaged.zip").write_bytes(data)
    found, database = names_in(folder)
    assert found == ["X-1", "X-2"]
    assert len(database.malformed) == 2 + 2 + 3
    text = "\n".join(database.malformed)
    assert f"{folder}/broken.json: not JSON" in text
    assert f"{folder}/pipe.json: it is a named pipe" in text
    assert f"{folder}/all.zip: list.json: the document is not an object" in text
    assert f"{folder}/all.zip: huge.json: larger than" in text
    assert f"{folder}/damaged.zip: X-2.json: " in text


@pytest.mark.parametrize("name", ["empty", "text.zip", "missing"])
def test_what_is_no_database_is_an_error(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no archive")
    with pytest.raises(ConfigError, match=name):
        read_database(tmp_path / name, Database())


def test_withdrawn_advisories_are_left_out_and_newer_ones_count(tmp_path):
    older = ONE | {"modified": "2025-01-01T00:00:00Z", "summary": "older"}
    newer = ONE | {"modified": "2027-01-01T00:00:00Z", "summary": "newer"}
    for order in ((older, newer), (newer, older)):
        database = Database()
        for one in order:
            database.add(advisory_of(one))
        (found,) = database.about(["PyPI:x"])
        assert found.summary == "newer"
    database.add(advisory_of(TWO | {"withdrawn": "2026-01-02T00:00:00Z"}))
    assert database.about(["crates.io:y"]) == []


def test_the_shipped_advisories_are_sound_and_of_the_schema():
    database = Database()
    read_shipped(database)
    assert database.malformed == []
    assert database.read >= 30
    for rows in database.advisories.values():
        for one in rows.values():
            assert one.aliases or one.id.startswith("CVE-"), one.id
            assert one.summary
            assert one.affected


SCRIPT = Path(__file__).parents[2] / "scripts/update_advisories.py"


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("update_advisories", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_shipped_advisories_are_as_the_script_writes_them(script):
    for path in script.ADVISORIES.iterdir():
        text = path.read_text()
        assert script.written(json.loads(text)) == text
        assert path.stem == json.loads(text)["id"]


def test_the_script_takes_what_is_about_our_pins(script, tmp_path, capsys):
    ours = advisory("X-1", "OSS-Fuzz", "openssl", events(("introduced", "0")))
    ours["affected"].append(advisory("X", "Debian:12", "openssl")["affected"][0])
    ours["details"] = "long"
    wheels = advisory("X-2", "PyPI", "cryptography", events(("introduced", "0")))
    expat = advisory("X-3", "GIT", "https://github.com/libexpat/libexpat", versions=["R_2_4_8"])
    mirror = write_database(tmp_path / "mirror", ours, wheels, expat)
    (mirror / "broken.json").write_text("{")
    folder = tmp_path / "advisories"
    folder.mkdir()
    script.main([str(mirror)], folder)
    assert sorted(path.name for path in folder.iterdir()) == ["X-1.json", "X-3.json"]
    kept = json.loads((folder / "X-1.json").read_text())
    assert "details" not in kept
    assert [row["package"]["ecosystem"] for row in kept["affected"]] == ["OSS-Fuzz"]
    captured = capsys.readouterr()
    assert captured.out == "new: X-1: \nnew: X-3: \n"
    assert "broken.json: not JSON" in captured.err
    script.main([str(mirror)], folder)
    assert capsys.readouterr().out == ""
    newer = ours | {"modified": "2027-01-01T00:00:00Z", "summary": "newer"}
    withdrawn = expat | {"withdrawn": "2027-01-01T00:00:00Z"}
    script.main([str(write_database(mirror, newer, withdrawn))], folder)
    assert capsys.readouterr().out == "changed: X-1: newer\nwithdrawn: X-3\n"
    assert [path.name for path in folder.iterdir()] == ["X-1.json"]


def test_shipped_advisories_say_nothing_of_pins_that_fix_them():
    database = Database()
    read_shipped(database)
    for pin in shipped_pins():
        component = Component(
            reference=pin.name, kind=Kind.LIBRARY, name=pin.name, version=pin.version
        )
        identity = identify(component)
        found = [
            one.id
            for one in database.about(identity.keys)
            for row in one.affected
            if judge(row, pin.version, identity.scheme, identity.names).verdict is Verdict.AFFECTED
        ]
        assert found == [], pin.name

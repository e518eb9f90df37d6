"""`obelisk audit`: what is found in executables and lockfiles, and what it says to do."""

import json
import os
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from audited import (
    advisory,
    crate,
    events,
    library,
    manifest_of,
    package,
    write_database,
    write_executable,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from obelisk import cli
from obelisk.audit.advisory import advisory_of
from obelisk.audit.audit import Subjects, audit
from obelisk.audit.database import Database
from obelisk.audit.executable import read_components, read_fleet
from obelisk.audit.match import wanted_keys
from obelisk.audit.names import identify, keys_of
from obelisk.audit.render import notes, remarks, table, to_json
from obelisk.audit.sarif import to_sarif
from obelisk.components.component import Component, Kind
from obelisk.config.audit import Ignore
from obelisk.errors import VerifyError
from obelisk.services.pins import shipped_pins

ZERO = ("introduced", "0")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("OBELISK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def executable(tmp_path, tiny_runtime):
    def write(*components, name="app"):
        return write_executable(tmp_path / name, tiny_runtime, manifest_of(components))

    return write


@pytest.fixture
def run(capsys):
    def run(*argv, status=0):
        with pytest.raises(SystemExit) as caught:
            cli.main(["audit", *map(str, argv)])
        captured = capsys.readouterr()
        assert caught.value.code == status, captured.out + captured.err
        return captured

    return run


NUMPY = package("numpy", "1.26.0")
OPENBLAS = library(
    "openblas", "0.3.20", part_of=NUMPY.reference, told_by="soname", files=("numpy.libs/x.so",)
)
CRYPTOGRAPHY = package("cryptography", "41.0.0")
CRATE = crate("openssl", "0.10.54", part_of=CRYPTOGRAPHY.reference, told_by="sbom")
OPENSSL = library("openssl", "3.5.1")
MUSL = library("musl", "1.2.5", cpe="cpe:2.3:a:musl-libc:musl:1.2.5:*:*:*:*:*:*:*")
PLANTED = [
    advisory(
        "CVE-2025-1001",
        "OSS-Fuzz",
        "openssl",
        events(("introduced", "3.5.0"), ("fixed", "3.5.4")),
        database_specific={"severity": "HIGH"},
    ),
    advisory("GHSA-2002-aaaa-bbbb", "PyPI", "urllib3", events(ZERO, ("fixed", "2.5.0"))),
    advisory("CVE-2021-4048", "OSS-Fuzz", "OpenBLAS", events(ZERO, ("last_affected", "0.3.20"))),
    advisory("RUSTSEC-2023-0044", "crates.io", "openssl", events(ZERO, ("fixed", "0.10.55"))),
    {
        "id": "CVE-2025-2005",
        "modified": "2025-01-01T00:00:00Z",
        "affected": [
            {
                "ranges": [
                    {
                        "type": "GIT",
                        "repo": "https://git.musl-libc.org/git/musl.git",
                        "events": [{"introduced": "0"}],
                        "database_specific": {
                            "versions": [{"introduced": "0.9.13"}, {"fixed": "1.2.6"}]
                        },
                    }
                ]
            }
        ],
    },
]


def test_each_kind_of_component_is_reported_with_its_advice(executable, run, tmp_path):
    path = executable(
        package("urllib3", "2.4.0"), NUMPY, OPENBLAS, CRYPTOGRAPHY, CRATE, OPENSSL, MUSL
    )
    folder = write_database(tmp_path / "database", *PLANTED)
    rows = json.loads(run(path, "--database", folder, "--json", status=10).out)["findings"]
    advice = {row["id"]: (row["action"], row["advice"]) for row in rows}
    assert advice["CVE-2025-1001"] == (
        "rebuild",
        f"rebuild with this Obelisk, which has openssl {shipped_pins()['openssl'].version}",
    )
    assert advice["GHSA-2002-aaaa-bbbb"] == ("upgrade", "upgrade urllib3 to 2.5.0 or newer")
    assert advice["CVE-2021-4048"] == (
        "wait",
        "nothing to do yet: no fixed version of openblas is known",
    )
    assert advice["RUSTSEC-2023-0044"] == (
        "upgrade",
        "upgrade cryptography to a release that bundles openssl 0.10.55 or newer",
    )
    assert advice["CVE-2025-2005"][0] == "rebuild"
    assert "CVE-2025-26519" in advice  # comes with Obelisk, and is about musl 1.2.5
    (openblas,) = (row for row in rows if row["id"] == "CVE-2021-4048")
    assert [owner["name"] for owner in openblas["part_of"]] == ["numpy"]


def test_fixed_and_withdrawn_and_other_packages_are_not_reported(executable, run, tmp_path):
    path = executable(
        package("urllib3", "2.5.0"),
        library("openblas", "0.3.21", part_of=NUMPY.reference),
        replace(CRATE, reference="c", version="0.10.55", purl="pkg:cargo/openssl@0.10.55"),
        library("openssl", "3.5.4"),
        library("musl", "1.2.6"),
        package("withdrawn", "1.0"),
    )
    withdrawn = advisory("X-1", "PyPI", "withdrawn", events(ZERO), withdrawn="2026-01-01T00:00:00Z")
    others = [
        # What distributions say of their builds, and a package of the same name elsewhere.
        advisory("ALPINE-1", "Alpine:v3.20", "musl", events(ZERO)),
        advisory("DSA-1", "Debian:12", "openssl", events(ZERO)),
        advisory("X-2", "npm", "urllib3", events(ZERO)),
        advisory("X-3", "PyPI", "openssl", events(ZERO)),
        advisory("X-4", "crates.io", "musl", events(ZERO)),
        advisory("X-5", "PyPI", "musl", events(ZERO)),
    ]
    folder = write_database(tmp_path / "database", *PLANTED, withdrawn, *others)
    captured = run(path, "--database", folder)
    assert captured.out == ""
    assert "Audited 1 file with 6 components" in captured.err


def findings(components, *advisories, ignores=(), today=date(2026, 11, 26)):
    database = Database()
    for one in advisories:
        database.add(advisory_of(one))
    subjects = Subjects(components=(("app", tuple(components)),))
    return audit(subjects, database, tuple(ignores), today)


def ids(report):
    return [(one.component.name, one.hole.id) for one in report.findings]


def test_names_of_one_hole_are_one_finding():
    same = ("PyPI", "x")
    rows = [
        advisory("PYSEC-1", *same, events(ZERO, ("fixed", "1.5")), aliases=["CVE-1"]),
        advisory(
            "GHSA-1",
            *same,
            events(ZERO, ("fixed", "1.6")),
            aliases=["CVE-1"],
            summary="A hole",
            severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
        ),
        advisory("OSV-1", *same, events(ZERO, ("fixed", "1.1")), aliases=["GHSA-1"]),
        advisory("GHSA-2", *same, events(ZERO)),
    ]
    report = findings([package("x", "1.2")], *rows)
    assert ids(report) == [("x", "CVE-1"), ("x", "GHSA-2")]
    hole = report.findings[0].hole
    assert hole.aliases == ("GHSA-1", "OSV-1", "PYSEC-1")
    # Where databases differ, the version that all of them call fixed.
    assert (hole.fixed, hole.summary, str(hole.severity)) == ("1.6", "A hole", "high 7.5")


def test_the_worst_comes_first():
    words = [("A", "low"), ("B", None), ("C", "critical"), ("D", "medium")]
    rows = [
        advisory(name, "PyPI", "x", events(ZERO), database_specific={"severity": word})
        for name, word in words
    ]
    assert [name for _, name in ids(findings([package("x", "1")], *rows))] == ["C", "D", "A", "B"]


def test_patches_close_what_they_are_named_after():
    row = advisory("X-1", "generic", "zlib", events(ZERO), aliases=["CVE-2026-9"])
    patched = library("zlib", "1.3.1", patches=("zlib/01-CVE-2026-9.patch",))
    report = findings([patched], row)
    assert ids(report) == []
    assert [(component.name, name) for _, component, name in report.patched] == [
        ("zlib", "CVE-2026-9")
    ]
    assert ids(findings([library("zlib", "1.3.1")], row)) == [("zlib", "CVE-2026-9")]


@pytest.mark.parametrize(
    "affected",
    [
        {"package": {"ecosystem": "OSS-Fuzz", "name": "openssl"}},
        {"package": {"ecosystem": "Bitnami", "name": "openssl", "purl": "pkg:bitnami/openssl"}},
        {"package": {"ecosystem": "ConanCenter", "name": "openssl", "purl": "pkg:conan/openssl"}},
        {"package": {"ecosystem": "", "name": "x", "purl": "pkg:generic/openssl"}},
        {"package": {"ecosystem": "generic", "name": "OpenSSL"}},
        {"package": {"ecosystem": "GIT", "name": "https://github.com/openssl/openssl.git"}},
        {"database_specific": {"purl": "pkg:generic/openssl@3"}},
        {"database_specific": {"cpe": "cpe:2.3:a:OpenSSL:openssl:*:*:*:*:*:*:*:*"}},
        {"ranges": [{"type": "GIT", "repo": "git://github.com/OpenSSL/openssl/", "events": []}]},
        {
            "ranges": [
                {
                    "type": "GIT",
                    "repo": "https://example.org/mirror",
                    "events": [],
                    "database_specific": {"cpe": ["cpe:/a:openssl:openssl"]},
                }
            ]
        },
    ],
)
def test_names_of_a_library(affected):
    (row,) = advisory_of({"id": "X", "affected": [affected]}).affected
    for name in ("openssl", "libssl", "OpenSSL"):
        assert not identify(library(name, "3")).keys.isdisjoint(keys_of(row))
    assert identify(library("zlib", "3")).keys.isdisjoint(keys_of(row))
    assert identify(package("openssl", "3")).keys.isdisjoint(keys_of(row))


@pytest.mark.parametrize(
    ("name", "purl"),
    [
        ("zlib", "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1"),
        ("xz", "pkg:rpm/almalinux/xz-libs@5.2.4-4.el8_6"),
        ("openssl", "pkg:apk/alpine/libssl3@3.5.1-r0"),
        ("sqlite", "pkg:generic/sqlite3@3.40"),
        ("gcc", "pkg:rpm/almalinux/libgfortran@8.5.0-22.el8_10"),
    ],
)
def test_packages_of_distributions_are_libraries(name, purl):
    row = advisory("X-1", "OSS-Fuzz", name, events(ZERO))
    component = library("other", None, purl=purl, part_of=NUMPY.reference)
    assert ids(findings([NUMPY, component], row))[-1] == ("other", "X-1")


def test_a_library_outside_the_table_is_known_by_its_name_and_cpe():
    strange = library("strange", "1.0", cpe="cpe:2.3:a:vendor:product:1.0:*:*:*:*:*:*:*")
    for row in (
        {"package": {"ecosystem": "OSS-Fuzz", "name": "Strange"}},
        {"database_specific": {"cpe": "cpe:2.3:a:vendor:product:*:*:*:*:*:*:*:*"}},
    ):
        (affected,) = advisory_of({"id": "X", "affected": [row]}).affected
        assert not identify(strange).keys.isdisjoint(keys_of(affected))


def test_names_of_packages_are_canonical():
    row = advisory("X-1", "PyPI", "Some.Package_x", events(ZERO))
    assert ids(findings([package("some-package-x", "1")], row)) == [("some-package-x", "X-1")]


def test_a_distributions_build_is_compared_by_upstreams_version_and_marked():
    purl = "pkg:rpm/almalinux/libgfortran@8.5.0-22.el8_10?arch=x86_64"
    row = advisory("X-1", "OSS-Fuzz", "gcc", events(ZERO, ("fixed", "8.5.1")))
    component = library("libgfortran", "8.5.0-22.el8_10", purl=purl, part_of=NUMPY.reference)
    (finding,) = findings([NUMPY, component], row).findings
    assert finding.distribution
    row = advisory("X-1", "OSS-Fuzz", "gcc", events(ZERO, ("fixed", "8.5.0")))
    assert ids(findings([NUMPY, component], row)) == []


def test_python_is_known_by_its_names():
    python = library("cpython", "3.13.2", kind=Kind.INTERPRETER)
    rows = [
        advisory("X-1", "Bitnami", "python", events(ZERO, ("fixed", "3.13.4"))),
        advisory("X-2", "GIT", "https://github.com/python/cpython", versions=["v3.13.2"]),
        advisory("X-3", "PyPI", "python", events(ZERO)),
    ]
    assert [name for _, name in ids(findings([python], *rows))] == ["X-1", "X-2"]


ADVICE = [
    # What is wrong, in what, what bundles it, and what is to be done.
    ("openssl", "3.5.1", ("fixed", "3.5.4"), None, "rebuild", "rebuild with this Obelisk, which"),
    ("openssl", "3.5.1", ("fixed", "99"), None, "upgrade-obelisk", "a pin of your own for openssl"),
    ("openssl", "3.5.1", None, None, "wait", "no fixed version of openssl"),
    ("libssl", "3.5.1", ("fixed", "3.5.4"), None, "rebuild", "which has libssl"),
    ("libcxx", "1.0", ("fixed", "2"), None, "upgrade-obelisk", "once it has libcxx 2 or newer"),
    ("expat", "2.6.0", ("fixed", "2.6.3"), "3.13.1", "rebuild", "whose CPython 3.13"),
    ("expat", "2.6.0", ("fixed", "2.6.3"), "3.13.99", "upgrade-obelisk", "once its CPython bundle"),
    ("expat", "2.6.0", None, "3.13.99", "wait", "nothing to do yet"),
]


@pytest.mark.parametrize(("name", "version", "fixed", "python", "action", "text"), ADVICE)
def test_advice_about_what_comes_with_obelisk(name, version, fixed, python, action, text):
    own = library(name, version)
    components = [own]
    if python is not None:
        interpreter = library("cpython", python, kind=Kind.INTERPRETER)
        components = [interpreter, replace(own, part_of=interpreter.reference)]
    row = advisory("X-1", "generic", name, events(ZERO, *([fixed] if fixed else [])))
    (finding,) = (one for one in findings(components, row).findings if one.hole.id == "X-1")
    assert (finding.advice.action, text in finding.advice.text) == (action, True)


def test_advice_about_a_library_that_the_application_brings():
    row = advisory("X-1", "generic", "geos", events(ZERO, ("fixed", "3.13")))
    for more in ({"told_by": "soname"}, {"kind": Kind.FILE}):
        component = library("geos", "3.12", **more)
        (finding,) = findings([component], row).findings
        assert finding.advice.action == "replace"
        assert finding.advice.text == "replace geos by 3.13 or newer, and rebuild"


def test_a_crate_in_a_package_in_a_package_is_the_outermost_ones():
    inner = package("inner", "1", part_of=NUMPY.reference)
    own = replace(CRATE, part_of=inner.reference)
    row = advisory("X-1", "crates.io", "openssl", events(ZERO, ("fixed", "1.0.0")))
    (finding,) = findings([NUMPY, inner, own], row).findings
    assert [owner.name for owner in finding.owners] == ["inner", "numpy"]
    assert finding.advice.text == "upgrade numpy to a release that bundles openssl 1.0.0 or newer"


def test_what_bundles_itself_is_no_endless_loop():
    one = library("a", "1", part_of="two", reference="one")
    two = library("b", "1", part_of="one", reference="two")
    row = advisory("X-1", "generic", "a", events(ZERO))
    (finding,) = findings([one, two], row).findings
    assert [owner.name for owner in finding.owners] == ["b"]


def test_what_cannot_be_compared_is_named():
    rows = [
        advisory("X-1", "PyPI", "x", events(("introduced", "2004d"))),
        advisory("X-2", "PyPI", "x", events(ZERO, ("fixed", "1.0")), aliases=["X-3"]),
        advisory("X-3", "PyPI", "x", events(("introduced", "2004d"))),
    ]
    report = findings([package("x", "2"), library("y", None, purl=None)], *rows)
    assert ids(report) == []
    assert [(one.component.name, one.advisories) for one in report.unchecked] == [
        ("x", ("X-1",)),  # another advisory decides about X-3
        ("y", ()),
    ]


def test_statements_silence_until_they_expire():
    rows = [
        advisory("GHSA-1", "PyPI", "x", events(ZERO), aliases=["CVE-1"]),
        advisory("GHSA-2", "PyPI", "x", events(ZERO)),
    ]
    ignores = [
        Ignore(id="cve-1", reason="not called", until=date(2026, 12, 31)),
        Ignore(id="GHSA-2", reason="of another", until=date(2026, 12, 31), component="y"),
        Ignore(id="GHSA-9", reason="never found", until=date(2026, 12, 31)),
    ]
    report = findings([package("x", "1")], *rows, ignores=ignores)
    assert ids(report) == [("x", "GHSA-2")]
    assert [one.ignored for one in report.silenced] == ignores[:1]
    assert report.unused == tuple(ignores[1:])
    report = findings([package("x", "1")], *rows, ignores=ignores, today=date(2026, 12, 31))
    assert ids(report) == [("x", "GHSA-2")]
    report = findings([package("x", "1")], *rows, ignores=ignores, today=date(2027, 1, 1))
    assert ids(report) == [("x", "CVE-1"), ("x", "GHSA-2")]
    assert report.expired == tuple(ignores[:1])


def test_statements_of_the_project_and_of_files(executable, run, tmp_path):
    path = executable(package("x", "1"))
    rows = [advisory(f"X-{number}", "PyPI", "x", events(ZERO)) for number in (1, 2, 3)]
    folder = write_database(tmp_path / "database", *rows)
    (tmp_path / "pyproject.toml").write_text(
        '[[tool.obelisk.audit.ignore]]\nid = "X-1"\nreason = "not called"\nuntil = 2999-01-01\n'
    )
    (tmp_path / "more.toml").write_text(
        'ignore = [{ id = "X-2", reason = "why", until = 2999-01-01 },\n'
        '{ id = "X-3", reason = "why", until = 2020-01-01 }]\n'
    )
    captured = run(path, "--database", folder, "--ignore-file", "more.toml", status=10)
    assert "X-3" in captured.out
    assert "X-1" not in captured.out + captured.out.replace("X-3", "")
    assert "X-1 of x 1 is ignored until 2999-01-01: not called" in captured.err
    assert "warning: `X-3` counts again: its `ignore` expired on 2020-01-01" in captured.err
    assert "error: vulnerabilities: 1, in components: 1" in captured.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('ignore = [{ id = "X" }]', "`reason` is missing"),
        ('ignore = [{ id = "X", reason = " " }]', "`reason` is missing"),
        ('ignore = [{ reason = "x" }]', "`id` is missing"),
        ('ignore = [{ id = "X", reason = "x" }]', "`until` of `X`"),
        ('ignore = [{ id = "X", reason = "x", until = "2026-01-01" }]', "must be a date"),
        ('ignore = [{ id = "X", reason = "x", until = 2026-01-01T00:00:00Z }]', "must be a date"),
        ('ignore = [{ id = "X", reason = "x", untill = 2026-01-01 }]', "did you mean `until`?"),
        ('ignore = ["X"]', "must be a list of tables"),
        ("ignor = []", "did you mean `ignore`?"),
        ("ignore = [", "invalid TOML"),
    ],
)
def test_statements_are_checked(run, executable, tmp_path, text, message):
    path = executable()
    (tmp_path / "ignore.toml").write_text(text)
    assert message in run(path, "--offline", "--ignore-file", "ignore.toml", status=2).err


def test_a_build_checks_the_table_and_takes_it(capsys, tmp_path):
    project = '[project]\nname = "app"\n[project.scripts]\napp = "app:main"\n'
    path = tmp_path / "pyproject.toml"
    row = '[[tool.obelisk.audit.ignore]]\nid = "X"\nreason = "y"\n'
    for text, status in ((row + "until = 2999-01-01\n", 0), (row, 2)):
        path.write_text(project + text)
        with pytest.raises(SystemExit) as caught:
            cli.main(["plan"])
        assert caught.value.code == status, capsys.readouterr().err


LOCKS = {
    "uv.lock": (
        'version = 1\n[[package]]\nname = "urllib3"\nversion = "2.4.0"\n'
        'source = { registry = "https://pypi.org/simple" }\n'
        '[[package]]\nname = "app"\nversion = "1"\nsource = { editable = "." }\n'
    ),
    "pylock.toml": (
        'lock-version = "1.0"\n[[packages]]\nname = "urllib3"\nversion = "2.4.0"\n'
        '[[packages]]\nname = "app"\ndirectory = { path = "." }\n'
    ),
    "requirements.txt": f"urllib3==2.4.0 \\\n  --hash=sha256:{'0' * 64}\nother>=1\n./folder\n",
}


@pytest.mark.parametrize("name", LOCKS)
def test_lockfiles(run, tmp_path, name):
    (tmp_path / name).write_text(LOCKS[name])
    folder = write_database(tmp_path / "database", *PLANTED)
    captured = run(name, "--database", folder, status=10)
    assert "urllib3 2.4.0" in captured.out
    assert "upgrade urllib3 to 2.5.0 or newer" in captured.out
    assert ("not known: other" in captured.err) is (name == "requirements.txt")


def test_a_lockfile_of_cargo_has_crates(run, tmp_path):
    (tmp_path / "Cargo.lock").write_text(
        'version = 4\n[[package]]\nname = "openssl"\nversion = "0.10.54"\n'
    )
    folder = write_database(tmp_path / "database", *PLANTED)
    assert "RUSTSEC-2023-0044" in run("Cargo.lock", "--database", folder, status=10).out


@pytest.mark.parametrize("name", ["pyproject.toml", "notes.toml", "x.lock"])
def test_what_is_no_lockfile(run, tmp_path, name):
    (tmp_path / name).write_text('[project]\nname = "x"\n')
    assert "is not a lockfile" in run(name, "--offline", status=2).err


def test_a_fleet_is_one_table(executable, run, tmp_path, tiny_runtime):
    (tmp_path / "fleet/more").mkdir(parents=True)
    for number in range(5):
        executable(OPENSSL, MUSL, name=f"fleet/more/app-{number}")
    executable(package("urllib3", "2.4.0"), name="fleet/other")
    (tmp_path / "fleet/README.md").write_text("x")
    (tmp_path / "fleet/link").symlink_to("other")
    (tmp_path / "fleet/elf").write_bytes(b"\x7fELF" + bytes(100))
    folder = write_database(tmp_path / "database", *PLANTED)
    captured = run("fleet", "--database", folder, status=10)
    (line,) = (line for line in captured.out.splitlines() if "CVE-2025-1001" in line)
    assert "app-0, app-1, app-2 and 2 more" in line
    assert "Audited 6 files with 11 components" in captured.err
    assert "skipped 3 other files" in captured.err
    rows = json.loads(run("fleet", "--database", folder, "--json", status=10).out)
    assert rows["skipped"] == 3
    paths = [row["path"] for row in rows["findings"] if row["id"] == "CVE-2025-1001"]
    assert paths == [f"fleet/more/app-{number}" for number in range(5)]


def test_damaged_executables_in_a_fleet_are_named(executable, run, tmp_path):
    (tmp_path / "fleet").mkdir()
    path = executable(OPENSSL, name="fleet/app")
    data = path.read_bytes().replace(b'"openssl"', b'"opensst"')
    path.write_bytes(data)
    captured = run("fleet", "--offline", status=7)
    assert "cannot audit fleet/app" in captured.err
    assert "checksum mismatch in `manifest`" in captured.err
    assert "not audited, since it could not be read: 1" in captured.err
    assert "is corrupt" in run("fleet/app", "--offline", status=7).err


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_in_a_fleet_is_named(executable, run, tmp_path):
    _closed_folder(executable, tmp_path)
    captured = run("fleet", "--offline", status=7)
    assert "cannot audit fleet/closed: cannot read fleet/closed: Permission denied" in captured.err
    assert "not audited, since it could not be read: 1" in captured.err


def test_what_may_not_be_read_in_a_fleet_is_known(executable, tmp_path, monkeypatch):
    """The same as root, to whom no folder is closed: it goes while the others are looked at."""
    _closed_folder(executable, tmp_path)
    found = os.walk

    def walk(top, **options):
        for parent, folders, names in found(top, **options):
            if "closed" in folders:
                (tmp_path / "fleet/closed").chmod(0o700)
                shutil.rmtree(tmp_path / "fleet/closed")
            yield parent, folders, names

    monkeypatch.setattr(os, "walk", walk)
    fleet = read_fleet(tmp_path / "fleet")
    assert [path.name for path, _ in fleet.executables] == ["app"]
    ((path, reason),) = fleet.unreadable
    assert path == tmp_path / "fleet/closed"
    assert "No such file or directory" in reason


def _closed_folder(executable, folder):
    (folder / "fleet/closed").mkdir(parents=True)
    executable(OPENSSL, name="fleet/app")
    executable(OPENSSL, name="fleet/closed/app")
    (folder / "fleet/closed").chmod(0)


def test_a_database_of_malformed_documents_says_what_is_wrong(executable, run, tmp_path):
    (tmp_path / "database").mkdir()
    (tmp_path / "database/x.json").write_text("[[[")
    path = executable(OPENSSL)
    captured = run(path, "--database", "database", "--offline", status=2)
    assert "no advisories in database: database/x.json: " in captured.err


def test_an_executable_that_is_cut_is_still_one(executable, tmp_path):
    path = executable(OPENSSL, MUSL)
    data = path.read_bytes()
    seen = set()
    for size in range(0, len(data), 16):
        path.write_bytes(data[:size])
        try:
            seen.add(len(read_components(path)))
        except VerifyError as error:
            seen.add("is corrupt" in str(error))
    assert seen == {False, True, 2}  # too short to tell, damaged, and cut behind the payload


def test_a_folder_without_executables_is_an_error(run, tmp_path):
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet/uv.lock").write_text("version = 1\n")
    captured = run("fleet", "--offline", status=2)
    assert "no Obelisk executables in fleet (1 other files)" in captured.err


@pytest.mark.parametrize("data", [b"", b"#!/bin/sh\n", b"\x7fELF", b"\x7fELF" + bytes(200)])
def test_what_is_no_executable(run, tmp_path, data):
    (tmp_path / "x").write_bytes(data)
    assert "is not an Obelisk executable" in run("x", "--offline", status=7).err


@pytest.mark.parametrize(
    "manifest",
    [b"", b"[]", b"{}", b'{"components": {}}', b'{"components": [{"kind": "planet"}]}'],
)
def test_damaged_manifests_are_errors(tmp_path, tiny_runtime, manifest):
    path = write_executable(tmp_path / "app", tiny_runtime, manifest)
    with pytest.raises(VerifyError):
        read_components(path)


def test_executables_of_an_older_obelisk_are_audited_as_far_as_they_tell(
    run, tmp_path, tiny_runtime
):
    manifest = {
        "version": 1,
        "python": "3.14.6",
        "packages": [{"name": "URLLib3", "version": "2.4.0", "license": None}, {"name": 1}, 3],
        "libraries": [{"name": "openssl", "version": "3.5.1", "license": "Apache-2.0"}],
    }
    path = write_executable(tmp_path / "app", tiny_runtime, manifest)
    assert [one.reference for one in read_components(path)] == [
        "pkg:generic/cpython@3.14.6",
        "pkg:generic/openssl@3.5.1",
        "pkg:pypi/urllib3@2.4.0",
    ]
    folder = write_database(tmp_path / "database", *PLANTED)
    captured = run(path, "--database", folder, status=10)
    assert {"CVE-2025-1001", "GHSA-2002-aaaa-bbbb"} <= set(captured.out.split())


def test_sarif(executable, run, tmp_path):
    path = executable(package("urllib3", "2.4.0"), OPENSSL)
    (tmp_path / "ignore.toml").write_text(
        'ignore = [{ id = "CVE-2025-1001", reason = "not called", until = 2999-01-01 }]\n'
    )
    folder = write_database(tmp_path / "database", *PLANTED)
    options = ("--database", folder, "--sarif", "out.sarif", "--ignore-file", "ignore.toml")
    run(path, *options, status=10)
    first = (tmp_path / "out.sarif").read_bytes()
    log = json.loads(first)
    assert log["version"] == "2.1.0"
    (done,) = log["runs"]
    rules = done["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted(rule["id"] for rule in rules)
    by_rule = {result["ruleId"]: result for result in done["results"]}
    for result in done["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"] == {"uri": "app"}
    assert by_rule["CVE-2025-1001"]["level"] == "error"
    assert by_rule["CVE-2025-1001"]["suppressions"] == [
        {"kind": "external", "justification": "not called (until 2999-01-01)"}
    ]
    assert "suppressions" not in by_rule["GHSA-2002-aaaa-bbbb"]
    assert "upgrade urllib3" in by_rule["GHSA-2002-aaaa-bbbb"]["message"]["text"]
    run(path, *options, status=10)
    assert (tmp_path / "out.sarif").read_bytes() == first


def test_text_of_others_cannot_control_the_terminal(executable, run, tmp_path):
    evil = "x\x1b[2J\u202e[red]\ud800"
    path = executable(library(evil, "1.0", purl=None))
    row = advisory("X-1", "generic", "x", events(ZERO))
    row["affected"][0]["package"]["name"] = evil
    row["summary"] = evil
    folder = write_database(tmp_path / "database", row)
    captured = run(path, "--database", folder, "--sarif", "out.sarif", status=10)
    assert "\x1b" not in captured.out + captured.err
    assert "\\x1b[2J" in captured.out
    assert "[red]" in captured.out
    run(path, "--database", folder, "--json", status=10)


def test_without_paths_or_with_both_ways_to_ask(run):
    assert "name an executable" in run(status=2).err
    options = ("x.lock", "--offline", "--api", "http://127.0.0.1:1")
    assert "does not exist" in run(*options, status=2).err


texts = st.text(max_size=8)
purls = st.one_of(
    texts,
    st.builds(
        "pkg:{}/{}@{}".format, st.sampled_from(["pypi", "generic", "rpm", "x"]), texts, texts
    ),
)
components = st.builds(
    Component,
    reference=texts,
    kind=st.sampled_from(Kind),
    name=texts,
    version=st.none() | texts,
    purl=st.none() | purls,
    cpe=st.none() | texts,
    part_of=st.none() | texts,
    patches=st.lists(texts, max_size=2).map(tuple),
    told_by=st.sampled_from(["pin", "sbom"]),
)


@settings(deadline=None)
@given(st.lists(components, max_size=4))
def test_no_manifest_makes_an_audit_fail(drawn):
    """Every component has an advisory, by each name that it is looked up by."""
    database = Database()
    for key in sorted(wanted_keys(drawn)):
        ecosystem, _, name = key.partition(":")
        ecosystem = {"library": "generic", "repository": "GIT"}.get(ecosystem, ecosystem)
        row = advisory(f"X-{database.read}", ecosystem, name, events(ZERO, ("fixed", "2")))
        database.add(advisory_of(row))
    subjects = Subjects(components=(("app", tuple(drawn)),))
    report = audit(subjects, database, (), date(2026, 1, 1))
    assert json.dumps(to_json(report))
    text = table(report.findings, 2, 100)
    assert text.replace("\n", "").isprintable()
    assert all(one for one in (*remarks(report), *notes(report)))
    assert json.dumps(to_sarif(report, Path("/")))

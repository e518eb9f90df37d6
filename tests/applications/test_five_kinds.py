"""An executable with all kinds of packages, of which lxml is compiled with our own libraries."""

import json

import pytest
from materials import check_code, check_documents
from support import APPS, obelisk, run

from obelisk.components.component import Kind, Linkage, components_of
from obelisk.services.pins import shipped_pins

pytestmark = [pytest.mark.compile, pytest.mark.network, pytest.mark.application]

APP = APPS / "five_kinds.py"
OURS = ("libxml2", "libxslt")


@pytest.fixture(scope="module")
def executable(tmp_path_factory, python_version):
    path = tmp_path_factory.mktemp("five-kinds") / "app"
    obelisk("build", APP, "-q", "--python", python_version, "-o", path)
    return path


@pytest.fixture(scope="module")
def components(executable):
    return components_of(json.loads(obelisk("inspect", "--json", executable)))


def test_it_runs_with_our_libraries(executable, tmp_path):
    done = run([executable], cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    ours = [" ".join(shipped_pins()[name].version.split(".")) for name in OURS]
    first, *others = done.stdout.splitlines()
    assert [words.strip().removesuffix(" 0") for words in first.split("/")] == ours
    assert others == ["42", "True False", "6 binary True True"]


def test_libraries_that_were_compiled_in_are_those_of_the_pins(components):
    (lxml,) = (one for one in components if one.name == "lxml")
    by_reference = {one.reference: one for one in components}
    needed = {by_reference[need].name: by_reference[need] for need in lxml.needs}
    for name in OURS:
        found = needed[name]
        assert (found.version, found.linkage) == (shipped_pins()[name].version, Linkage.STATIC)
        assert set(found.files) & set(lxml.files)
    assert "compiler-rt" in {one.name for one in components}


def test_each_package_has_the_hash_of_its_archive(components):
    """Without a lock: the index tells, also of what was built from source."""
    packages = {one.name: one for one in components if one.kind == Kind.PACKAGE and not one.part_of}
    assert set(packages) >= {"cryptography", "lxml", "numpy", "psycopg", "requests", "idna"}
    for name, one in packages.items():
        assert len(one.sha256 or "") == 64, name
        kind = ".tar.gz" if name == "lxml" else ".whl"
        assert one.origin.startswith("https://files.pythonhosted.org/"), name
        assert one.origin.endswith(kind), name


def test_both_documents_are_valid_and_complete(executable, components, tmp_path):
    check_documents(executable, components, "five_kinds", tmp_path)


def test_licenses_names_every_component(executable, components):
    rows = json.loads(obelisk("licenses", executable, "--json"))["components"]
    assert sorted(row["reference"] for row in rows) == sorted(one.reference for one in components)


def test_every_byte_of_code_has_a_component(executable, components, python_version):
    check_code(executable, components, python_version)


def test_nothing_in_it_is_known_to_be_vulnerable_or_corrupt(executable, tmp_path):
    obelisk("audit", executable, "--offline", cwd=tmp_path)
    obelisk("verify", executable)


def test_it_is_rebuilt_with_the_same_bytes(executable, tmp_path):
    again = tmp_path / "again"
    assert "identical" in obelisk("rebuild", executable, "--project", APP, "-o", again)
    assert again.read_bytes() == executable.read_bytes()

"""Everything in an executable has a component, and its bills of materials say so."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from materials import built, check_code, check_documents, code_segments
from support import APPS, obelisk, run
from uv import find_uv_bin

from obelisk.components.component import Kind, Linkage, components_of
from obelisk.components.pinned import libcxx_version, own
from obelisk.distribution.components import runtime_components
from obelisk.recipes.build import merge_into_sysroot
from obelisk.runtime import link
from obelisk.runtime.linkmap import library_sizes, stretches
from obelisk.services.pins import shipped_pins
from obelisk.target import DEFAULT_TARGET, parse_target
from obelisk.toolchain.clang import VERSION, write_toolchain

pytestmark = [pytest.mark.compile, pytest.mark.network]


@pytest.fixture(scope="module")
def executable(tmp_path_factory, python_version):
    folder = tmp_path_factory.mktemp("materials")
    project = shutil.copytree(APPS / "materials", folder / "project")
    (project / "strange").mkdir()
    (project / "strange/libstrange.so.7").write_bytes(strange(project))
    argv = [find_uv_bin(), "lock", "--quiet", "--python", sys.executable]
    subprocess.run(argv, cwd=project, check=True)
    obelisk(
        *("build", "-q", "--python", python_version, "--sbom", "app.spdx.json"),
        cwd=project,
        env={"SOURCE_DATE_EPOCH": "1700000000"},
    )
    return project / "dist/materials"


def strange(folder):
    """Return a shared object that nobody knows."""
    chain = write_toolchain(parse_target(DEFAULT_TARGET), folder / "toolchain")
    (folder / "strange.c").write_text("int strange(void) { return 42; }\n")
    made = folder / "strange/made.so"
    argv = [chain.tool("cc-shared"), "-shared", "-nostdlib", "strange.c", "-o", made]
    env = chain.environment()
    subprocess.run(argv, cwd=folder, env=env, check=True)
    shutil.rmtree(folder / "toolchain")
    data = made.read_bytes()
    made.unlink()
    return data


@pytest.fixture(scope="module")
def components(executable):
    found = components_of(json.loads(obelisk("inspect", "--json", executable)))
    return {one.reference: one for one in found}


@pytest.fixture
def named(components):
    """A function that returns the one component of a name that is part of a package, or of none."""

    def find(name, part_of=None):
        whole = f"pkg:pypi/{part_of}@" if part_of else ""
        (found,) = (
            one
            for one in components.values()
            if one.name == name
            and one.kind != Kind.CRATE
            and (one.part_of or "").startswith(whole)
            and bool(one.part_of) == bool(part_of)
        )
        return found

    return find


def test_it_runs_and_has_the_texts_of_licenses(executable, tmp_path):
    done = run([executable], cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    number = "{}{:0>2}{:0>2}".format(*shipped_pins()["libxml2"].version.split("."))
    assert done.stdout.splitlines() == [
        *(f"libxml2 {number}", "4.0 32 200", "b binary"),
        "Apache License",
    ]


def test_packages_have_their_hashes_origins_and_needs(named, components):
    numpy, own_package = named("numpy"), named("materials")
    assert (numpy.kind, numpy.linkage) == (Kind.PACKAGE, Linkage.OBJECT)
    assert len(numpy.sha256) == len(hashlib.sha256().hexdigest())
    assert numpy.origin.endswith(".whl")
    assert named("requests").linkage == Linkage.BYTECODE
    assert own_package.sha256 is None
    assert own_package.license == "0BSD"
    needed = {components[need].name for need in own_package.needs}
    assert needed >= {"numpy", "cryptography", "requests", "lxml", "psycopg", "psycopg-binary"} - {
        "psycopg-binary"
    }
    psycopg = {components[need].name for need in named("psycopg").needs}
    assert "psycopg-binary" in psycopg
    assert "idna" in {components[need].name for need in named("requests").needs}


def test_libraries_in_wheels_are_listed(named):
    openblas = named("openblas", "numpy")
    assert openblas.version[0].isdigit()
    assert "openblas" in openblas.files[0]
    assert openblas.cpe.startswith("cpe:2.3:a:openblas_project:openblas:")
    assert named("libgcc", "numpy").told_by == "sbom"
    assert named("libpq", "psycopg-binary").linkage == Linkage.OBJECT
    assert named("libcrypto3", "psycopg-binary").version != shipped_pins()["openssl"].version
    libxml2 = named("libxml2", "lxml")
    assert (libxml2.linkage, libxml2.told_by) == (Linkage.STATIC, "text")
    assert libxml2.version.startswith("2.")


def test_crates_and_the_openssl_of_cryptography_are_listed(named, components):
    openssl = named("openssl", "cryptography")
    assert openssl.version > "4"
    assert openssl.sha256
    crates = [one for one in components.values() if one.kind == Kind.CRATE]
    assert {"pyo3", "asn1", "openssl-sys"} <= {one.name for one in crates}
    pyo3 = next(one for one in crates if one.name == "pyo3")
    assert (pyo3.purl, pyo3.linkage) == (f"pkg:cargo/pyo3@{pyo3.version}", Linkage.STATIC)
    assert {components[need].name for need in pyo3.needs} >= {"pyo3-ffi", "libc"}


def test_what_was_linked_into_a_package_from_source_is_listed(named, components):
    """By the marks in it, since nothing else tells."""
    needed = {components[need].name: components[need] for need in named("materials").needs}
    (path,) = named("materials").files
    libxml2 = needed["libxml2"]
    assert (libxml2.version, libxml2.sha256) == (
        shipped_pins()["libxml2"].version,
        shipped_pins()["libxml2"].origins[0].sha256,
    )
    assert libxml2.license_texts == (".obelisk/licenses/LICENSE.libxml2.txt",)
    assert path in libxml2.files
    for name in ("libcxx", "libcxxabi", "libunwind"):
        assert needed[name].version == libcxx_version()
        assert needed[name].license_texts == (".obelisk/licenses/LICENSE.llvm.txt",)


def test_an_unknown_library_is_listed_by_its_name(named):
    found = named("libstrange")
    assert (found.version, found.license, found.kind) == (None, None, Kind.FILE)
    assert found.files == (".obelisk/lib/libstrange.so.7",)


def test_every_text_of_a_license_is_in_the_executable(components, executable):
    inside = {
        file["path"] for file in json.loads(obelisk("inspect", "--json", executable))["files"]
    }
    for one in components.values():
        assert inside.issuperset(one.license_texts), one
    assert "LICENSE.libxml2.txt" in " ".join(inside)


def test_no_path_of_this_machine_is_in_a_component(components, executable):
    text = json.dumps([one.to_json() for one in components.values()])
    assert str(executable.parents[2]) not in text
    assert "file://" not in text
    assert f"{Path.home()}/" not in text


def test_both_documents_are_valid_complete_and_the_same_each_time(executable, components, tmp_path):
    places = check_documents(executable, components.values(), "materials", tmp_path)
    document = json.loads(places["cyclonedx"].read_text())
    assert document["metadata"]["timestamp"] == "2023-11-14T22:13:20+00:00"
    # What the build wrote.
    assert (executable.parents[1] / "app.spdx.json").read_text() == places["spdx"].read_text()


def test_every_byte_of_code_in_an_executable_has_a_component(
    executable, components, python_version
):
    check_code(executable, components.values(), python_version)


def test_every_byte_of_code_in_the_runtime_has_a_component(python_version, tmp_path):
    """From the linker's own map: what it does not name is padding."""
    distribution, _ = built(python_version)
    chain = write_toolchain(distribution.target, tmp_path / "toolchain")
    merge_into_sysroot(distribution.sysroot, chain.root)
    job = link._Job(chain, distribution, link.RuntimeOptions(), tmp_path)
    link._link(job, tmp_path / "runtime")
    text = job.map.read_text()
    found = runtime_components(distribution, library_sizes(text, job.objects), shipped_pins())
    names = {one.name for one in (*found, own())}
    mapped = sorted(
        (one.address, one.address + one.size, one.library)
        for one in stretches(text, job.objects)
        if one.size
    )
    with (tmp_path / "runtime").open("rb") as stream:
        elf = ELFFile(stream)
        segments = code_segments(elf)
        assert segments
        for segment in segments:
            begin, size = segment["p_vaddr"], segment["p_filesz"]
            stream.seek(segment["p_offset"])
            code = stream.read(size)
            place = begin
            for start, end, library in mapped:
                if begin <= start < begin + size:
                    assert library in names, f"{library} at {start:#x} has no component"
                    padding = code[max(place - begin, 0) : start - begin]
                    assert set(padding) <= {0, 0xCC, 0x90}, f"code at {place:#x} is in no map"
                    place = max(place, end)
            assert set(code[place - begin :]) <= {0, 0xCC}


def test_what_is_in_every_runtime_is_listed(components):
    names = {one.name for one in components.values() if one.linkage == Linkage.STATIC}
    assert names >= {
        "cpython",
        "musl",
        "mimalloc",
        "compiler-rt",
        "expat",
        "mpdecimal",
        "hacl-star",
    }
    assert names >= {"openssl", "sqlite", "zlib", "xz", "bzip2", "zstd", "libffi", "ncurses"}
    rt = next(one for one in components.values() if one.name == "compiler-rt")
    assert rt.version == VERSION
    python = next(one for one in components.values() if one.kind == Kind.INTERPRETER)
    assert {"pkg:generic/musl@" + shipped_pins()["musl"].version} <= set(python.needs)
    expat = next(one for one in components.values() if one.name == "expat")
    assert (expat.part_of, bool(expat.sha256)) == (python.reference, True)


def test_sbom_of_one_executable_only(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "two"\nversion = "1"\n[project.scripts]\na = "two:a"\nb = "two:b"\n'
    )
    said = obelisk("build", "--sbom", "x.json", cwd=tmp_path, status=2)
    assert "`--sbom` is for one executable, but 2 are built" in said


def test_sbom_of_what_is_none(tmp_path):
    (tmp_path / "x").write_bytes(b"none")
    assert "is not an Obelisk executable" in obelisk("sbom", tmp_path / "x", status=7)


def test_copies_of_packages_inside_others(tmp_path):
    """What setuptools brings in `_vendor` has versions, licenses and faults of its own."""
    (tmp_path / "script.py").write_text(
        '# /// script\n# dependencies = ["setuptools==80.9.0"]\n# ///\nimport setuptools\n'
    )
    obelisk("build", "-q", "script.py", "-o", "app", cwd=tmp_path)
    assert "installed, but not listed" not in obelisk("verify", "app", cwd=tmp_path)
    manifest = json.loads(obelisk("inspect", "--json", "app", cwd=tmp_path))
    found = {one.name: one for one in components_of(manifest) if one.kind == Kind.PACKAGE}
    assert found["packaging"].part_of == "pkg:pypi/setuptools@80.9.0"
    assert found["autocommand"].license == "LGPL-3.0-only"
    assert found["autocommand"].linkage == Linkage.BYTECODE

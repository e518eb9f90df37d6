"""The distribution as others would use it: listed, described, extracted, relinkable."""

import json
import subprocess
from pathlib import Path

import pytest
from support import obelisk

from obelisk.recipes import RECIPES

pytestmark = pytest.mark.compile


@pytest.fixture(scope="session")
def archive(python_version):
    printed = obelisk("distribution", "build", "--python", python_version, "-q")
    return Path(printed.strip())


@pytest.fixture(scope="session")
def extracted(archive, tmp_path_factory):
    folder = tmp_path_factory.mktemp("extracted") / "out"
    obelisk("distribution", "extract", archive, folder, "-q")
    return folder / "python"


@pytest.fixture(scope="session")
def description(extracted):
    return json.loads((extracted / "PYTHON.json").read_text())


def test_a_second_build_does_nothing(archive, python_version):
    before = archive.stat().st_mtime_ns, sorted(path.name for path in archive.parent.iterdir())
    said = obelisk("distribution", "build", "--python", python_version, stderr=True)
    assert said.splitlines() == [str(archive)], "there was no step"
    after = archive.stat().st_mtime_ns, sorted(path.name for path in archive.parent.iterdir())
    assert before == after
    listed = obelisk("distribution", "list", "--json")
    rows = json.loads(listed)["distributions"]
    assert {row["cached"] for row in rows if row["python"].startswith(python_version)} == {True}


def test_info_and_licenses(archive, python_version):
    by_archive = json.loads(obelisk("distribution", "info", archive, "--json"))
    by_version = json.loads(obelisk("distribution", "info", python_version, "--json"))
    assert by_archive == by_version
    assert by_archive["extensions"]["_ssl"]["links"] == ["ssl", "crypto"]
    assert by_archive["extensions"]["_ssl"]["licenses"] == ["Apache-2.0"]
    licenses = obelisk("distribution", "licenses", archive)
    assert "readline: BSD-3-Clause" in licenses
    assert "GPL" not in licenses


def test_the_description_is_of_format_8(description, python_version):
    assert description["version"] == "8"
    assert description["target_triple"] == "x86_64-unknown-linux-musl"
    assert description["python_major_minor_version"] == python_version
    assert description["libpython_link_mode"] == "static"
    assert "static" in description["crt_features"]


def test_everything_to_link_it_again_is_there(extracted, description):
    info = description["build_info"]
    named = [info["inittab_object"], info["inittab_source"], info["core"]["static_lib"]]
    named += info["core"]["objs"]
    for variants in info["extensions"].values():
        for variant in variants:
            named += variant["objs"] + variant.get("license_paths", [])
            named += [link["path_static"] for link in variant["links"]]
    missing = [path for path in named if not (extracted / path).is_file()]
    assert missing == []
    assert len(info["extensions"]) > 80


def test_libraries_that_wheels_expect_are_those_of_the_table(extracted):
    shared = {path.name for path in (extracted / "build/lib").glob("*.so.*")}
    assert shared == {name for recipe in RECIPES.values() for name in recipe.shared}


def test_every_licence_is_there(extracted, description):
    names = {path.name for path in (extracted / "licenses").iterdir()}
    assert names >= {f"LICENSE.{one['name']}.txt" for one in description["obelisk_sources"]}
    incorporated = (extracted / "licenses/LICENSE.cpython-incorporated.rst").read_text()
    assert "expat" in incorporated
    assert "libmpdec" in incorporated


def test_no_path_of_the_build_is_inside(extracted):
    cache = obelisk("cache", "dir").strip().encode()
    with_path = [
        path.relative_to(extracted)
        for path in extracted.rglob("*")
        if path.is_file() and cache in path.read_bytes()
    ]
    assert with_path == []


def test_nothing_is_known_of_who_built_it(description):
    variables = description["python_config_vars"]
    assert [name for name, text in variables.items() if str(Path.home()) in text] == []
    assert variables["userbase"] == "~/.local"


def test_packages_are_not_told_how_python_itself_was_compiled(extracted, description):
    config = extracted / description["python_stdlib_platform_config"]
    texts = [*config.glob("Makefile"), *config.parent.glob("_sysconfig*")]
    assert len(texts) >= 2
    for path in texts:
        text = path.read_text()
        assert "fprofile-use" not in text, path
        assert "ffat-lto-objects" not in text, path


def test_its_objects_are_native_code(extracted):
    """Who links them needs no compiler of LLVM's, let alone of the same version."""
    objects = [*extracted.glob("build/**/*.o"), *extracted.glob("build/Modules/**/*.a")]
    objects += extracted.glob("install/lib/python*/config-*/*.a")
    assert len(objects) > 200
    foreign = [path.name for path in objects if b".llvm.lto" in path.read_bytes()]
    assert foreign == []


def test_its_python_runs(extracted, description):
    python = extracted / description["python_exe"]
    code = "import ssl, sqlite3, sysconfig; print(sysconfig.get_config_var('SOABI'))"
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("x86_64-linux-musl")


def test_its_python_has_one_allocator(extracted, description):
    """Hashes for wide registers take aligned memory, and give it back by `free`."""
    python = extracted / description["python_exe"]
    code = "import hashlib; hashlib.blake2b(bytes(999)).digest(); hashlib.blake2s(b'a').digest()"
    subprocess.run([python, "-I", "-c", code], check=True)


def test_what_is_there_is_not_overwritten(archive, tmp_path):
    said = obelisk("distribution", "extract", archive, tmp_path, status=2)
    assert "already exists" in said

"""Executables are built again from what they carry: the same bytes, or what is missing is said."""

import hashlib
import json
import os
import shutil
import subprocess

import pytest
from support import obelisk, run, write_wheel
from uv import find_uv_bin

from obelisk.components.component import Kind, components_of

pytestmark = [pytest.mark.compile, pytest.mark.network]

SCRIPT = """\
# /// script
# dependencies = ["click>=8", "pyyaml"]
# [tool.obelisk]
# optimize = 1
# ///
import click, yaml
click.echo(yaml.safe_load("a: 1"))
"""


@pytest.fixture
def again(tmp_path, python_version):
    """Build in one folder and rebuild in another; return the executables."""

    def again(*what, options=(), **others):
        first, second = tmp_path / "first/app", tmp_path / "second/app"
        options_of_build = ("--name", "app", "--python", python_version, "-o", first)
        obelisk("build", *what, *options_of_build, cwd=tmp_path, **others)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        said = obelisk("rebuild", first, "-o", second, *options, cwd=elsewhere)
        return first, second, said

    return again


def test_a_requirement_gives_the_same_bytes_from_the_executable_alone(again, tmp_path):
    first, second, said = again("httpie", "--script", "http")
    assert first.read_bytes() == second.read_bytes()
    assert f"identical to {first}" in said
    assert run([second, "--version"], cwd=tmp_path).returncode == 0


def test_a_script_gives_the_same_bytes_wherever_it_is(again, tmp_path):
    script, copy = tmp_path / "hello.py", tmp_path / "copy/hello.py"
    copy.parent.mkdir()
    for path in (script, copy):
        path.write_text(SCRIPT)
    first, second, _ = again(script, options=("--project", copy))
    assert first.read_bytes() == second.read_bytes()
    assert run([second], cwd=tmp_path).stdout == "{'a': 1}\n"
    said = obelisk("rebuild", first, "-o", tmp_path / "third", status=2)
    assert "was built from the script `hello.py`" in said
    copy.write_text(SCRIPT.replace("click>=8", "click>=7"))
    said = obelisk("rebuild", first, "-o", tmp_path / "third", "--project", copy, status=2)
    assert "the dependencies of" in said
    obelisk("rebuild", first, "-o", tmp_path / "third", "--project", copy, "--upgrade")
    assert run([tmp_path / "third"], cwd=tmp_path).stdout == "{'a': 1}\n"


def hashes(executable):
    """The hashes of the archives of the packages in an executable, by their names."""
    found = components_of(json.loads(obelisk("inspect", "--json", executable)))
    return {one.name: one.sha256 for one in found if one.kind == Kind.PACKAGE and not one.part_of}


def test_a_script_keeps_the_hashes_of_its_lock_without_it(again, tmp_path):
    script, copy = tmp_path / "hello.py", tmp_path / "copy/hello.py"
    copy.parent.mkdir()
    for path in (script, copy):
        path.write_text(SCRIPT)
    subprocess.run([find_uv_bin(), "lock", "-q", "--script", script], check=True)
    lock = (tmp_path / "hello.py.lock").read_text()
    first, second, _ = again(script, options=("--project", copy))
    assert first.read_bytes() == second.read_bytes()
    known = hashes(second)
    assert known.keys() >= {"click", "PyYAML", "certifi", "tzdata"}
    assert all(known.values())
    assert f"sha256:{known['click']}" in lock


def test_hashes_are_known_without_a_lock_of_all_but_local_packages(again, tmp_path):
    wheel = write_wheel(tmp_path, ["tiny = tiny:main"])
    folder = project(tmp_path / "project")
    first, second, _ = again(folder, options=("--project", folder))
    assert {name for name, known in hashes(first).items() if known is None} == {"own"}
    assert hashes(second) == hashes(first)
    # Nothing is asked once it is in the cache.
    obelisk("build", folder, "-o", second, "--name", "app", env={"UV_OFFLINE": "1"})
    assert hashes(second) == hashes(first)
    obelisk("build", wheel, "-o", second)
    assert len(hashes(second)["tiny"]) == 64


def test_wheels_in_a_folder_have_their_hashes(tmp_path):
    (tmp_path / "wheels").mkdir()
    wheel = write_wheel(tmp_path / "wheels", ["tiny = tiny:main"])
    (tmp_path / "app.py").write_text(
        "# /// script\n# dependencies = ['tiny']\n# ///\nimport tiny\n"
    )
    env = {"UV_FIND_LINKS": str(wheel.parent), "UV_NO_INDEX": "1"}
    obelisk("build", "app.py", "-o", "app", cwd=tmp_path, env=env)
    with wheel.open("rb") as stream:
        assert hashes(tmp_path / "app")["tiny"] == hashlib.file_digest(stream, "sha256").hexdigest()
    assert os.fsencode(str(tmp_path)) not in (tmp_path / "app").read_bytes()


def test_parts_have_their_hashes(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "own"\nversion = "1"\n'
        '[tool.obelisk]\nmodule = "idna.core"\nparts = ["install idna"]\n'
    )
    obelisk("build", "-o", "app", cwd=tmp_path)
    assert hashes(tmp_path / "app")["idna"]


def test_what_training_saw_and_times_of_files_are_in_the_recipe(again, tmp_path):
    wheel = write_wheel(tmp_path, ["tiny = tiny:main"])
    options = ("--project", wheel)
    env = {"SOURCE_DATE_EPOCH": "1234567890"}
    first, second, _ = again(wheel, "--train", "", options=options, env=env)
    assert first.read_bytes() == second.read_bytes()


def test_a_wheel_must_be_the_same_one(again, tmp_path):
    wheel = write_wheel(tmp_path, ["tiny = tiny:main"])
    first, _, _ = again(wheel, options=("--project", wheel))
    files = {"tiny.py": "def main():\n    print('another')\n"}
    write_wheel(tmp_path, ["tiny = tiny:main"], files=files)
    third = tmp_path / "third"
    said = obelisk("rebuild", first, "-o", third, "--project", wheel, status=2)
    assert "is not the wheel that was built from" in said
    options = ("--project", wheel, "--upgrade", "--json")
    found = json.loads(obelisk("rebuild", first, "-o", third, *options))
    assert (found["changes"], found["identical"]) == ([], False)
    assert run([third], cwd=tmp_path).stdout == "another\n"


def project(folder):
    folder.mkdir()
    (folder / "own.py").write_text("import yaml\ndef main(): print(yaml.safe_load('a: 1'))\n")
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "own"\nversion = "1"\ndependencies = ["pyyaml"]\n'
        '[project.scripts]\nown = "own:main"\n'
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[tool.hatch.build.targets.wheel]\nonly-include = ["own.py"]\n'
        '[tool.obelisk]\ndata = ["*.txt"]\n'
    )
    (folder / "note.txt").write_text("noted\n")
    return folder


def test_a_project_gives_the_same_bytes_with_its_folder(again, tmp_path):
    folder = project(tmp_path / "project")
    first, second, _ = again(folder, options=("--project", folder))
    assert first.read_bytes() == second.read_bytes()


def test_what_was_a_path_of_the_machine_is_named(again, tmp_path):
    wheel = write_wheel(tmp_path, ["tiny = tiny:main"])
    script = tmp_path / "app.py"
    script.write_text("print('hello')\n")
    first, _, _ = again(script, options=("--project", script))
    before = json.loads(obelisk("inspect", first, "--json"))
    shutil.rmtree(tmp_path / "elsewhere")
    more = ("--with", f"tiny @ {wheel.as_uri()}")
    obelisk("build", script, *more, "-o", first, "--python", before["python"])
    said = obelisk("rebuild", first, "-o", tmp_path / "third", "--project", script, status=2)
    assert "`tiny-1.0-py3-none-any.whl` of the requirements" in said


def test_an_executable_of_now_is_not_outdated(executables):
    path = executables("hello.py")
    assert obelisk("outdated", path) == f"{path}: current\n"
    (shown,) = json.loads(obelisk("outdated", path, "--json"))["executables"]
    assert not shown["outdated"]
    assert {row["name"] for row in shown["components"]} >= {"openssl", "sqlite", "musl"}


def test_no_path_of_the_machine_is_in_an_executable_with_a_recipe(again, tmp_path):
    script = tmp_path / "hello.py"
    script.write_text(SCRIPT)
    first, _, _ = again(script, options=("--project", script))
    data = first.read_bytes()
    assert os.fsencode(str(tmp_path)) not in data

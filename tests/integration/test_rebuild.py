"""Executables are built again from what they carry: the same bytes, or what is missing is said."""

import json
import os
import shutil

import pytest
from support import obelisk, run, write_wheel

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

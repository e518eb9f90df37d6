"""Bad input gets a clear error with its own status, and loses nothing."""

import os
import shutil
import signal
import subprocess
import sys

import pytest
from support import APPS, obelisk, write_wheel

pytestmark = [pytest.mark.compile, pytest.mark.network]


def build(*arguments, status, **options):
    said = obelisk("build", *arguments, status=status, **options)
    assert "Traceback" not in said
    assert "error: " in said
    return said


@pytest.fixture
def project(tmp_path):
    return shutil.copytree(APPS / "inventory", tmp_path / "inventory")


def edit(project, old, new):
    path = project / "pyproject.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_module_that_is_not_there(project):
    said = build("--entry", "inventory.clii:main", cwd=project, status=2)
    assert "did you mean `inventory.cli`?" in said
    assert not (project / "dist/inventory-app").exists()


def test_a_function_that_is_not_there(project):
    said = build("--entry", "inventory.cli:mian", cwd=project, status=2)
    assert "does not define `mian`" in said


def test_several_console_scripts(tmp_path):
    wheel = write_wheel(tmp_path, ["one = tiny:main", "two = tiny:main"])
    said = build(wheel, cwd=tmp_path, status=2)
    assert "choose one with `--script`: `one`, `two`" in said
    assert "did you mean `two`?" in build(wheel, "--script", "tow", cwd=tmp_path, status=2)


def test_no_console_script(tmp_path):
    assert "no console script" in build("certifi", cwd=tmp_path, status=2)


def test_a_dependency_that_does_not_resolve(project):
    edit(project, '"certifi"', '"certifi>9999"')
    said = build(cwd=project, status=4)
    assert "certifi>9999" in said


def test_a_package_without_native_code_cannot_be_made_pure(project):
    edit(project, "[tool.obelisk]", "[tool.obelisk]\npure = ['certifi']")
    said = build(cwd=project, status=2)
    assert "`pure` names `certifi`" in said


def test_a_wheel_with_the_name_that_is_reserved(tmp_path):
    file = ".obelisk/interpreter"
    wheel = write_wheel(tmp_path, ["tiny = tiny:main"], files={"tiny.py": "", file: "python=1\0"})
    said = build(wheel, cwd=tmp_path, status=4)
    assert f"{file}` in the executable, a name that is reserved" in said
    assert not (tmp_path / "dist/tiny").exists()


def test_a_marker_that_drops_the_requirement_itself(tmp_path):
    said = build("six; python_version < '3'", cwd=tmp_path, status=2)
    assert "`six` was not installed: a marker leaves it out" in said


def test_a_requirement_that_is_an_option(tmp_path):
    """An executable without its dependencies, and status 0, is what this was once."""
    header = '# /// script\n# dependencies = ["six", "--dry-run"]\n# ///\nimport six\n'
    (tmp_path / "app.py").write_text(header)
    said = build("app.py", cwd=tmp_path, status=2)
    assert "'--dry-run', which is not a requirement" in said
    assert not (tmp_path / "dist").exists()


def test_a_name_that_leads_elsewhere(tmp_path):
    (tmp_path / "project").mkdir()
    text = '[project]\nname = "app"\n[project.scripts]\napp = "app:main"\n'
    text += '[tool.obelisk]\nname = "../../outside"\n'
    (tmp_path / "project/pyproject.toml").write_text(text)
    said = build(cwd=tmp_path / "project", status=2)
    assert "'../../outside' cannot be the name of a file" in said
    assert os.listdir(tmp_path) == ["project"]


def test_a_native_library_that_is_not_there(project):
    edit(project, "[tool.obelisk]", "[tool.obelisk]\nnative-libraries = ['lib/*.so']")
    assert "`native-libraries` names `lib/*.so`" in build(cwd=project, status=2)


def test_a_script_that_does_not_compile(tmp_path):
    (tmp_path / "bad.py").write_text("def main(:\n")
    assert "cannot be compiled" in build("bad.py", cwd=tmp_path, status=4)


def test_a_failed_build_leaves_the_old_executable(tmp_path, python_version):
    (tmp_path / "app.py").write_text("print(1)\n")
    obelisk("build", "-q", "app.py", "--python", python_version, cwd=tmp_path)
    before = (tmp_path / "dist/app").read_bytes()
    (tmp_path / "app.py").write_text(
        '# /// script\n# [tool.obelisk]\n# smoke-test = ["x"]\n# ///\nraise SystemExit(3)\n'
    )
    said = build("app.py", "--python", python_version, cwd=tmp_path, status=7)
    assert "the smoke test exited with status 3" in said
    assert (tmp_path / "dist/app").read_bytes() == before
    assert os.listdir(tmp_path / "dist") == ["app"]


def test_read_only_output(tmp_path):
    (tmp_path / "app.py").write_text("")
    # /proc refuses new files, even of root.
    said = build("app.py", "-o", "/proc/app", cwd=tmp_path, status=8)
    assert "cannot write" in said


def test_output_that_is_a_folder(tmp_path):
    (tmp_path / "app.py").write_text("")
    (tmp_path / "dist/app").mkdir(parents=True)
    assert "is a folder" in build("app.py", cwd=tmp_path, status=2)


def test_a_full_disk(tmp_path, python_version):
    """The output is on a file system of one megabyte."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs root: " + mounted.stderr.decode())
    try:
        (tmp_path / "app.py").write_text("")
        options = ("-o", small / "app", "--python", python_version)
        said = build("app.py", *options, cwd=tmp_path, status=8)
        assert "No space left on device" in said
        assert os.listdir(small) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_an_interrupted_build_and_a_second_try(tmp_path, python_version):
    (tmp_path / "app.py").write_text("print('second')\n")
    command = [sys.executable, "-m", "obelisk", "build", "app.py", "--python", python_version]
    for step in ("Collecting", "Compiling"):
        with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
            while step not in process.stderr.readline():
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            said = process.stderr.read()
        assert process.returncode == 130, said
        assert "nothing half-made was left behind" in said
        assert os.listdir(tmp_path / "dist") == []
    obelisk("build", "-q", "app.py", "--python", python_version, cwd=tmp_path)
    assert subprocess.check_output([tmp_path / "dist/app"], text=True) == "second\n"

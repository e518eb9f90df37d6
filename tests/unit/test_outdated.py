"""Locks that were made for other dependencies than the application has now."""

import pytest

from obelisk.collect.outdated import outdated
from obelisk.config.recognize import read_request

DEPENDENCIES = (
    *("click>=8", "Rich[jupyter] >= 13.0; sys_platform != 'win32'", "Six", "own-lib>=2"),
    *("tool @ git+https://host/tool@main", "tomli<3; python_version < '3.12'"),
    "tomli<4; python_version >= '3.12'",
)
LOCK = """
version = 1
requires-python = ">=3.11"
[[package]]
name = "click"
version = "8.5.1"
source = { registry = "https://host/simple" }
[[package]]
name = "my-app"
version = "1"
source = { editable = "." }
[package.metadata]
requires-dist = [REQUIRES]
"""
REQUIRES = """
    { name = "click", specifier = ">=8" },
    { name = "idna", marker = "extra == 'x'" },
    { name = "rich", extras = ["jupyter"], marker = "sys_platform != 'win32'", specifier = ">=13" },
    { name = "six" },
    { name = "own-lib", directory = "../own" },
    { name = "tool", git = "https://host/tool?rev=main" },
    { name = "tomli", marker = "python_full_version < '3.12'", specifier = "<3" },
    { name = "tomli", marker = "python_full_version >= '3.12'", specifier = "<4" },
"""


def differing(folder, dependencies, lock=LOCK, more=""):
    text = f'[project]\nname = "My.App"\n{more}dependencies = {list(dependencies)!r}\n'
    (folder / "pyproject.toml").write_text(text)
    (folder / "uv.lock").write_text(lock.replace("REQUIRES", REQUIRES))
    return outdated(folder / "uv.lock", read_request(str(folder)).application)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"click>=8": "click>=8.0", "Six": "six"}, []),
        ({"click>=8": "click>=8.1"}, ["click"]),
        ({"click>=8": "click[all]>=8"}, ["click"]),
        ({"click>=8": None, "Six": "attrs"}, ["attrs", "click", "six"]),
        ({"own-lib>=2": "own-lib>=3"}, []),
        ({"tomli<3; python_version < '3.12'": None}, ["tomli"]),
        ({"tool @ git+https://host/tool@main": "tool @ git+https://host/tool@next"}, []),
    ],
)
def test_what_changed_since_it_was_locked(tmp_path, changed, found):
    now = [changed.get(text, text) for text in DEPENDENCIES]
    assert differing(tmp_path, filter(None, now)) == found


def test_a_lock_that_does_not_say_is_believed(tmp_path):
    assert differing(tmp_path, ["attrs"], lock="version = 1\n") == []
    dynamic = 'dynamic = ["dependencies"]\n'
    (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "my-app"\n{dynamic}')
    (tmp_path / "uv.lock").write_text(LOCK.replace("REQUIRES", REQUIRES))
    assert outdated(tmp_path / "uv.lock", read_request(str(tmp_path)).application) == []


def test_the_lock_of_a_script(tmp_path):
    script, lock = tmp_path / "script.py", tmp_path / "script.py.lock"
    script.write_text('# /// script\n# dependencies = ["rich>=13"]\n# ///\n')
    application = read_request(str(script)).application
    noted = '[manifest]\nrequirements = [{ name = "rich", specifier = ">=VERSION" }]\n'
    package = '[[package]]\nname = "rich"\n'
    lock.write_text(noted.replace("VERSION", "13") + package)
    assert outdated(lock, application) == []
    lock.write_text(noted.replace("VERSION", "12") + package)
    assert outdated(lock, application) == ["rich"]

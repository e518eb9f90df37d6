"""What builds from source need is made when the installer wants to build one, and not before."""

import json
from dataclasses import replace

import pytest
from support import APPS, obelisk, run, write_wheel

from obelisk.collect.provide import provide
from obelisk.config.recognize import read_request
from obelisk.distribution.distribution import obtain_distribution
from obelisk.errors import ConfigError
from obelisk.plan import make_plans
from obelisk.services.cache import Cache
from obelisk.services.console import Console, Verbosity
from obelisk.services.services import Services
from obelisk.target import DEFAULT_TARGET, parse_target

pytestmark = [pytest.mark.compile, pytest.mark.network]

PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "from-folder"
version = "1.0"
[tool.setuptools]
py-modules = ["from_folder"]
"""


@pytest.fixture
def installed(tmp_path, python_version):
    """A function that installs what an application needs; returns that and the work folder."""
    target = parse_target(DEFAULT_TARGET)
    console = Console(Verbosity.QUIET)
    services = Services(cache=Cache(), console=console, target=target, archives=None)
    work = tmp_path / "work"
    work.mkdir()

    def install(what, **others):
        request = read_request(str(what), console.warn)
        request = replace(request, settings=replace(request.settings, python=python_version))
        (plan,) = make_plans(request)
        distribution = obtain_distribution(services, plan.python)
        return provide(plan, replace(services, **others), distribution, work), work

    return install


def test_a_script_alone_needs_no_interpreter_of_the_installer(installed, tmp_path):
    provided, work = installed(APPS / "hello.py", cache=Cache(tmp_path / "cache"))
    assert provided.installed == []
    assert not (tmp_path / "cache").exists()
    assert not (work / "toolchain").exists()


def test_wheels_need_no_compilers(installed, tmp_path):
    wheel = write_wheel(tmp_path, ["tiny = tiny:main"])
    provided, work = installed(wheel)
    assert [one.key for one in provided.installed] == ["tiny"]
    assert not (work / "toolchain").exists()


def test_what_has_no_wheel_gets_them(installed, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "from_folder.py").write_text("x = 1\n")
    script = tmp_path / "script.py"
    script.write_text(
        f'# /// script\n# dependencies = ["from-folder @ {folder.as_uri()}"]\n# ///\n'
    )
    provided, work = installed(script)
    assert [one.key for one in provided.installed] == ["from-folder"]
    assert (work / "toolchain/environment.json").exists()


def test_a_command_is_asked_for_before_what_the_package_needs_is_installed(installed, tmp_path):
    with pytest.raises(ConfigError, match="`sphinx` has 4 console scripts"):
        installed("sphinx")
    found = [path.name.partition("-")[0] for path in tmp_path.rglob("*.dist-info")]
    assert found == ["sphinx"]


def test_a_pure_wheel_that_is_compiled_elsewhere_is_named(tmp_path, python_version):
    script = tmp_path / "script.py"
    script.write_text('# /// script\n# dependencies = ["black==26.10.1"]\n# ///\nimport black\n')
    output = tmp_path / "app"
    said = "black 26.10.1 is pure Python here, and slower: its compiled wheels are for glibc"
    for _ in range(2):  # the second one is from the cache
        options = ("--python", python_version, "-o", output)
        assert said in obelisk("build", script, *options, stderr=True)
        (found,) = json.loads(obelisk("build", "--json", script, *options))["executables"]
        assert found["uncompiled"] == [{"name": "black", "version": "26.10.1"}]
    assert run([output], cwd=tmp_path).returncode == 0

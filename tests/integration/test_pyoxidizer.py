"""Configurations of PyOxidizer of each kind: built, moved on from, and run."""

import shutil
import tomllib
from pathlib import Path

import pytest
from configurations import CONFIGURATIONS
from machines import ALL, machines
from support import obelisk, run

from obelisk.services import host
from obelisk.target import DEFAULT_TARGET, parse_target

pytestmark = [pytest.mark.compile, pytest.mark.network]

elsewhere = machines([target for target in ALL if not host.runs(target)])
OUTPUTS = {
    "template": "template works with data\n",
    "distribution-target": "depending 2.0 1.17.0\n",
    "locations": 'locations {"file": true}\n',
    "no-sources": "no-sources no text 1\n",
    "dropped": "dropped &lt; None x86_64-unknown-linux-musl\n",
    "stamped": "stamped 0.0.0\ncommand 0.0.0\n",
    "files-mode": "files-mode a note\n",
    "policy": (
        "policy {'jinja2.sandbox': False, 'markupsafe': True, 'app.extra': False,"
        " 'pydoc_data': False}\n"
    ),
    "old-api": "old-api 1 __init__.py\n",
}
"""What an executable of each kind prints in an empty root."""
PATHS = {"distribution-target": "lib/depending"}
"""Paths of executables that are not at the top."""
TARGETS = {"no-sources": ["install"]}
"""Targets that are named because the default is for another system."""


@pytest.fixture
def project(tmp_path):
    """A function that copies a configuration to a folder of its own."""

    def copy(name):
        return shutil.copytree(CONFIGURATIONS / name, tmp_path / "projects" / name)

    return copy


def build(folder, python, *arguments, **options):
    return obelisk("build", "-q", "--python", python, *arguments, cwd=folder, **options)


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_configuration_is_built_and_moved_on_from(name, project, empty_root, python_version):
    folder = project(name)
    targets = TARGETS.get(name, [])
    build(folder, python_version, *targets)
    built = folder / "dist" / PATHS.get(name, name)
    done = empty_root.run(built)
    assert done.stderr == ""
    assert done.stdout == OUTPUTS[name]
    assert done.returncode == (3 if name == "stamped" else 0)
    obelisk("init", "-q", "--from", "pyoxidizer.bzl", *targets, cwd=folder)
    assert "[tool.obelisk]" in (folder / "pyproject.toml").read_text()
    build(folder, python_version, "-o", "moved/")
    assert (folder / "moved" / built.name).read_bytes() == built.read_bytes()


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("notes", ["add", "--loud", "hello"], "native: true\nnote: HELLO\n"),
        ("greeter", ["--check"], "<p>Hello, &lt;b&gt;!</p>\n"),
        ("numeric", ["1", "2"], "mean 1.5 solved [0.5  0.25]\n"),
    ],
)
def test_applications_as_they_were_released(
    project, empty_root, python_version, name, arguments, expected
):
    folder = project({"notes": "tool", "greeter": "server"}.get(name, name))
    build(folder, python_version)
    done = empty_root.run(folder / "dist" / name, *arguments)
    assert (done.stderr, done.stdout) == ("", expected)


@pytest.mark.parametrize("name", ["template", "policy", "dropped"])
def test_a_configuration_is_built_for_another_machine(
    elsewhere, project, tmp_path, python_version, name
):
    folder = project(name)
    triple = elsewhere.target.triple
    build(folder, python_version, "--target-triple", triple)
    lines = OUTPUTS[name].replace("x86_64-unknown-linux-musl", triple).splitlines()
    elsewhere.says(folder / "dist" / name, lines, cwd=tmp_path)


def test_variables_are_those_of_the_command_line(project, empty_root, python_version):
    folder = project("stamped")
    build(folder, python_version, "--var-env", "VERSION", "STAMP", env={"STAMP": "1.2"})
    assert empty_root.run(folder / "dist/stamped").stdout == "stamped 1.2\ncommand 1.2\n"


def test_what_has_no_name_and_runs_nothing(project, empty_root, python_version):
    folder = project("nameless")
    said = build(folder, python_version, status=2)
    assert "the executable's name '.' is not a valid file name: it is a directory" in said
    build(folder, python_version, "--var", "name", "prompt")
    code = "import six; print(six.__version__)\n"
    assert "1.17.0" in empty_root.run(folder / "dist/prompt", stdin=code).stdout


def test_files_are_written_beside_the_executable(project, tmp_path, python_version):
    folder = project("layout")
    build(folder, python_version, "-o", tmp_path / "out")
    names = (
        *("COPYING.txt", "etc/server.conf", "server", "start.sh"),
        *("css/site.css", "static/css/site.css", "static/index.html"),
    )
    expected = sorted(f"share/{name}" if name == "COPYING.txt" else name for name in names)
    done = run(["/bin/sh", "start.sh"], cwd=tmp_path / "out")
    assert done.stdout.splitlines() == [f"layout {' '.join(expected)}", "port = 80"]
    # Again, over what is there.
    build(folder, python_version, "-o", tmp_path / "out")
    obelisk("init", "-q", "--from", "pyoxidizer.bzl", cwd=folder)
    assert "no counterpart: files beside" in (folder / "pyproject.toml").read_text()
    build(folder, python_version)
    moved = (folder / "dist/server").read_bytes()
    assert moved == (tmp_path / "out/server").read_bytes()


def test_a_manifest_is_installed_where_it_says(project, python_version):
    folder = project("files-mode")
    build(folder, python_version)
    installed = folder / "build/dist/files-mode"
    assert installed.read_bytes() == (folder / "dist/files-mode").read_bytes()
    assert installed.stat().st_mode & 0o111


def test_two_executables_of_one_configuration(project, empty_root, python_version):
    folder = project("suite")
    build(folder, python_version, "install-one", "resources-one", "install-two", "--release")
    for name in ("one", "two"):
        done = empty_root.run(folder / f"dist/install-{name}/{name}")
        assert done.stdout == f"suite {name} of two\n"
    obelisk("init", "-q", "--from", "pyoxidizer.bzl", "install-one", "install-two", cwd=folder)
    assert "[[tool.obelisk.executables]]" in (folder / "pyproject.toml").read_text()
    build(folder, python_version, "-o", "moved/")
    for name in ("one", "two"):
        moved = (folder / "moved" / name).read_bytes()
        assert moved == (folder / f"dist/install-{name}/{name}").read_bytes()


def test_run_and_list_targets(project, python_version):
    folder = project("template")
    listed = obelisk("list-targets", cwd=folder).splitlines()
    assert listed[0].split()[:2] == ["install", "(default)"]
    assert [line.split()[0] for line in listed[1:]] == ["exe", "resources", "msi_installer"]
    printed = obelisk("run", "-q", "--python", python_version, "exe", "--", "x", cwd=folder)
    assert printed == OUTPUTS["template"]
    planned = obelisk("plan", "-q", cwd=folder)
    assert "`PythonInterpreterConfig.run_module`: `module`" in planned


def test_installers_name_what_to_build_instead(project):
    for name, hint in (("no-sources", "obelisk build install"), ("installers", "")):
        said = obelisk("build", cwd=project(name), status=2)
        assert "which Obelisk does not" in said
        assert hint in said


def test_a_configuration_of_python_is_python(tmp_path, empty_root, python_version):
    Path(tmp_path / "pyoxidizer.bzl").write_text(
        "def make_exe():\n"
        "    dist = default_python_distribution()\n"
        "    config = dist.make_python_interpreter_config()\n"
        '    config.config_profile = "python"\n'
        '    return dist.to_python_executable(name = "mypython", config = config)\n'
        'register_target("exe", make_exe)\nresolve_targets()\n'
    )
    build(tmp_path, python_version)
    done = empty_root.run(tmp_path / "dist/mypython", "-c", "import sys; print(sys.argv, 1)", "x")
    assert done.stdout == "['-c', 'x'] 1\n"


MACHINES = """
def make(triple):
    dist = default_python_distribution(build_target = triple)
    config = dist.make_python_interpreter_config()
    config.run_command = "import six, sysconfig; print(sysconfig.get_config_var('HOST_GNU_TYPE'))"
    exe = dist.to_python_executable(name = "machine", config = config)
    exe.add_python_resources(exe.pip_install(["six==1.17.0"]))
    return exe

register_target("here", lambda: make(None))
register_target("there", lambda: make(VARS["triple"]))
resolve_targets()
"""


def test_executables_of_different_machines_in_one_file(
    elsewhere, empty_root, tmp_path, python_version
):
    (tmp_path / "pyoxidizer.bzl").write_text(MACHINES)
    triple = elsewhere.target.triple
    build(tmp_path, python_version, "here", "there", "--var", "triple", triple)
    here = empty_root.run(tmp_path / "dist/here/machine").stdout
    assert here == f"{host_type(DEFAULT_TARGET)}\n"
    elsewhere.says(tmp_path / "dist/there/machine", [host_type(triple)], cwd=tmp_path)
    what = ("here", "there", "--var", "triple", triple)
    obelisk("init", "-q", "--from", "pyoxidizer.bzl", *what, cwd=tmp_path)
    table = tomllib.loads((tmp_path / "pyproject.toml").read_text())["tool"]["obelisk"]
    found = [(one["name"], one.get("target")) for one in table["executables"]]
    assert found == [("here-machine", None), ("there-machine", triple)]
    build(tmp_path, python_version, "-o", "moved/")
    elsewhere.says(tmp_path / "moved/there-machine", [host_type(triple)], cwd=tmp_path)


def host_type(triple):
    return parse_target(triple).configure_triple


def test_a_plan_has_resources_if_it_may_install(project):
    folder = project("policy")
    said = obelisk("plan", cwd=folder, status=2)
    assert "obelisk plan --install" in said
    planned = obelisk("plan", "-q", "--install", cwd=folder)
    assert "jinja2/sandbox.py" in planned
    planned = obelisk("plan", "-q", cwd=project("template"))
    assert "`resources`: none: nothing is installed to show the plan" in planned
    assert "`resources`" not in obelisk("plan", "-q", "--install", cwd=folder.parent / "template")


def test_what_cannot_be_installed_is_named(tmp_path, python_version):
    bzl = 'default_python_distribution().to_python_executable("a").pip_install(["six==0.0.1"])\n'
    (tmp_path / "pyoxidizer.bzl").write_text(bzl)
    said = build(tmp_path, python_version, status=4)
    assert "pyoxidizer.bzl:1:" in said
    assert "installing six==0.0.1 failed" in said

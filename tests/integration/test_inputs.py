"""Every kind of input ends in an executable that works."""

import functools
import json
import os
import re
import shutil
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support import APPS, expected, obelisk, packages, run, write_wheel
from uv import find_uv_bin

pytestmark = [pytest.mark.compile, pytest.mark.network]


@pytest.fixture
def project(tmp_path):
    return shutil.copytree(APPS / "inventory", tmp_path / "inventory")


def test_a_project_with_all_its_files(executables, empty_root):
    executable = executables("inventory", "--script", "inventory")
    done = empty_root.run(executable, "--scratch", "/tmp")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == expected(APPS / "inventory/src/inventory/cli.py")


def test_its_files_are_found_by_whatever_path_it_is_started(executables, empty_root):
    """There is no /proc in the empty root that could tell the executable's path."""
    (empty_root.folder / "tmp").mkdir()
    (empty_root.folder / "tmp/link").symlink_to("/app")
    executable = executables("inventory", "--script", "inventory")
    for path in ("./tmp/../app", "/tmp/link", "tmp/link"):
        done = empty_root.run(executable, "--scratch", "/tmp", path=path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines() == expected(APPS / "inventory/src/inventory/cli.py")


def test_all_scripts_of_a_project(project, empty_root, python_version):
    printed = obelisk("build", "--json", "-q", "--python", python_version, cwd=project)
    built = json.loads(printed)["executables"]
    assert [one["path"] for one in built] == ["dist/inventory", "dist/inventory-version"]
    assert {"name": "certifi"} in [{"name": p["name"]} for p in built[0]["packages"]]
    assert empty_root.run(project / "dist/inventory-version").stdout == "1.2.3\n"


def test_entry_and_module(executables, empty_root, python_version):
    entry = executables("inventory", "--entry", "inventory.cli:show_version")
    assert empty_root.run(entry).stdout == "1.2.3\n"
    module = executables("inventory", "-m", "certifi")
    found = empty_root.run(module).stdout.strip()
    assert found == f"/app/lib/python{python_version}/site-packages/certifi/cacert.pem"


def test_a_script_with_dependencies(executables, empty_root):
    assert empty_root.run(executables("dependent.py")).stdout == "hello hello\n"


def test_a_tool_from_the_index(executables, empty_root, tmp_path):
    """A large pure-Python tool: its version, its help, and a real operation."""
    executable = executables("yt-dlp", what="yt-dlp")
    assert re.fullmatch(r"20\d\d\.\d+\.\d+\S*\n", empty_root.run(executable, "--version").stdout)
    assert "Usage: " in empty_root.run(executable, "--help").stdout
    extractors = empty_root.run(executable, "--list-extractors").stdout.splitlines()
    assert len(extractors) > 1000
    # A download over HTTP, from a server of ours.
    (tmp_path / "served").mkdir()
    (tmp_path / "served/stone.mp4").write_bytes(b"stone" * 100_000)
    handler = functools.partial(QuietHandler, directory=tmp_path / "served")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        address = f"http://127.0.0.1:{server.server_port}/stone.mp4"
        done = empty_root.run(executable, "--no-progress", "-o", "/tmp/%(title)s.%(ext)s", address)
        server.shutdown()
    assert done.returncode == 0, done.stderr
    downloaded = empty_root.folder / "tmp/stone.mp4"
    assert downloaded.read_bytes() == b"stone" * 100_000


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a line on stderr for each."""

    def log_message(self, *_):
        pass


def test_a_wheel(tmp_path, empty_root, python_version):
    wheel = write_wheel(tmp_path, ["tiny = tiny:main"])
    obelisk("build", wheel, "-q", "-o", tmp_path / "tiny", "--python", python_version)
    assert empty_root.run(tmp_path / "tiny").stdout == "tiny\n"


def test_a_lock_is_honoured(project, empty_root, python_version):
    """certifi is locked to a release that is not the newest; its hash is checked."""
    path = project / "pyproject.toml"
    loose = path.read_text()
    path.write_text(loose.replace('"certifi"', '"certifi==2024.7.4"'))
    subprocess.run([find_uv_bin(), "lock", "-q"], cwd=project, check=True)
    path.write_text(loose)
    obelisk("build", "-q", "--script", "inventory-version", "--python", python_version, cwd=project)
    assert packages(project / "dist/inventory-version")["certifi"] == "2024.7.4"
    lock = (project / "uv.lock").read_text()
    (project / "uv.lock").write_text(re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", lock))
    said = obelisk(
        "build",
        "-q",
        "--script",
        "inventory-version",
        "--python",
        python_version,
        cwd=project,
        env={"UV_NO_CACHE": "1"},
        status=4,
    )
    assert "hash" in said.lower()


def test_a_pylock_is_honoured(project, python_version):
    """The versions are those of pylock.toml, whatever is newer."""
    path = project / "pyproject.toml"
    loose = path.read_text()
    path.write_text(loose.replace('"certifi"', '"certifi==2024.7.4"'))
    export = ["export", "-q", "--format", "pylock.toml", "--no-emit-project", "-o", "pylock.toml"]
    subprocess.run([find_uv_bin(), *export], cwd=project, check=True)
    path.write_text(loose)
    (project / "uv.lock").unlink()
    obelisk("build", "-q", "--script", "inventory-version", "--python", python_version, cwd=project)
    assert packages(project / "dist/inventory-version")["certifi"] == "2024.7.4"


@pytest.fixture
def workspace(tmp_path):
    return shutil.copytree(APPS / "workspace", tmp_path / "workspace")


def test_a_workspace_with_a_lock(workspace, empty_root, python_version):
    """Its members go in with their data; what comes from the index is checked by hash."""
    subprocess.run([find_uv_bin(), "lock", "-q"], cwd=workspace, check=True)
    obelisk("build", "-q", "--python", python_version, cwd=workspace)
    assert empty_root.run(workspace / "dist/whole").stdout == "whole of quartz 8.1.8\n"


def inside(executable):
    return {one["path"] for one in json.loads(obelisk("inspect", "--json", executable))["files"]}


def test_an_editable_requirement_is_what_its_backend_ships(workspace, empty_root, python_version):
    """Never the folder as it lies, whatever else is in it; and the working folder has no say.

    The file is named by another one, uv is configured wrongly in the working folder and above.
    """
    member = workspace / "member"
    for name in (".env", ".git/config", "node_modules/x.js"):
        (member / name).parent.mkdir(exist_ok=True)
        (member / name).write_text("secret")
    os.mkfifo(member / "fifo")
    (member / os.fsdecode(b"caf\xe9")).symlink_to("nowhere")
    (member / "loop").symlink_to("loop")
    (workspace / "app.py").write_text("import member\nprint(member.NAME)\n")
    (workspace / "more.txt").write_text("-r nested/more.txt\n")
    (workspace / "nested").mkdir()
    (workspace / "nested/more.txt").write_text("--editable ./member\n")
    elsewhere = workspace.parent / "elsewhere"
    elsewhere.mkdir()
    for folder in (elsewhere, workspace.parent):
        (folder / "uv.toml").write_text("no-index = 'not even a boolean'\n")
    options = ("-r", "more.txt", "--python", python_version, "-o", "app")
    obelisk("build", "-q", workspace / "app.py", *options, cwd=elsewhere)
    shutil.rmtree(member)
    assert empty_root.run(elsewhere / "app").stdout == "quartz\n"
    found = inside(elsewhere / "app")
    assert f"lib/python{python_version}/site-packages/member/name.txt" in found
    assert not [path for path in found if re.search(r"\.env|\.git|node_modules|fifo|loop", path)]


@pytest.mark.parametrize("lock", ["nothing", "pylock.toml"])
def test_a_source_that_is_editable(workspace, empty_root, python_version, lock):
    """`[tool.uv.sources]` and a pylock.toml say `editable`; a wheel is built all the same."""
    path = workspace / "pyproject.toml"
    text = path.read_text().replace('[tool.uv.workspace]\nmembers = ["member"]\n', "")
    path.write_text(text.replace("{ workspace = true }", '{ path = "member", editable = true }'))
    (workspace / "member/.env").write_text("secret")
    if lock == "pylock.toml":
        subprocess.run([find_uv_bin(), "lock", "-q"], cwd=workspace, check=True)
        export = ["export", "-q", "--format", "pylock.toml", "--no-emit-project", "-o", lock]
        subprocess.run([find_uv_bin(), *export], cwd=workspace, check=True)
        (workspace / "uv.lock").unlink()
        assert "editable = true" in (workspace / lock).read_text()
    obelisk("build", "-q", "--python", python_version, cwd=workspace)
    shutil.rmtree(workspace / "member")
    assert empty_root.run(workspace / "dist/whole").stdout == "whole of quartz 8.1.8\n"


ODD = {
    "odd.pth": "/etc\n..\nown/inner\n",
    "own/inner/found.py": "NAME = 'by its pth'\n",
    "bin/__init__.py": "NAME = 'a package'\n",
    "bin/tool.py": "",
    "odd/__init__.py": "",
    "odd/.lock": "kept",
    "odd-1.0.data/data/share/odd.txt": "shared",
    "odd-1.0.data/scripts/other": "#!python\n",
}
SHOW = """
import bin, bin.tool, found, importlib.metadata, importlib.resources, pathlib, sys
root = pathlib.Path(sys.executable)
lock = pathlib.Path(bin.__file__).parents[1] / "odd/.lock"
print(bin.NAME, found.NAME, lock.read_text(), (root / "share/odd.txt").read_text())
print(all(path.locate().exists() for path in importlib.metadata.files("odd")))
print((root / "bin/other").read_text().splitlines()[0], found.__file__.startswith(sys.path[-1]))
"""


def test_whatever_a_wheel_has_goes_in_where_it_belongs(tmp_path, empty_root, python_version):
    """A package `bin`, a file `.lock`, data of its own, and a `.pth` with folders of others."""
    wheel = write_wheel(tmp_path, [], name="odd", files=ODD)
    (tmp_path / "app.py").write_text(
        f"# /// script\n# dependencies = ['odd @ {wheel.as_uri()}']\n# ///\n{SHOW}"
    )
    # What looks like markup of rich, and once ended a build that had succeeded.
    options = ("--python", python_version, "-o", "[/x]app")
    said = obelisk("build", "app.py", *options, cwd=tmp_path, stderr=True)
    assert said.count("[/x]app") == 2
    assert "warning: ignoring /etc in odd.pth: `odd` did not install that directory" in said
    assert "ignoring .. in " in said
    done = empty_root.run(tmp_path / "[/x]app")
    assert (done.stdout.splitlines(), done.stderr) == (
        ["a package by its pth kept shared", "True", "#!python True"],
        "",
    )


FLAT = """\
[project]
name = "flat-layout"
version = "1"
scripts = {{ other-name = "flat:main" }}
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[tool.setuptools]
packages = ["flat"]
[tool.obelisk]
python = "{python}"
data = ["flat/schema.sql", "plugins/*", "top.txt"]
"""
SHOW_FLAT = """
import sys
from pathlib import Path

def main():
    import plugins.one
    top = Path(sys.prefix) / "top.txt"
    print((Path(__file__).parent / "schema.sql").read_text(), top.read_text())
    print(Path(plugins.one.__file__).relative_to(sys.prefix), sys.path[-1] == sys.prefix)
"""


def test_data_of_a_project_is_where_its_modules_or_the_executable_are(tmp_path, python_version):
    """A file in the package's folder goes there with it, though the wheel lacks it."""
    texts = {"flat/__init__.py": SHOW_FLAT, "flat/schema.sql": "1", "top.txt": "2"}
    for name, text in {**texts, "plugins/one.py": ""}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "pyproject.toml").write_text(FLAT.format(python=python_version))
    obelisk("build", "-q", "-o", "app", cwd=tmp_path)
    done = run([tmp_path / "app"], cwd="/")
    assert (done.stdout, done.stderr) == ("1 2\nplugins/one.py True\n", "")


def test_a_script_of_a_wheel_that_is_no_entry_point(tmp_path, empty_root, python_version):
    wheel = write_wheel(
        tmp_path, [], script="#!python\nimport sys, tiny\ntiny.main()\nsys.exit(3)\n"
    )
    obelisk("build", wheel, "-q", "-o", tmp_path / "tiny", "--python", python_version)
    done = empty_root.run(tmp_path / "tiny")
    assert (done.returncode, done.stdout) == (3, "tiny\n")


def test_requirement_files_go_in_as_well(tmp_path, python_version):
    (tmp_path / "app.py").write_text("import certifi\n")
    (tmp_path / "more.txt").write_text("certifi==2024.7.4\n")
    obelisk("build", "-q", "app.py", "-r", "more.txt", "--python", python_version, cwd=tmp_path)
    assert packages(tmp_path / "dist/app")["certifi"] == "2024.7.4"
    wrong = f"certifi==2024.7.4 --hash=sha256:{'0' * 64}\n"
    (tmp_path / "more.txt").write_text(wrong)
    said = obelisk(
        *("build", "-q", "app.py", "-r", "more.txt", "--python", python_version),
        cwd=tmp_path,
        status=4,
    )
    assert "ash mismatch" in said


def test_run_passes_arguments_and_status(tmp_path, python_version):
    script = APPS / "behaviour.py"
    place = tmp_path / "app"
    options = ("-q", "-o", place, "--python", python_version)
    printed = obelisk("run", script, *options, "--", "show_main", "--flag")
    assert "['--flag']" in printed
    obelisk("run", script, *options, "--", "status", "9", status=9)


def test_what_changed_in_the_installers_cache_is_installed_anew(tmp_path, python_version):
    wheel = write_wheel(tmp_path, ["unpacked = unpacked:main"], name="unpacked")
    place = tmp_path / "app"
    options = ("--python", python_version, "-o", place)
    obelisk("build", wheel, *options)
    cache = Path(obelisk("cache", "dir").strip())
    for unpacked in cache.glob("uv/*/archive-*/*/unpacked.py"):
        unpacked.write_text(unpacked.read_text().replace("unpacked", "tampered"))
    place.unlink()
    said = obelisk("build", wheel, *options, stderr=True)
    assert "unpacked.py does not match its RECORD" in said
    assert run([place], cwd=tmp_path).stdout == "unpacked\n"
    assert "RECORD" not in obelisk("build", wheel, *options, stderr=True)

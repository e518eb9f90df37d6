"""Building again: what is taken from the cache, and what must not be."""

import functools
import hashlib
import json
import shutil
import threading
import uuid
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zipfile import ZipFile

import pytest
from support import APPS, obelisk, run, write_wheel

from obelisk.services.cache import Cache

pytestmark = [pytest.mark.compile, pytest.mark.network]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def kept(wheel):
    """The entries of the cache in which this wheel is installed; other tests make theirs."""
    with ZipFile(wheel) as archive:
        text = archive.read("unseen.py")
    found = (Cache().root / "prefixes").glob("*/prefix/lib/*/site-packages/unseen.py")
    return [path for path in found if path.read_bytes() == text]


@pytest.fixture
def build(tmp_path, python_version):
    def build(what, *options, **others):
        options = ("-o", tmp_path / "app", "--python", python_version, *options)
        said = obelisk("build", what, *options, stderr=True, **others)
        return said, digest(tmp_path / "app")

    return build


@pytest.fixture
def wheel(tmp_path):
    """A wheel that no cache has seen."""
    text = f"token = {uuid.uuid4().hex!r}\ndef main(): print('unseen')\n"
    return write_wheel(tmp_path, ["unseen = unseen:main"], name="unseen", files={"unseen.py": text})


def test_from_the_cache_and_from_nothing_come_the_same_bytes(wheel, build, tmp_path):
    _, first = build(wheel)
    (installed,) = kept(wheel)
    assert build(wheel)[1] == first
    shutil.rmtree(installed.parents[4])
    assert build(wheel)[1] == first
    assert run([tmp_path / "app"], cwd=tmp_path).stdout == "unseen\n"


def test_an_installation_that_was_damaged_in_the_cache_is_made_anew(wheel, build):
    _, first = build(wheel)
    (installed,) = kept(wheel)
    entry, text = installed.parents[4].name, installed.read_text()
    installed.unlink()  # it is one file with the installer's
    installed.write_text(text.replace("unseen", "forged"))
    said, again = build(wheel)
    assert f"corrupt cache entry prefixes/{entry}" in said
    assert again == first
    assert kept(wheel) != []


def test_a_wheel_that_changed_under_its_name_is_installed_anew(wheel, build, tmp_path):
    _, first = build(wheel)
    write_wheel(tmp_path, ["unseen = unseen:main"], name="unseen", files={"unseen.py": MAIN})
    assert build(wheel)[1] != first
    assert run([tmp_path / "app"], cwd=tmp_path).stdout == "changed\n"


MAIN = "def main(): print('changed')\n"


def test_a_project_is_built_anew_on_what_it_needs(tmp_path, build):
    """Its files may change in any way, and no time or size of them says so."""
    project = shutil.copytree(APPS / "inventory", tmp_path / "inventory")
    what = ("--script", "inventory-version", "-v")
    _, first = build(project, *what)
    source = project / "src/inventory/cli.py"
    text = source.read_text()
    source.write_text(text.replace("def show_version():", CHANGED))
    build(project, *what)
    assert run([tmp_path / "app"], cwd=tmp_path).stdout.startswith("changed\n")
    source.write_text(text)
    assert build(project, *what)[1] == first


PROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "present"
version = "1"
scripts = { present = "present:main" }
"""


def test_what_a_project_no_longer_has_is_not_in_it(tmp_path, build):
    """setuptools packs what an earlier build left in a project's folder, where it is in the way."""
    project = tmp_path / "project"
    package = project / "src/present"
    package.mkdir(parents=True)
    (project / "pyproject.toml").write_text(PROJECT)
    text = "from importlib.metadata import version\ndef main(): print(version('present'))\n"
    (package / "__init__.py").write_text(text)
    _, first = build(project)
    (package / "gone.py").write_text("SECRET = 1\n")
    build(project)
    assert "present/gone.py" in obelisk("inspect", "--modules", tmp_path / "app")
    (package / "gone.py").unlink()
    assert build(project)[1] == first
    assert {path.name for path in project.iterdir()} == {"pyproject.toml", "src"}
    (project / "pyproject.toml").write_text(PROJECT.replace('version = "1"', 'version = "2"'))
    build(project)
    assert run([tmp_path / "app"], cwd=tmp_path).stdout == "2\n"


CHANGED = "def show_version():\n    print('changed')\n"


def test_training_stores_what_a_start_uses_together(tmp_path, build):
    """A record gives the same executable without a run, and nothing of training is shipped."""
    script, record = tmp_path / "app.py", tmp_path / "record"
    script.write_text("import sys\nif len(sys.argv) > 1:\n    import json, csv\nprint('done')\n")
    _, trained = build(script, "--train", "--flag", "--train-record", record)
    keys = record.read_text().splitlines()[1:]
    assert keys[0] == "code app.py"
    assert any(key.endswith("/json/__init__.py") for key in keys)
    assert b"first_use_log" not in (tmp_path / "app").read_bytes()
    script_used = run([tmp_path / "app", "x"], cwd=tmp_path)
    assert (script_used.stdout, script_used.returncode) == ("done\n", 0)
    said, again = build(script, "--train", "--flag", "--train-record", record)
    assert "Training" not in said
    assert again == trained
    said, other = build(script)
    assert other != trained


def test_a_training_run_that_fails_leaves_all_as_it_was(tmp_path, build):
    script, record = tmp_path / "app.py", tmp_path / "record"
    script.write_text("import sys\nsys.exit('no network here' if sys.argv[1:] else 0)\n")
    _, first = build(script)
    options = ("--train=--flag", "--train-record", record)
    said = obelisk("build", script, "-o", tmp_path / "app", *options, status=7)
    assert "`app --flag` exited with status 1" in said
    assert "no network here" in said
    assert digest(tmp_path / "app") == first
    assert not record.exists()
    nowhere = ("--train=--flag", "--train-record", tmp_path / "none/record")
    said = obelisk("build", script, "-o", tmp_path / "app", *nowhere, status=2)
    assert f"no such directory for the training record: {tmp_path / 'none'}" in said


def test_executables_of_one_project_are_installed_once(tmp_path, python_version):
    project = shutil.copytree(APPS / "inventory", tmp_path / "inventory")
    said = obelisk("build", "-v", "--json", "--python", python_version, cwd=project, stderr=True)
    assert said.count("Installing") == 1
    built = json.loads(said[: said.rindex("}") + 1])["executables"]
    for one in built:
        alone = Path(tmp_path / "alone")
        obelisk(
            *("build", "-q", "-o", alone, "--script", Path(one["path"]).name),
            *("--python", python_version),
            cwd=project,
        )
        assert digest(alone) == one["sha256"]


class Index:
    """A package index that says for how long its pages are fresh, and counts who asks."""

    def __init__(self, folder):
        self.folder = folder
        self.asked = 0
        (folder / "simple/unseen").mkdir(parents=True)
        index = self

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self):
                index.asked += 1
                super().do_GET()

            def end_headers(self):
                self.send_header("Cache-Control", "max-age=600")
                super().end_headers()

            def log_message(self, *_):
                pass

        handler = functools.partial(Handler, directory=folder)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/simple"

    def publish(self, version):
        text = f"def main(): print({version!r})\n"
        wheel = write_wheel(self.folder, [], name="unseen", files={"unseen.py": text})
        released = self.folder / f"unseen-{version}-py3-none-any.whl"
        with ZipFile(wheel) as old, ZipFile(released, "w") as new:
            for info in old.infolist():
                data = old.read(info).replace(b"Version: 1.0", f"Version: {version}".encode())
                record = info.filename.endswith("RECORD")
                name = info.filename.replace("unseen-1.0", f"unseen-{version}")
                new.writestr(name, b"" if record else data)
        with (self.folder / "simple/unseen/index.html").open("a") as page:
            page.write(f'<a href="/{released.name}">{released.name}</a>\n')


@pytest.fixture
def index(tmp_path):
    made = Index(tmp_path / "index")
    threading.Thread(target=made.server.serve_forever).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_new_release_is_seen_when_the_index_says_so(tmp_path, build, index):
    """Until its pages expire nobody asks it again, as with uv itself, unless the user wants to."""
    script, env = tmp_path / "app.py", {"UV_DEFAULT_INDEX": index.url}
    script.write_text(
        '# /// script\n# dependencies = ["unseen"]\n# ///\nimport unseen\nunseen.main()\n'
    )
    index.publish("1.1")
    _, first = build(script, env=env)
    assert run([tmp_path / "app"], cwd=tmp_path).stdout == "1.1\n"
    index.publish("1.2")
    asked = index.asked
    assert build(script, env=env)[1] == first
    assert index.asked == asked
    build(script, "--refresh", env=env)
    assert run([tmp_path / "app"], cwd=tmp_path).stdout == "1.2\n"

"""`--relinkable` and `relink`: whoever receives a library can put a changed one in its place."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from support import obelisk, run, write_wheel

from obelisk.distribution.distribution import obtain_distribution
from obelisk.distribution.versions import python_source
from obelisk.payload.reader import read_payload
from obelisk.relink.changed import Changes, with_changes
from obelisk.services.cache import Cache
from obelisk.services.console import Console, Verbosity
from obelisk.services.services import Services
from obelisk.target import DEFAULT_TARGET, parse_target

pytestmark = pytest.mark.compile

PROGRAM = """\
# /// script
# [tool.obelisk]
# native-libraries = ["*.so"]
# ///
import ctypes, _uuid
print(ctypes.CDLL("libanswer.so").answer(), _uuid.generate_time_safe()[0].hex())
"""
LIBRARY = ".obelisk/lib/libanswer.so"


@pytest.fixture(scope="module")
def made(compiler, tmp_path_factory, python_version):
    """An executable, and the folder from which it can be linked again."""
    folder = tmp_path_factory.mktemp("relinkable")
    (folder / "asks.py").write_text(PROGRAM)
    compiler(folder / "libanswer.so", "-Wl,-soname,libanswer.so", "-DANSWER=41", "answer.c")
    options = ("--python", python_version, "--relinkable", folder / "again", "-o", folder / "asks")
    obelisk("build", folder / "asks.py", *options)
    return SimpleNamespace(executable=folder / "asks", folder=folder / "again/asks")


def copied(made, tmp_path):
    """The folder, elsewhere: as a recipient has it."""
    place = tmp_path / "received"
    subprocess.run(["cp", "-a", made.folder, place], check=True)
    return place


def words(executable, tmp_path):
    done = run([executable], cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_unchanged_it_is_the_same_file(made, tmp_path):
    """By the one command, and the program that the folder has; nothing of this machine's paths."""
    place = copied(made, tmp_path)
    env = os.environ | {"PYTHON": sys.executable}
    done = subprocess.run(
        ["sh", place / "relink.sh"], cwd="/", env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (place / "asks").read_bytes() == made.executable.read_bytes()
    assert words(place / "asks", tmp_path)[0] == "41"


def test_no_path_of_the_builder_is_in_it(made):
    names = (str(made.folder.parent), str(Path.home()), "obelisk-tests")
    for path in made.folder.rglob("*"):
        assert not path.is_symlink()
        if path.is_file() and path.suffix in (".txt", ".json", ".sh"):
            text = path.read_text()
            assert not any(name in text for name in names), path


def test_a_changed_shared_library(made, tmp_path, compiler):
    place = copied(made, tmp_path)
    (place / "objects" / LIBRARY).unlink()
    compiler(place / "objects" / LIBRARY, "-Wl,-soname,libanswer.so", "-DANSWER=42", "answer.c")
    obelisk("relink", place, "-o", tmp_path / "changed")
    assert words(tmp_path / "changed", tmp_path)[0] == "42"
    assert "FAIL" not in obelisk("verify", tmp_path / "changed")


def test_a_changed_static_library(made, tmp_path, compiler):
    """A function of libuuid, which CPython's `_uuid` calls."""
    place = copied(made, tmp_path)
    (library,) = place.glob("runtime/**/libuuid.a")
    changed = tmp_path / "gen_uuid.o"
    compiler.call("cc", "-c", "-O1", "fixed_uuid.c", "-o", changed)
    archive = compiler.call("ar", "t", library).stdout.decode().split()
    (member,) = [name for name in archive if "gen_uuid" in name]
    changed = changed.rename(tmp_path / member)
    compiler.call("ar", "r", library, changed)
    obelisk("relink", place, "-o", tmp_path / "changed")
    assert words(made.executable, tmp_path)[1] != "42" * 16
    assert words(tmp_path / "changed", tmp_path) == ["41", "42" * 16]


def test_what_does_not_fit_is_named(made, tmp_path):
    place = copied(made, tmp_path)
    (place / "objects" / LIBRARY).write_bytes(b"no library")
    said = obelisk("relink", place, "-o", tmp_path / "changed", status=6)
    assert "libanswer.so" in said
    (place / "objects" / LIBRARY).unlink()
    assert "is missing" in obelisk("relink", place, "-o", tmp_path / "changed", status=2)
    (place / "relink.json").write_text('{"version": 2}')
    assert "version 2" in obelisk("relink", place, "-o", tmp_path / "changed", status=2)
    assert "relinkable" in obelisk("relink", tmp_path, "-o", tmp_path / "changed", status=2)
    assert not (tmp_path / "changed").exists()


def test_a_folder_of_somebody_else_stays(made, tmp_path, python_version):
    program = tmp_path / "small.py"
    program.write_text("print(1)\n")
    (tmp_path / "again/small").mkdir(parents=True)
    precious = tmp_path / "again/small/precious"
    precious.write_text("mine")
    words = (program, "--python", python_version, "--relinkable", tmp_path / "again")
    said = obelisk("build", *words, "-o", tmp_path / "small", status=2)
    assert "refusing to replace" in said
    assert precious.read_text() == "mine"
    assert not (tmp_path / "small").exists()


def test_a_changed_python_package(tmp_path, python_version):
    """Nothing links it: its modules are replaced in the payload, and a new one is found."""
    files = {
        "lesser/__init__.py": "import lesser.inner\ndef main():\n    print(lesser.inner.NAME)\n",
        "lesser/inner.py": "NAME = 'theirs'\n",
    }
    wheel = write_wheel(tmp_path, ["lesser = lesser:main"], name="lesser", files=files)
    words = (wheel, "--python", python_version, "--relinkable", tmp_path / "again")
    obelisk("build", *words, "-o", tmp_path / "lesser")
    folder = tmp_path / "again/lesser"
    package = folder / f"changed/lib/python{python_version}/site-packages/lesser"
    package.mkdir(parents=True)
    (package / "inner.py").write_text("from lesser.more import NAME\n")
    (package / "more.py").write_text("NAME = f'mine, of {__file__}'\n")
    ours = obtain_distribution(services(), python_source(python_version)).host_python
    obelisk("relink", folder, "--python", ours, "-o", tmp_path / "changed")
    done = run([tmp_path / "changed"], cwd=tmp_path)
    place = f"{tmp_path}/changed/lib/python{python_version}/site-packages/lesser/more.py"
    assert (done.stdout, done.stderr) == (f"mine, of {place}\n", "")
    assert "FAIL" not in obelisk("verify", tmp_path / "changed")
    (package / "inner.py").write_text("no such syntax\n")
    words = ("relink", folder, "--python", ours, "-o", tmp_path / "worse")
    assert "inner.py: invalid syntax" in obelisk(*words, status=2)
    assert not (tmp_path / "worse").exists()


def services():
    return Services(
        cache=Cache(),
        console=Console(Verbosity.QUIET),
        target=parse_target(DEFAULT_TARGET),
        archives=None,
    )


def test_without_changes_a_payload_is_the_same(made):
    """Packed again of what was read, it has the same bytes in the same order."""
    data = (made.folder / "payload.bin").read_bytes()
    payload = read_payload(memoryview(data))
    again = with_changes(payload, Changes(files={}, codes={}), epoch=None, page=4096)
    assert again.joined() == data

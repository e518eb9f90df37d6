"""Modules as people have them: beside a script in the newest grammar, as bytecode, and broken."""

import os
import subprocess
import sys
from zipfile import ZipFile

import pytest
from support import obelisk, run

pytestmark = [pytest.mark.compile, pytest.mark.network]

SCRIPT = """\
# /// script
# dependencies = ["hidden @ {wheel}"]
# ///
import hidden.part
from newest import Box, first
import space.inner

def late():
    import latin
    return latin.WORD

print(first([hidden.part.double(4)]), Box[int](value=1).value, space.inner.WORD, late())
print(hidden.part.__file__, hidden.part.double.__code__.co_filename)
for name in ("hidden.stale", "hidden.lost"):
    try:
        __import__(name)
    except ImportError as error:
        print(error)
"""
NEWEST = """\
type Number = int

class Box[T]:
    def __init__(self, value: T):
        self.value = value

def first[T](values: list[T]) -> T:
    return values[0] if f"{'nested'}" else None
"""


@pytest.fixture
def wheel(compiler, tmp_path):
    """A wheel without sources: one module of this Python, one of another, one that is lost."""
    (tmp_path / "part.py").write_text("def double(x):\n    return 2 * x\n")
    text = "import py_compile; py_compile.compile('part.py', cfile='part.pyc')"
    subprocess.run([compiler.builder.interpreter.python, "-c", text], cwd=tmp_path, check=True)
    code = (tmp_path / "part.pyc").read_bytes()
    path = tmp_path / "hidden-1.0-py3-none-any.whl"
    info = "hidden-1.0.dist-info"
    with ZipFile(path, "w") as archive:
        for name in ("hidden/__init__.pyc", "hidden/part.pyc"):
            archive.writestr(name, code)
        archive.writestr("hidden/stale.pyc", (3495).to_bytes(2, "little") + code[2:])
        archive.writestr("hidden/__pycache__/lost.cpython-314.pyc", code)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: hidden\nVersion: 1.0\n")
        text = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{info}/WHEEL", text)
        archive.writestr(f"{info}/RECORD", "")
    return path


def test_modules_of_every_kind(wheel, tmp_path, python_version):
    folder = tmp_path / "folder"
    (folder / "space").mkdir(parents=True)
    (folder / "tool.py").write_text(SCRIPT.format(wheel=wheel.as_uri()))
    (folder / "newest.py").write_text(NEWEST)
    (folder / "space/inner.py").write_text("WORD = 'inside'\n")
    (folder / "latin.py").write_bytes("# coding: latin-1\nWORD = 'wört'\n".encode("latin-1"))
    os.mkfifo(folder / "pipe.py")
    argv = ["build", "tool.py", "-o", tmp_path / "app", "--python", python_version]
    said = messages(*argv, "--no-source-text", cwd=folder)
    old = f"(stale.pyc): bytecode of Python 3.11, expected Python {python_version}"
    assert f"excluding hidden.stale {old}" in said
    assert "excluding hidden/__pycache__/lost.cpython-314.pyc: hidden/lost.py is missing" in said
    done = run([tmp_path / "app"], cwd=tmp_path)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "8 1 inside wört",
        f"{tmp_path}/app/lib/python{python_version}/site-packages/hidden/part.pyc part.py",
        "No module named 'hidden.stale'",
        "No module named 'hidden.lost'",
    ]


def test_bytecode_of_another_python_cannot_be_the_entry_point(wheel, tmp_path):
    said = obelisk("build", wheel, "--entry", "hidden.stale:double", cwd=tmp_path, status=4)
    assert "bytecode of Python 3.11" in said


def messages(*arguments, cwd):
    """What a build says on stderr, in one line."""
    words = [sys.executable, "-m", "obelisk", *map(str, arguments)]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return " ".join(done.stderr.split())


def test_a_neighbour_with_an_error_is_named(tmp_path):
    (tmp_path / "tool.py").write_text("try:\n    import helper\nexcept ImportError:\n    pass\n")
    (tmp_path / "helper.py").write_text("x = 1\nif x\n    pass\n")
    said = obelisk("build", "tool.py", cwd=tmp_path, status=4)
    assert "helper.py:2: expected ':'" in said
    assert "Traceback" not in said


def test_a_main_module_that_no_python_compiles(tmp_path):
    (tmp_path / "tool.py").write_text("x = " + "-" * 100_000 + "1\n")
    said = obelisk("build", "tool.py", cwd=tmp_path, status=4)
    assert "cannot parse" in said
    assert "too complex" in said

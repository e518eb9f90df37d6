"""Which modules beside a script go in: those that its imports find, read by the target's Python."""

import os
import sys
from pathlib import Path

import pytest

from obelisk.collect.script import script_modules
from obelisk.errors import CollectError

PYTHON = Path(sys.executable)


@pytest.fixture
def found(tmp_path):
    """A function that writes files, and returns the names of the modules that go in."""

    def write_and_find(files, installed=()):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        modules = script_modules(tmp_path / "tool.py", python=PYTHON, installed=installed)
        assert len({one.name for one in modules}) == len(modules)
        assert all(one.source.is_file() for one in modules)
        return sorted(one.name for one in modules)

    return write_and_find


def test_modules_and_packages(found):
    files = {
        "tool.py": "import helper, json\nfrom package import part, CONSTANT\n",
        "helper.py": "",
        "unused.py": "",
        "package/__init__.py": "CONSTANT = 1",
        "package/part.py": "",
        "package/unused.py": "",
    }
    assert found(files) == ["helper", "package", "package.part", "tool"]


def test_relative_imports(found):
    files = {
        "tool.py": "import package.deep.inner",
        "package/__init__.py": "from . import sibling",
        "package/sibling.py": "",
        "package/deep/__init__.py": "",
        "package/deep/inner.py": "from ..other import x\nfrom .near import y\nfrom .... import no",
        "package/deep/near.py": "",
        "package/other.py": "",
    }
    assert found(files) == [
        *("package", "package.deep", "package.deep.inner", "package.deep.near"),
        *("package.other", "package.sibling", "tool"),
    ]


def test_imports_that_run_late_or_may_fail(found):
    text = "def f():\n    import a\ntry:\n    import b, no_such\nexcept ImportError: import c\n"
    assert found({"tool.py": text, "a.py": "", "b.py": "", "c.py": ""}) == ["a", "b", "c", "tool"]


def test_namespace_packages(found):
    files = {"tool.py": "import space.part\nfrom space import more", "space/part.py": ""}
    assert found({**files, "space/more.py": ""}) == ["space.more", "space.part", "tool"]


def test_a_folder_without_modules_is_nothing(found):
    assert found({"tool.py": "import helpers", "helpers/data.txt": ""}) == ["tool"]


def test_an_installed_package_comes_before_a_namespace_package(found):
    files = {"tool.py": "import yaml.loader, own.part", "yaml/loader.py": "", "own/part.py": ""}
    assert found(files, installed=["yaml", "json"]) == ["own.part", "tool"]


def test_a_neighbour_hides_the_standard_library(found):
    assert found({"tool.py": "import random", "random.py": ""}, installed=["random"]) == [
        "random",
        "tool",
    ]


def test_everything_of_a_package_by_a_star(found, tmp_path):
    files = {
        "tool.py": "from package import *",
        "package/__init__.py": "from package import *",
        "package/a.py": "",
        "package/not-a-name.py": "",
        "package/inner/__init__.py": "",
    }
    (tmp_path / "package").mkdir()
    (tmp_path / "package/loop").symlink_to(tmp_path / "package")
    (tmp_path / "package/itself").symlink_to("itself")
    assert found(files) == ["package", "package.a", "package.inner", "tool"]


def test_only_regular_files_are_opened(found, tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "gone.py").symlink_to("nowhere")
    (tmp_path / "link.py").symlink_to("real.py")
    files = {"tool.py": "import pipe, loop, gone, link, folder", "real.py": ""}
    (tmp_path / "folder.py").mkdir()
    assert found(files) == ["link", "tool"]


@pytest.mark.parametrize(
    "text", ["\N{BYTE ORDER MARK}import b", "# coding: latin-1\nimport b #\xe9"]
)
def test_sources_in_other_encodings(found, text):
    encoding = "latin-1" if "latin" in text else "utf-8"
    files = {"tool.py": "import a", "a.py": text.encode(encoding), "b.py": ""}
    assert found(files) == ["a", "b", "tool"]


def test_names_that_are_not_ascii(found):
    assert found({"tool.py": "import größe", "größe.py": ""}) == ["größe", "tool"]


def test_bytecode_without_source(found):
    assert found({"tool.py": "import a", "a.pyc": b"\0" * 16}) == ["a", "tool"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x = 1\nx = = 2\n", r"cannot parse .*helper\.py:2: invalid syntax"),
        (b"x = '\xff'\n", r"helper\.py.*(utf-8|UTF-8)"),
        (b"# coding: no-such\n", r"helper\.py.*no-such"),
        (b"x = '\0'\n", r"helper\.py.*null bytes"),
        ("(" * 3000, r"helper\.py.*(nested|complex)"),
        ("-" * 100_000 + "1", r"helper\.py.*"),
    ],
)
def test_what_is_wrong_with_a_neighbour_is_said(found, text, why):
    with pytest.raises(CollectError, match=why):
        found({"tool.py": "try:\n    import helper\nexcept ImportError: pass\n", "helper.py": text})


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_neighbour_that_cannot_be_read(found, tmp_path):
    (tmp_path / "helper.py").touch(mode=0)
    with pytest.raises(CollectError, match=r"helper\.py .*Permission denied"):
        found({"tool.py": "import helper"})


def test_a_neighbour_that_ends_python(tmp_path):
    """A limit of processor time does it by a signal, as a crash does."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nulimit -t 1\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (tmp_path / "tool.py").write_text("import large")
    (tmp_path / "large.py").write_text("x = 1\n" * 2_000_000)
    with pytest.raises(
        CollectError, match=r"imports of .*tool\.py failed: Python was killed by SIG"
    ):
        script_modules(tmp_path / "tool.py", python=python, installed=[])


def test_a_name_that_is_no_text(tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n\t\xe2\x80\xa8"))
    folder.mkdir()
    (folder / "tool.py").write_text("import helper")
    (folder / "helper.py").write_text("")
    modules = script_modules(folder / "tool.py", python=PYTHON, installed=[])
    assert [one.source.name for one in modules] == ["tool.py", "helper.py"]

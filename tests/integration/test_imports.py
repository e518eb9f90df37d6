"""Importing behaves as in an installed interpreter, whatever a program does to its paths."""

import pytest
from support import APPS, expected

pytestmark = [pytest.mark.compile, pytest.mark.network]


@pytest.mark.parametrize("sources", [(), ("--without-sources",)], ids=["sources", "no sources"])
def test_everything_about_importing(executables, empty_root, sources):
    arguments = ["no sources"] if sources else []
    executable = executables("imports.py", *sources)
    done = empty_root.run(executable, *arguments, env={"SCRATCH": "/tmp"})
    lines = expected(APPS / "imports.py")
    if sources:
        start = lines.index("source of code True")
        del lines[start : lines.index("main True None")]
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == lines


def test_modules_beside_the_executable(executables, empty_root):
    """`module-search-paths` is read at start; an executable without that never looks there."""
    plugins = empty_root.folder / "plugins"
    plugins.mkdir()
    (plugins / "colorsys.py").write_text("raise SystemExit('the executable comes first')\n")
    (plugins / "no_such_module.py").write_text("raise SystemExit('found outside')\n")
    done = empty_root.run(executables("imports.py"), env={"SCRATCH": "/tmp"})
    assert (done.returncode, done.stderr.strip()) == (1, "found outside")

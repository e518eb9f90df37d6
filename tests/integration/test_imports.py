"""Importing behaves as in an installed interpreter, whatever a program does to its paths."""

import pytest
from support import APPS, SNAPSHOTS, expected, obelisk, run, write_wheel

pytestmark = [pytest.mark.compile, pytest.mark.network]


@pytest.mark.parametrize("options", [(), ("--no-source-text",)], ids=["text", "no text"])
def test_everything_about_importing(executables, empty_root, options):
    arguments = ["no sources"] if options else []
    executable = executables("imports.py", *options)
    done = empty_root.run(executable, *arguments, env={"SCRATCH": "/tmp"})
    lines = expected(APPS / "imports.py")
    if SNAPSHOTS:  # the paths of modules begin with the same, wherever the executable lies
        own = ("loader SourceFileLoader True", "cached True", "search path True", "main True")
        lines = [
            line.replace("True", "False", 1) if line.startswith(own) else line for line in lines
        ]
    if options:
        start = lines.index("source of code True")
        del lines[start : next(n for n, line in enumerate(lines) if line.startswith("main "))]
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


def test_code_belongs_to_its_file_and_its_loader(executables, tmp_path):
    """Plugins are loaded by their paths, import hooks and loaders of one's own have effect."""
    executable = executables("loading/app.py")
    done = run([executable], cwd=tmp_path, env={"SCRATCH": str(tmp_path)})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == expected(APPS / "loading/app.py")


PTH = {
    "linked.py": "import sys\nsys.noted = []\nnote = sys.noted.append\n",
    "b.pth": "import linked; linked.note('b')\nimport no_such_module\nimport sys; never\n",
    "a.pth": "#\nimport linked; linked.note('a')\nparts/inner\nimport found; found.tell()\n",
    "c.pth": "import\tlinked; linked.note('c')\n",
    ".hidden.pth": "import linked; linked.note('hidden')\n",
    "parts/inner/found.py": "import linked\n\n\ndef tell():\n    linked.note(__name__)\n",
}
SHOW = """\
# /// script
# dependencies = ["linked @ {wheel}"]
# ///
import subprocess, sys
print(getattr(sys, "noted", None), "site" in sys.modules)
tell = "import sys; print(sys.noted if hasattr(sys, 'noted') else None)"
if len(sys.argv) > 1:
    for options in ((), ("-S",)):
        argv = [sys.executable, *options, "-c", tell]
        print(subprocess.run(argv, capture_output=True, text=True).stdout.strip())
    print(sys.path[-1].removeprefix(sys.executable), sys.flags.no_site)
"""


def test_lines_of_pth_files_are_run_at_start(tmp_path, empty_root, python_version):
    """In the order of `site`; a line that fails ends its file, and is told on stderr."""
    wheel = write_wheel(tmp_path, [], name="linked", files=PTH)
    (tmp_path / "app.py").write_text(SHOW.format(wheel=wheel.as_uri()))
    options = ("-q", "--python", python_version, "-o")
    obelisk("build", tmp_path / "app.py", *options, tmp_path / "app")
    done = empty_root.run(tmp_path / "app", "more")
    noted = "['a', 'found', 'b', 'c']"
    site = f"/lib/python{python_version}/site-packages"
    assert done.stdout.split("\n") == [f"{noted} True", noted, "None", f"{site}/parts/inner 1", ""]
    assert f"Error processing line 2 of /app{site}/b.pth" in done.stderr
    assert "ModuleNotFoundError: No module named 'no_such_module'" in done.stderr
    assert done.stderr.count("Error processing") == 1
    left_out = ("--exclude", "a", "--exclude", "b", "--exclude", "c")
    obelisk("build", tmp_path / "app.py", *options, tmp_path / "without", *left_out)
    done = run([tmp_path / "without"], cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("None False\n", "")

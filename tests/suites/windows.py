"""CPython's test suite inside an executable for Windows, under Wine.

Each file is run in a process of its own: what Wine cannot do ends the process. windows.toml has the
files and tests that fail, with reasons.
"""

import subprocess
import tomllib
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from suites.run import _FAILED_TEST, _NOTHING_RAN, FOLDER, Outcome

TABLE = "windows.toml"
_SECONDS = 200
"""How long a file may take; what waits for what Wine never does is ended."""


def all_files(executable, wine, folder):
    """Return the names of all test files but those that the table leaves out."""
    listed = "from test.libregrtest.findtests import findtests; print(*findtests())"
    done = wine.run(executable, "--python", "-c", listed, cwd=folder)
    return [name for name in done.stdout.split() if name not in left_out()]


def run_under_wine(executable, wine, folder, files, *, at_once=2):
    """Run test files in a folder; return the outcome."""
    with ThreadPoolExecutor(at_once) as pool:
        found = list(pool.map(partial(_run_file, executable, wine, folder), files))
    failed = {name for _, names in found for name in names}
    output = "".join(text for text, _ in found)
    return Outcome(files=frozenset(files), failed=frozenset(failed), output=output)


def left_out():
    """Return the files that are not run, with the reason of each."""
    rows = tomllib.loads((FOLDER / TABLE).read_text())["left_out"]
    return {name: row["reason"] for row in rows for name in row["files"]}


def _run_file(executable, wine, folder, name):
    """Run one test file; return its output, and what failed: tests, or the whole file."""
    script = "Z:" + str(FOLDER / "under_wine.py")
    arguments = ("--python", script, "-v", "--timeout", str(_SECONDS - 20), name)
    try:
        done = wine.run(executable, *arguments, cwd=folder, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return f"{name}: no answer\n", {name}
    failed = set(_FAILED_TEST.findall(done.stdout))
    if done.returncode != 0 and not failed and not _NOTHING_RAN.search(done.stdout):
        failed = {name}
    return done.stdout, failed

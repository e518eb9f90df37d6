"""Test suites inside an executable: CPython's own, and those of packages.

`run_cpython` and `run_package` run a suite in an executable and compare what failed with
what is known to fail (cpython.toml, with reasons). scripts/run_suites.py runs them in full; the
integration tests run them in part.
"""

import hashlib
import os
import re
import signal
import subprocess
import tarfile
import tomllib
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from uv import find_uv_bin

FOLDER = Path(__file__).parent
RESOURCES = "curses,subprocess,tzdata,walltime"
"""What CPython's tests may use besides what is always allowed; no network."""
_FAILED_TEST = re.compile(r"^(?:ERROR|FAIL): \S+ \(([\w.<>]+)\)", re.MULTILINE)
_FILE_RESULT = re.compile(
    r"^\d+:\d+:\d+ .*\[ *\d+/\d+(?:/\d+)?\] (\S+) (passed|skipped|failed|crashed|timed out|worker)",
    re.MULTILINE,
)


_NOTHING_RAN = re.compile(r"^Result: (?:NO TESTS RAN|.*SKIPPED)", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """How a suite went: names of test files, and of tests or whole files that failed."""

    files: frozenset
    failed: frozenset
    output: str


@dataclass(frozen=True)
class Known:
    """Tests, as patterns of their names, that fail for one reason."""

    reason: str
    tests: tuple
    python: tuple
    elsewhere: bool
    """Whether it depends on the machine if they fail."""


def known_failures(python, file="cpython.toml"):
    """Return what a table says of a Python version."""
    table = tomllib.loads((FOLDER / file).read_text())
    rows = [
        Known(
            reason=row["reason"],
            tests=tuple(row["tests"]),
            python=tuple(row.get("python", ["3.13", "3.14"])),
            elsewhere=row.get("elsewhere", False),
        )
        for row in table["failures"]
    ]
    return [row for row in rows if python in row.python]


def part(file="cpython.toml"):
    """Return the test files that a table names for a run in part."""
    return tomllib.loads((FOLDER / file).read_text())["part"]


def run_cpython(executable, folder, files=()):
    """Run CPython's test files, all of them by default, in the folder; return the outcome."""
    argv = [executable, "--python", "-m", "test", "-v", f"-j{os.cpu_count() + 1}"]
    argv += ["-u", RESOURCES, "--timeout", "600", *files]
    return read_outcome(_run(argv, folder).stdout)


def run_from_snapshot(executable, folder, files=()):
    """Run CPython's test files, each in processes of its own: restored from a snapshot, and cold.

    The outcome has what fails restored and not cold. What fails either way does since the process
    is an application, and not Python as in `run_cpython`, whose workers would start cold.
    """
    _require_snapshot(executable, folder)
    listed = _run([executable, "--list-tests", *files], folder).stdout.split()
    left_out = tomllib.loads((FOLDER / "snapshot.toml").read_text())["left_out"]
    names = [name for name in listed if name.startswith("test") and _file(name) not in left_out]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        restored = list(pool.map(partial(_run_file, executable, folder / "restored", {}), names))
        found = {name: row[1] for name, row in zip(names, restored, strict=True) if row[1]}
        variables = {"OBELISK_SNAPSHOT": "0"}
        cold = list(pool.map(partial(_run_file, executable, folder / "cold", variables), found))
    failed = set()
    for (name, tests), (_, tests_cold) in zip(found.items(), cold, strict=True):
        if name not in tests_cold:  # a file that cannot even be imported says nothing of its tests
            failed |= tests - tests_cold
    output = "".join(done.stdout for done, _ in restored)
    return Outcome(files=frozenset(names), failed=frozenset(failed), output=output)


def _file(name):
    """Return the test file that a part of it belongs to."""
    return name.removeprefix("test.").split(".")[0]


def _require_snapshot(executable, folder):
    """Raise `AssertionError` where processes start cold, such as with another TMPDIR."""
    done = _run([executable, "--list-tests", "test_gc"], folder, {"OBELISK_SNAPSHOT": "explain"})
    assert "started from the snapshot" in done.stdout, done.stdout


def _run_file(executable, folder, variables, name):
    """Run one test file; return the process, and what failed: tests, or the whole file."""
    place = folder / name
    place.mkdir(parents=True)
    argv = [executable, "-v", "-u", RESOURCES, "--timeout", "600", "--tempdir", place, name]
    done = _run(argv, place, variables)
    failed = set(_FAILED_TEST.findall(done.stdout))
    if done.returncode != 0 and not failed and not _NOTHING_RAN.search(done.stdout):
        failed = {name}
    return done, failed


def _run(argv, folder, variables=None):
    """Run a suite without what Python's tests would see of this machine."""
    return subprocess.run(
        [str(word) for word in argv],
        cwd=folder,
        env={name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
        | (variables or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        # A shell's background jobs ignore interrupts, and tests send them to themselves.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def read_outcome(output):
    """Read what regrtest printed. A file that failed as a whole counts as a test of its name."""
    results = dict(_FILE_RESULT.findall(output))
    failed = set(_FAILED_TEST.findall(output))
    for name, result in results.items():
        stem = name.removeprefix("test.")
        has_tests = any(one.removeprefix("test.").startswith(stem + ".") for one in failed)
        if result not in ("passed", "skipped") and not has_tests:
            failed.add(name)
    return Outcome(files=frozenset(results), failed=frozenset(failed), output=output)


def compare(outcome, known):
    """Return (failures that are not known, patterns that nothing failed for although it ran)."""
    patterns = [pattern for row in known for pattern in row.tests]
    unknown = sorted(
        name for name in outcome.failed if not any(fnmatchcase(name, one) for one in patterns)
    )
    certain = [pattern for row in known if not row.elsewhere for pattern in row.tests]
    stale = sorted(
        pattern
        for pattern in certain
        if _ran(pattern, outcome.files)
        and not any(fnmatchcase(name, pattern) for name in outcome.failed)
    )
    return unknown, stale


def _ran(pattern, files):
    plain = pattern.removeprefix("test.")
    return any(
        plain == name or plain.startswith(name.removeprefix("test.") + ".") for name in files
    )


def package_suites():
    """Return the table of packages.toml."""
    return tomllib.loads((FOLDER / "packages.toml").read_text())


def run_package(name, suite, executable, folder):
    """Run the suite of a package; return the finished process of pytest."""
    place = _tests_of(name, suite["version"], folder)
    argv = [executable, "--python", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    argv += suite["arguments"]
    argv += [word for test in suite.get("deselect", {}) for word in ("--deselect", test)]
    return _run(argv, place)


def _tests_of(name, version, folder):
    """Unpack the sdist of a package without the package itself, which is in the executable."""
    archive = folder / "sdist.tar.gz"
    archive.write_bytes(_sdist(f"{name}=={version}"))
    with tarfile.open(archive) as tar:
        own = (f"{name}-{version}/{name}/", f"{name}-{version}/src/")
        members = [one for one in tar if not one.name.startswith(own)]
        tar.extractall(folder, members=members, filter="data")
    return folder / f"{name}-{version}"


def _sdist(requirement):
    """Return the bytes of an sdist, which is neither built nor asked for its metadata."""
    argv = [find_uv_bin(), "pip", "compile", "-", "--no-deps", "--format", "pylock.toml", "--quiet"]
    locked = subprocess.run(argv, input=requirement.encode(), check=True, capture_output=True)
    (package,) = tomllib.loads(locked.stdout.decode())["packages"]
    with urllib.request.urlopen(package["sdist"]["url"]) as answer:
        data = answer.read()
    assert hashlib.sha256(data).hexdigest() == package["sdist"]["hashes"]["sha256"]
    return data

"""Run test suites inside an executable: `run_suites.py [--part] [--snapshot] [SUITE ...]`.

With `--windows`, CPython's is run in an executable for Windows, under Wine.

A suite is `cpython` or a package of tests/suites/packages.toml; by default all of them. It prints
what failed that was not known to, and what is known to fail but passed, and exits with status 1 if
there is any.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from suites import windows
from suites.run import (
    FOLDER,
    Outcome,
    compare,
    known_failures,
    package_suites,
    part,
    run_cpython,
    run_from_snapshot,
    run_package,
)
from support import obelisk
from wine import TRIPLE, Wine, shared_prefix


def build(application: str, python: str, place: Path, *options: str) -> Path:
    """Build one of the applications that hold suites."""
    words = ("-o", place, "--python", python, *options)
    obelisk("build", "-q", FOLDER / f"{application}.py", *words)
    return place


def try_windows(python: str, folder: Path, *, only_part: bool) -> bool:
    """Run CPython's suite in an executable for Windows and say how it went."""
    executable = build("cpython", python, folder / "cpython.exe", "--target", TRIPLE)
    wine = Wine(shared_prefix())
    files = part(windows.TABLE) if only_part else windows.all_files(executable, wine, folder)
    outcome = windows.run_under_wine(executable, wine, folder, files)
    return report(f"cpython {python} for Windows", outcome, python, windows.TABLE, folder)


def try_cpython(python: str, folder: Path, *, only_part: bool, snapshot: bool) -> bool:
    """Run CPython's suite and say how it went."""
    executable = build("cpython_snapshot" if snapshot else "cpython", python, folder / "cpython")
    run = run_from_snapshot if snapshot else run_cpython
    table = "snapshot.toml" if snapshot else "cpython.toml"
    outcome = run(executable, folder, part(table) if only_part else ())
    how = " from a snapshot" if snapshot else ""
    return report(f"cpython {python}{how}", outcome, python, table, folder)


def report(what: str, outcome: Outcome, python: str, table: str, folder: Path) -> bool:
    """Say what failed that a table does not know, and what it knows that passed."""
    Path(folder, "output.txt").write_text(outcome.output, encoding="utf-8")
    unknown, stale = compare(outcome, known_failures(python, table))
    known = len(outcome.failed) - len(unknown)
    print(f"{what}: {len(outcome.files)} files, {known} known failures")
    for name in unknown:
        print(f"  FAILED {name}")
    for name in stale:
        print(f"  passes although it is known to fail: {name}")
    if unknown:
        print(f"  output in {folder / 'output.txt'}")
    return not unknown and not stale


def try_packages(names: list[str], python: str, folder: Path) -> bool:
    """Run the suites of packages and say how they went."""
    executable = build("packages", python, folder / "pytest")
    fine = True
    for name in names:
        place = folder / name
        place.mkdir()
        done = run_package(name, package_suites()[name], executable, place)
        print(f"{name}: {done.stdout.splitlines()[-1]}")
        if done.returncode != 0:
            fine = False
            print(done.stdout)
    return fine


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default="3.14")
    parser.add_argument("--part", action="store_true", help="some files of CPython's suite only")
    parser.add_argument("--snapshot", action="store_true", help="CPython's in restored processes")
    parser.add_argument("--windows", action="store_true", help="CPython's for Windows, under Wine")
    parser.add_argument("suites", nargs="*", default=["cpython", *package_suites()])
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="suites-"))
    fine = True
    if given.windows:
        sys.exit(0 if try_windows(given.python, folder, only_part=given.part) else 1)
    if "cpython" in given.suites:
        fine = try_cpython(given.python, folder, only_part=given.part, snapshot=given.snapshot)
    packages = [name for name in given.suites if name != "cpython"]
    if packages:
        fine = try_packages(packages, given.python, folder) and fine
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()

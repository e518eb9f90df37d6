"""Run test suites inside an executable: `run_suites.py [--part] [--snapshot] [SUITE ...]`.

A suite is `cpython` or a package of tests/suites/packages.toml; by default all of them. It prints
what failed that was not known to, and what is known to fail but passed, and exits with status 1 if
there is any.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from suites.run import (
    FOLDER,
    compare,
    known_failures,
    package_suites,
    part,
    run_cpython,
    run_from_snapshot,
    run_package,
)
from support import obelisk


def build(application: str, python: str, place: Path) -> Path:
    """Build one of the applications that hold suites."""
    obelisk("build", "-q", FOLDER / f"{application}.py", "-o", place, "--python", python)
    return place


def try_cpython(python: str, folder: Path, *, only_part: bool, snapshot: bool) -> bool:
    """Run CPython's suite and say how it went."""
    executable = build("cpython_snapshot" if snapshot else "cpython", python, folder / "cpython")
    run = run_from_snapshot if snapshot else run_cpython
    table = "snapshot.toml" if snapshot else "cpython.toml"
    outcome = run(executable, folder, part(table) if only_part else ())
    Path(folder, "output.txt").write_text(outcome.output, encoding="utf-8")
    unknown, stale = compare(outcome, known_failures(python, table))
    known = len(outcome.failed) - len(unknown)
    how = " from a snapshot" if snapshot else ""
    print(f"cpython {python}{how}: {len(outcome.files)} files, {known} known failures")
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
    parser.add_argument("suites", nargs="*", default=["cpython", *package_suites()])
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="suites-"))
    fine = True
    if "cpython" in given.suites:
        fine = try_cpython(given.python, folder, only_part=given.part, snapshot=given.snapshot)
    packages = [name for name in given.suites if name != "cpython"]
    if packages:
        fine = try_packages(packages, given.python, folder) and fine
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()

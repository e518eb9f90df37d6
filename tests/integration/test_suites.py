"""Test suites inside an executable: part of CPython's own, and those of packages.

`scripts/run_suites.py` runs all of CPython's.
"""

import pytest
from suites.run import compare, known_failures, package_suites, part, run_cpython, run_package
from support import APPS

pytestmark = pytest.mark.compile

SUITES = APPS.parent / "suites"


def test_part_of_cpythons_suite(executables, tmp_path, python_version):
    # Tools that look at processes from outside ask for a file of this name.
    executable = executables(f"python{python_version}", what=SUITES / "cpython.py")
    outcome = run_cpython(executable, tmp_path, part())
    assert compare(outcome, known_failures(python_version)) == ([], []), outcome.output
    assert len(outcome.files) >= len(part())


@pytest.mark.network
@pytest.mark.parametrize("name", package_suites())
def test_the_suite_of_a_package(executables, tmp_path, name):
    executable = executables("pytest", what=SUITES / "packages.py")
    done = run_package(name, package_suites()[name], executable, tmp_path)
    assert done.returncode == 0, done.stdout

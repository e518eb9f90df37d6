"""Test suites inside an executable: part of CPython's own, and those of packages.

`scripts/run_suites.py` runs all of CPython's.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from suites.run import compare, known_failures, package_suites, part, run_cpython, run_package
from support import APPS

pytestmark = pytest.mark.compile

SUITES = APPS.parent / "suites"
PACKAGES = {name: suite for name, suite in package_suites().items() if not suite.get("waits")}


@pytest.fixture(scope="module")
def running(executables, tmp_path_factory):
    """The suites of all packages: they wait more than they compute, so they run side by side."""
    executable = executables("pytest", what=SUITES / "packages.py")
    with ThreadPoolExecutor(len(PACKAGES)) as pool:
        yield {
            name: pool.submit(run_package, name, suite, executable, tmp_path_factory.mktemp(name))
            for name, suite in PACKAGES.items()
        }


def test_part_of_cpythons_suite(running, executables, tmp_path, python_version):
    executable = executables("cpython", what=SUITES / "cpython.py")
    outcome = run_cpython(executable, tmp_path, part())
    assert compare(outcome, known_failures(python_version)) == ([], []), outcome.output
    assert len(outcome.files) >= len(part())


@pytest.mark.network
@pytest.mark.parametrize("name", PACKAGES)
def test_the_suite_of_a_package(running, name):
    done = running[name].result()
    assert done.returncode == 0, done.stdout

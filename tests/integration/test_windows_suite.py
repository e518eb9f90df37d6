"""Part of CPython's own test suite, inside an executable for Windows, under Wine."""

import pytest
from suites import windows
from suites.run import compare, known_failures, part
from support import APPS
from wine import TRIPLE

pytestmark = pytest.mark.compile


def test_part_of_cpythons_suite(executables, wine, tmp_path, python_version):
    what = APPS.parent / "suites/cpython.py"
    executable = executables("cpython.exe", "--target", TRIPLE, what=what)
    files = part(windows.TABLE)
    outcome = windows.run_under_wine(executable, wine, tmp_path, files)
    known = known_failures(python_version, windows.TABLE)
    assert compare(outcome, known) == ([], []), outcome.output
    assert outcome.files == set(files)

"""Functions whose code is not in the snapshot, since no training run called them."""

import re

import pytest
from support import APPS, obelisk, run

pytestmark = pytest.mark.compile

COLD = {"OBELISK_SNAPSHOT": "0"}
EXPLAIN = {"OBELISK_SNAPSHOT": "explain"}


@pytest.fixture(scope="module")
def deferred(tmp_path_factory):
    path = tmp_path_factory.mktemp("deferred") / "deferred"
    obelisk("build", "-q", "--snapshot", "--train", "", APPS / "snapshot/deferred.py", "-o", path)
    return path


def parted(done):
    """Return (output without what tells of deferred functions, how many there are and are left)."""
    assert done.returncode == 0, done.stderr
    (numbers,) = re.findall(r"^deferred \[(\d+), (\d+)\]$", done.stdout, re.MULTILINE)
    return re.sub(r"^deferred .*\n", "", done.stdout, flags=re.MULTILINE), *map(int, numbers)


def test_a_trained_run_needs_none_of_them(deferred):
    done = run([deferred], cwd="/", env=EXPLAIN)
    _, count, left = parted(done)
    assert count == left > 1000
    assert done.stderr == f"{deferred}: started from the snapshot\n"


@pytest.mark.parametrize(
    "part",
    [
        *("calls", "errors", "looks", "changes", "classes", "systems"),
        *("tools", "limits", "ends", "hooks"),
    ],
)
def test_a_program_cannot_tell_them_from_others(deferred, part):
    output, count, left = parted(run([deferred, part], cwd="/"))
    expected, *nothing = parted(run([deferred, part], cwd="/", env=COLD))
    assert output == expected
    assert (0 < left < count, nothing) == (True, [0, 0])
    assert len(output.splitlines()) >= 1


def test_parts_of_a_program_do_not_depend_on_each_other(deferred):
    parts = ("looks", "calls", "tools", "classes", "limits", "systems", "changes", "errors", "ends")
    expected = parted(run([deferred, *parts], cwd="/", env=COLD))
    assert parted(run([deferred, *parts], cwd="/"))[0] == expected[0]


def test_without_training_all_functions_have_their_code(executables):
    path = executables("snapshot/deferred.py", "--snapshot")
    assert parted(run([path], cwd="/"))[1:] == (0, 0)

"""The memory that blocks of a snapshot are placed in."""

import subprocess

import pytest

pytestmark = pytest.mark.compile


def test_blocks_do_not_overlap_and_only_those_that_are_listed_stay(compiled):
    program = compiled("snapshot_places_check", "snapshot/places.c")
    assert subprocess.run([program], check=False).returncode == 0

"""The memory that blocks of a snapshot are placed in."""

import subprocess

import pytest

pytestmark = pytest.mark.compile


def test_blocks_do_not_overlap_and_only_those_that_are_listed_stay(compiled):
    program = compiled("snapshot_places_check", "snapshot/places.c")
    assert subprocess.run([program], check=False).returncode == 0


def test_a_request_has_the_same_key_in_each_attempt_whatever_else_is_asked_for(compiled):
    program = compiled("snapshot_requests_check", "snapshot/requests.c")
    assert subprocess.run([program], check=False).returncode == 0

"""Damaged shared objects are linked or refused, for every machine; nothing else happens."""

import pytest
from fuzz import Linker

from obelisk.target import TARGETS


@pytest.mark.parametrize("architecture", [target.architecture for target in TARGETS.values()])
def test_damaged_objects_are_linked_or_refused(campaign, tmp_path, architecture):
    (target,) = [one for one in TARGETS.values() if one.architecture == architecture]
    linker = Linker(target)
    objects = campaign(f"damaged objects for {architecture}", part=5000, whole=1_000_000)
    for case in objects.cases:
        data = linker.object(objects.random(case))
        try:
            objects.saw(linker.outcome(data))
        except BaseException:
            (tmp_path / "fuzzed.so").write_bytes(data)
            raise

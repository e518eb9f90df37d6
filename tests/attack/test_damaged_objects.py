"""Damaged shared objects are linked or refused, for every machine; nothing else happens."""

import pytest
from fuzz import Linker
from machines import ALL


@pytest.mark.parametrize("target", ALL, ids=[target.architecture for target in ALL])
def test_damaged_objects_are_linked_or_refused(campaign, tmp_path, target):
    linker = Linker(target)
    objects = campaign(f"damaged objects for {target.architecture}", part=5000, whole=1_000_000)
    for case in objects.cases:
        data = linker.object(objects.random(case))
        try:
            objects.saw(linker.outcome(data))
        except BaseException:
            (tmp_path / "fuzzed.so").write_bytes(data)
            raise

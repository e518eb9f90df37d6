"""What is said while packages are installed."""

import pytest

from obelisk.collect.install import built_from_source


@pytest.mark.parametrize(
    ("line", "package"),
    [
        ("   Building markupsafe==3.0.2", "markupsafe==3.0.2"),
        ("   Building ruamel.yaml-clib==0.2.12", "ruamel.yaml-clib==0.2.12"),
        ("   Building app @ file:///src/app", "app @ file:///src/app"),
        ("   Building thing @ git+https://host/x@0123", "thing @ git+https://host/x@0123"),
        ("[ 50%] Building CXX object src/a.cc.o", None),
        ("  Building C object CMakeFiles/x.dir/x.c.o", None),
        ("  Building wheel for thing (pyproject.toml)", None),
        ("    Building extension modules", None),
        ("      Built markupsafe==3.0.2", None),
    ],
)
def test_packages_that_are_built_are_told_from_lines_of_their_tools(line, package):
    assert built_from_source(line) == package

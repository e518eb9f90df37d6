"""Executables for machines that are not this one, run by QEMU's user mode.

What every target must do is in test_conformance.py; this is what only such a machine has: packages
of its own wheels, builds from source that are cross builds, and pages of another size.
"""

import re
import shutil
import subprocess

import pytest
from machines import ALL, machines
from support import APPS, expected, obelisk

from obelisk.services import host
from obelisk.verify.elf import map_file, read_executable

pytestmark = [pytest.mark.compile, pytest.mark.network]

PACKAGES = (
    *("cryptography_keys", "greenlet_switches", "lxml_documents", "orjson_values"),
    "without_speedups",
    # Minutes each, emulated: `make applications` has them.
    *(
        pytest.param(name, marks=pytest.mark.application)
        for name in ("grpc_calls", "numpy_scipy", "pandas_tables", "pillow_images")
    ),
)
machine = machines([target for target in ALL if not host.runs(target)])


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_works_there(machine, tmp_path, name):
    path = APPS / "packages" / f"{name}.py"
    machine.says(machine.build(name, what=path), expected(path), cwd=tmp_path)


def test_it_is_of_that_machine_and_sound(machine):
    executable = machine.build("hello.py")
    assert "ok   machine: " + machine.target.elf_machine in obelisk("verify", executable)
    whole = read_executable(map_file(executable))
    assert all(finding.sound for finding in whole.findings)


def test_segments_share_no_page_of_the_largest_size(machine):
    words = subprocess.run(
        ["readelf", "-lW", machine.build("hello.py")], capture_output=True, text=True, check=True
    ).stdout
    page, end = machine.target.page_size, 0
    for row in re.findall(r"^ +LOAD +(\w+) (\w+) \w+ +\w+ (\w+)", words, re.MULTILINE):
        offset, address, size = (int(word, 16) for word in row)
        assert offset % page == address % page
        assert address // page * page >= end
        end = -(-(address + size) // page) * page
    assert end > 0


def test_packages_from_source_are_built_for_it(machine, tmp_path):
    """By setuptools and Cython, in C and C++, with a library that a package needs."""
    name = "from_source.py"
    machine.says(machine.build(name), expected(APPS / name), cwd=tmp_path)


def test_a_project_of_cxx_with_cmake(machine, tmp_path):
    project = shutil.copytree(APPS / "nano", tmp_path / "nano")
    lines = ["{'a': 2, 'b': 1}", "error no words"]
    machine.says(machine.build("nano", what=project), lines, cwd=tmp_path)


def test_a_package_of_meson_and_pybind11(machine, tmp_path):
    name = "contours.py"
    machine.says(machine.build(name), expected(APPS / name), cwd=tmp_path)


def test_objects_of_this_machine_are_refused_there(machine, compiler, tmp_path):
    shutil.copy(APPS / "native.py", tmp_path)
    (tmp_path / "message.txt").write_text("")
    compiler(tmp_path / "liblow.so", "low.c")
    words = ("build", tmp_path / "native.py", "--target", machine.target.triple)
    said = obelisk(*words, status=6)
    assert f"not {machine.target.machine_name}" in said

"""Extension modules built from source: C, Cython and C++, by several build backends."""

import shutil
import subprocess
from pathlib import Path

import pytest
from support import APPS, expected, obelisk

import obelisk as obelisk_package

pytestmark = [pytest.mark.compile, pytest.mark.network]

BROKEN = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "broken"
version = "1.0"
[project.scripts]
broken = "broken:main"
"""


def test_packages_from_their_source_archives(executables, empty_root):
    """MarkupSafe, msgpack, greenlet (C++), and PyYAML with a library that it needs."""
    done = empty_root.run(executables("from_source.py"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == expected(APPS / "from_source.py")


def test_a_project_of_c_and_cython(executables, empty_root, tmp_path):
    project = shutil.copytree(APPS / "speedups", tmp_path / "speedups")
    done = empty_root.run(executables("speedups", what=project))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "3.5 True",
        "True /speedups/plain",
        "unsupported operand type(s) for +=: 'float' and 'str'",
    ]


def test_a_project_of_cxx_with_cmake_and_ninja_from_wheels(executables, empty_root, tmp_path):
    project = shutil.copytree(APPS / "nano", tmp_path / "nano")
    done = empty_root.run(executables("nano", what=project))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["{'a': 2, 'b': 1}", "error no words"]


def test_a_package_of_meson_and_pybind11(executables, empty_root):
    """contourpy, whose build needs numpy to be imported."""
    done = empty_root.run(executables("contours.py"), timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == expected(APPS / "contours.py")


def test_what_was_built_is_the_same_again(tmp_path, python_version):
    """On another path, without the installer's cache."""
    made = []
    for name in ("one", "another-place"):
        project = shutil.copytree(APPS / "speedups", tmp_path / name / "speedups")
        place = tmp_path / name / "app"
        obelisk("build", "-q", "-o", place, "--python", python_version, cwd=project)
        made.append(place.read_bytes())
    assert made[0] == made[1]


@pytest.fixture
def broken(tmp_path):
    """A function that makes a project whose setup.py runs a command, and builds it."""

    def build(setup, status=4):
        (tmp_path / "pyproject.toml").write_text(BROKEN)
        (tmp_path / "broken.py").write_text("def main():\n    print('whole')\n")
        (tmp_path / "setup.py").write_text(f"from setuptools import setup\n{setup}\nsetup()\n")
        said = obelisk("build", cwd=tmp_path, status=status)
        assert f'File "{Path(obelisk_package.__file__).parent}' not in said, "a traceback of ours"
        return said

    return build


def test_a_missing_compiler_is_named(broken):
    said = broken("import subprocess\nsubprocess.run(['cargo', 'build'], check=True)")
    failed = "the build backend of `broken` in "
    assert failed in said
    assert "failed: it requires a Rust compiler, which is not available" in said
    said = broken("import subprocess\nsubprocess.run(['gfortran', 'x.f90'], check=True)")
    assert "it requires a Fortran compiler" in said


def test_a_build_that_fails_says_what_was_tried_and_what_to_do(broken, tmp_path):
    said = broken(
        "from setuptools import Extension\n"
        "open('x.c', 'w').write('#include <not_there.h>\\n')\n"
        "setup(ext_modules=[Extension('x', ['x.c'])])"
    )
    assert "not_there.h" in said
    assert f"the build backend of `broken` in {tmp_path} failed" in said
    assert "no wheel" not in said, "it is the user's own project"
    assert "`build-packages`" in said


def test_a_header_of_this_machine_is_named(broken):
    said = broken(
        "from setuptools import Extension\n"
        "open('x.c', 'w').write('#include \"/etc/passwd\"\\n')\n"
        "setup(ext_modules=[Extension('x', ['x.c'])])"
    )
    assert "error: `/etc/passwd` belongs to the host, not to the target" in said
    assert "only see their own source tree and `build-packages`" in said


def test_a_folder_of_this_machine_is_no_build_package(tmp_path):
    project = shutil.copytree(APPS / "speedups", tmp_path / "speedups")
    path = project / "pyproject.toml"
    path.write_text(path.read_text().replace('"zlib"', '"/usr"'))
    said = obelisk("build", cwd=project, status=2)
    assert "`/usr` in `build-packages` contains the host's libraries" in said


def test_an_unknown_build_package_is_refused(tmp_path):
    project = shutil.copytree(APPS / "speedups", tmp_path / "speedups")
    path = project / "pyproject.toml"
    path.write_text(path.read_text().replace('"zlib"', '"zlbi"'))
    said = obelisk("build", cwd=project, status=2)
    assert "did you mean `zlib`?" in said


def test_a_c_library_from_a_folder(compiler, tmp_path, empty_root, python_version):
    project = shutil.copytree(APPS / "speedups", tmp_path / "speedups")
    library = project / "vendor/checks"
    (library / "include").mkdir(parents=True)
    (library / "lib").mkdir()
    (library / "include/zlib.h").write_text(
        "typedef unsigned char Bytef;\ntypedef unsigned uInt;\n"
        "unsigned long adler32(unsigned long, const Bytef *, uInt);\n"
    )
    source = tmp_path / "checks.c"
    source.write_text(
        '#include "zlib.h"\n'
        "unsigned long adler32(unsigned long a, const Bytef *b, uInt c)\n{\n"
        "    (void)b;\n    return a + 41 * (c > 0);\n}\n"
    )
    made = tmp_path / "checks.o"
    flags = ("-c", "-fPIC", f"-I{library / 'include'}")
    compiler.call("cc", *flags, source, "-o", made)
    compiler.call("ar", "rcs", library / "lib/libz.a", made)
    path = project / "pyproject.toml"
    path.write_text(path.read_text().replace('"zlib"', '"vendor/checks"'))
    obelisk("build", "-q", "-o", tmp_path / "app", "--python", python_version, cwd=project)
    assert empty_root.run(tmp_path / "app").stdout.startswith("3.5 False\n")


def test_no_compiler_of_this_host_is_called(executables, tmp_path):
    """The comment section says which compiler made an object."""
    project = shutil.copytree(APPS / "speedups", tmp_path / "speedups")
    place = executables("speedups-debug", "--debug", what=project)
    said = subprocess.run(["readelf", "-p", ".comment", place], capture_output=True, check=True)
    assert b"GCC" not in said.stdout

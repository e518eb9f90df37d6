"""Packages built from source are the same bytes on a machine full of headers and on a bare one."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import APPS

from obelisk.services.cache import Cache

pytestmark = [pytest.mark.compile, pytest.mark.network]

OPTIONAL = """
import os, subprocess, sys
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

class Probing(build_ext):
    def build_extensions(self):
        # As projects do: for each library, try to compile and link a line, and use what works.
        for name, header in (("z", "zlib.h"), ("expat", "expat.h"), ("yaml", "yaml.h")):
            found = self.compiler.has_function(
                "getpid", includes=[header], include_dirs=["/usr/include"],
                library_dirs=["/usr/lib/x86_64-linux-gnu", "/usr/lib64"], libraries=[name],
            )
            if found:
                self.extensions[0].define_macros.append(("HAVE_" + name, "1"))
                self.extensions[0].libraries.append(name)
        super().build_extensions()

setup(
    ext_modules=[
        Extension(
            "extension", ["extension.c"], include_dirs=["/usr/include", "/usr/local/include"],
            library_dirs=["/usr/lib", "/usr/local/lib"], extra_compile_args=["-march=native"],
        )
    ],
    cmdclass={"build_ext": Probing},
)
"""
EXTENSION = """
#include <Python.h>
static struct PyModuleDef definition = { PyModuleDef_HEAD_INIT, .m_name = "extension" };
#if defined HAVE_z || defined HAVE_expat || defined HAVE_yaml
const char found[] __attribute__((used)) = "something of the machine";
#endif
PyMODINIT_FUNC PyInit_extension(void) { return PyModule_Create(&definition); }
"""
PYPROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "optional"
version = "1.0"
[project.scripts]
optional = "main:main"
[tool.setuptools]
py-modules = ["main"]
"""
HIDDEN_FOLDERS = (
    *("/usr/include", "/usr/lib/cmake", "/usr/lib/pkgconfig", "/usr/share/pkgconfig"),
    *("/usr/lib/x86_64-linux-gnu/cmake", "/usr/lib/x86_64-linux-gnu/pkgconfig", "/usr/lib/llvm-14"),
)
HIDDEN_PROGRAMS = (
    *("cmake", "ninja", "meson", "pkg-config", "pkgconf", "cc", "c++", "gcc", "g++", "clang", "ld"),
    *("as", "ar", "ranlib", "strip", "objcopy", "objdump", "pg_config", "xml2-config", "gfortran"),
    *("llvm-config", "curl-config", "autoconf", "m4", "swig", "patchelf", "cython", "rustc"),
)


def write_optional(folder):
    folder.mkdir()
    for name, text in {
        "setup.py": OPTIONAL,
        "extension.c": EXTENSION,
        "pyproject.toml": PYPROJECT,
        "main.py": "def main():\n    import extension\n    print(extension.__name__)\n",
    }.items():
        (folder / name).write_text(text)
    return folder


def write_contours(folder):
    folder.mkdir()
    shutil.copy(APPS / "contours.py", folder)
    return folder / "contours.py"


PROJECTS = {
    "setuptools": write_optional,
    "scikit-build-core": lambda folder: shutil.copytree(APPS / "nano", folder),
    "CMake probes": lambda folder: shutil.copytree(APPS / "probes", folder),
    "meson": write_contours,
}


def bare():
    """The command that runs another one where nothing of what developers install is."""
    mounts = [f"mount -t tmpfs none {name}" for name in HIDDEN_FOLDERS if Path(name).is_dir()]
    found = {os.path.realpath(path) for path in map(shutil.which, HIDDEN_PROGRAMS) if path}
    left = sorted(path for path in found if not path.startswith(HIDDEN_FOLDERS))
    mounts += [f"mount --bind /dev/null {path}" for path in left]
    return ["unshare", "--mount", "sh", "-ec", "; ".join([*mounts, 'exec "$@"']), "sh"]


def digest_of_built(installed, executable, name):
    """The digest of all extension modules, and of the executable if no folder is named in it."""
    modules = {path.name: path for path in installed.rglob("*.so") if "archive-v0" in path.parts}
    assert modules, name
    digest = hashlib.sha256()
    for _, path in sorted(modules.items()):
        digest.update(path.read_bytes())
    # contourpy keeps a record of its build, with folders whose names uv and meson-python draw.
    if name != "meson":
        digest.update(executable.read_bytes())
    return digest.hexdigest()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may hide folders of the machine")
def test_a_full_machine_and_a_bare_one(campaign, tmp_path, python_version):
    run = campaign("builds on a full and a bare machine", part=0, whole=len(PROJECTS))
    if not run.cases:
        pytest.skip("takes minutes; a part stands in tests/integration/test_isolation.py")
    if subprocess.run([*bare(), "true"], capture_output=True, check=False).returncode:
        pytest.skip("this container may not mount")
    for case in run.cases:
        name, write = list(PROJECTS.items())[case]
        digests = set()
        for prefix in ([], bare()):
            # The same place each time, and nothing that was built before.
            for folder in ("project", "cache"):
                shutil.rmtree(tmp_path / folder, ignore_errors=True)
            for kind in ("distributions", "libraries", "runtimes", "bytecode", "CACHEDIR.TAG"):
                (tmp_path / "cache").mkdir(exist_ok=True)
                copy = ["cp", "-al", Cache().root / kind, tmp_path / "cache"]
                subprocess.run(copy, check=True)
            what, output = write(tmp_path / "project"), tmp_path / "app"
            argv = [*prefix, sys.executable, "-m", "obelisk", "build", what, "-q", "-o", output]
            env = os.environ | {"OBELISK_CACHE": str(tmp_path / "cache")}
            argv += ["--python", python_version]
            subprocess.run(argv, env=env, check=True, timeout=600)
            digests.add(digest_of_built(tmp_path / "cache/uv", output, name))
        assert len(digests) == 1, name
        run.saw("the same bytes")

"""What makes shared objects for the tests of native code."""

import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support import APPS

from obelisk.buildenv.environment import obtain_interpreter
from obelisk.distribution.distribution import obtain_distribution
from obelisk.distribution.versions import python_source
from obelisk.recipes.build import build_libraries
from obelisk.services.cache import Cache
from obelisk.services.console import Console, Verbosity
from obelisk.services.services import Services
from obelisk.target import DEFAULT_TARGET, parse_target

SOURCES = Path(__file__).parents[1] / "native"


class Compiler:
    """Makes shared objects as a build backend would."""

    def __init__(self, python_version, folder, target):
        services = Services(
            cache=Cache(),
            console=Console(Verbosity.QUIET),
            target=target,
            archives=None,
        )
        self.libraries = build_libraries(services)
        distribution = obtain_distribution(services, python_source(python_version))
        self.builder = obtain_interpreter(services, distribution, (), folder).builder(folder)

    def __call__(self, place, *arguments, tool="cc"):
        self.run(tool, place, arguments)
        if not place.exists():
            assert self.builder.add_missing(), "only C++ may have been missing"
            assert self.run(tool, place, arguments).returncode == 0
        return place

    def run(self, tool, place, arguments):
        return self.call(tool, "-shared", "-fPIC", "-O1", *arguments, "-o", place, check=False)

    def call(self, *words, check=True, env=None):
        own = self.builder.variables(os.environ) | {"OBELISK_BUILD_SOURCE": str(SOURCES)}
        env = own | (env or {})
        argv = [str(word) for word in words]
        return subprocess.run(argv, cwd=SOURCES, env=env, check=check, capture_output=True)


@pytest.fixture(scope="session")
def compilers(python_version, tmp_path_factory):
    """A function that returns the compiler for a target."""

    @functools.cache
    def compiler_for(target):
        return Compiler(python_version, tmp_path_factory.mktemp("compiler"), target)

    return compiler_for


@pytest.fixture(scope="session")
def compiler(compilers):
    return compilers(parse_target(DEFAULT_TARGET))


@pytest.fixture(scope="session")
def anything(executables):
    """An executable that runs the code which its environment names."""
    return executables("anything.py", "--set", "interpreter=true")


MODELS = {
    "local-dynamic": ["-ftls-model=local-dynamic"],
    "initial-exec": ["-ftls-model=initial-exec"],
    "global-dynamic": ["-ftls-model=global-dynamic"],
    # What compilers for AArch64 use unless they are told otherwise.
    "descriptors": [],
}
DESCRIPTORS = {"x86_64": ["-mtls-dialect=gnu2"]}


@pytest.fixture(scope="session")
def native_program(compilers, tmp_path_factory):
    """A function that returns tests/apps/native.py, beside all libraries of tests/native."""

    @functools.cache
    def program_for(target):
        folder, compiler = tmp_path_factory.mktemp("native"), compilers(target)
        shutil.copy(APPS / "native.py", folder)
        (folder / "message.txt").write_text("message\n")
        for model, flags in MODELS.items():
            chosen = flags or DESCRIPTORS.get(target.architecture, [])
            # Files with the same bytes would be one object.
            soname = f"-Wl,-soname,tls-{model}.so"
            compiler(folder / f"tls-{model}.so", soname, *chosen, "tls.c")
        low = compiler(folder / "liblow.so", "-Wl,-soname,liblow.so", "low.c")
        compiler(folder / "libhigh.so", "-Wl,-soname,libhigh.so", "high.c", low)
        compiler(folder / "libzeros.so", "zeros.c")
        soname = "-Wl,-soname,libthrower.so"
        thrower = compiler(folder / "libthrower.so", soname, "thrower.cpp", tool="c++")
        compiler(folder / "libcatcher.so", "catcher.cpp", thrower, tool="c++")
        sources = tmp_path_factory.mktemp("sqlite")
        shutil.copytree(compiler.libraries["sqlite"] / "include", sources, dirs_exist_ok=True)
        source = shutil.copy(SOURCES / "twice.c", sources)
        words = ("-shared", "-fPIC", f"-I{sources}", source, "-o", folder / "libtwice.so")
        compiler.call("cc", *words, env={"OBELISK_BUILD_SOURCE": str(sources)})
        return folder / "native.py"

    return program_for

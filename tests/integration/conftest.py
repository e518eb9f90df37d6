"""What makes shared objects for the tests of native code."""

import functools
import os
import subprocess
from pathlib import Path

import pytest

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

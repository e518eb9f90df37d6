"""Real executables, each built once a session, and the ways to run them.

Everything runs in an empty folder with an empty environment, or in a chroot that holds nothing but
the executable and an empty /tmp.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from support import APPS, in_root, obelisk, run

from obelisk.cache import Cache
from obelisk.console import Console, Verbosity
from obelisk.distribution.build import python_source
from obelisk.distribution.builder import obtain_builder
from obelisk.distribution.libraries import Site
from obelisk.target import DEFAULT_TARGET, parse_target

SOURCES = Path(__file__).parents[1] / "native"


class Executables:
    """Builds applications on demand, once each."""

    def __init__(self, folder, python):
        self.folder = folder
        self.python = python
        self.built = {}

    def __call__(self, name, *options, what=None):
        key = (name, *options)
        if key not in self.built:
            place = Path(tempfile.mkdtemp(dir=self.folder)) / Path(name).name.removesuffix(".py")
            source = what or APPS / name
            obelisk("build", source, "-q", "-o", place, "--python", self.python, *options)
            self.built[key] = place
        return self.built[key]


@pytest.fixture(scope="session")
def executables(tmp_path_factory, python_version):
    return Executables(tmp_path_factory.mktemp("executables"), python_version)


class EmptyRoot:
    """A root folder with one executable in it, and /tmp."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, executable, *arguments, path="/app", **options):
        (self.folder / "tmp").mkdir(exist_ok=True)
        shutil.copy(executable, self.folder / "app")
        done = run(in_root(self.folder, path, *arguments), cwd="/", **options)
        (self.folder / "app").unlink()
        return done


@pytest.fixture
def empty_root(tmp_path):
    (tmp_path / "root").mkdir()
    return EmptyRoot(tmp_path / "root")


class Compiler:
    """Makes shared objects as a build backend would."""

    def __init__(self, python_version, folder):
        site = Site(
            cache=Cache(),
            console=Console(Verbosity.QUIET),
            target=parse_target(DEFAULT_TARGET),
            sources=None,
        )
        self.builder = obtain_builder(site, python_source(python_version), (), folder)

    def __call__(self, place, *arguments, tool="cc"):
        self.run(tool, place, arguments)
        if not place.exists():
            assert self.builder.add_missing(), "only C++ may have been missing"
            assert self.run(tool, place, arguments).returncode == 0
        return place

    def run(self, tool, place, arguments):
        return self.call(tool, "-shared", "-fPIC", "-O1", *arguments, "-o", place, check=False)

    def call(self, *words, check=True):
        env = self.builder.environment(os.environ)
        argv = [str(word) for word in words]
        return subprocess.run(argv, cwd=SOURCES, env=env, check=check, capture_output=True)


@pytest.fixture(scope="session")
def compiler(python_version, tmp_path_factory):
    return Compiler(python_version, tmp_path_factory.mktemp("compiler"))

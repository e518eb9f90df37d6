"""What all tests share: real executables, each built once a session, and the ways to run them.

Everything runs in an empty folder with an empty environment, or in a chroot that holds nothing but
the executable and an empty /tmp.
"""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from store import stored
from support import APPS, PYTHON_VERSION, SNAPSHOTS, in_root, run

from obelisk.services.atomic import link_or_copy

pytest_plugins = ["campaigns", "configurations", "databases", "terminals", "wine"]

# The same examples every time; `HYPOTHESIS_PROFILE=explore` looks for new ones, and more of them.
settings.register_profile("default", derandomize=True)
settings.register_profile("explore", max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def python_version():
    """The Python version that integration tests build with; another one is chosen by variable."""
    return PYTHON_VERSION


class Executables:
    """Builds applications on demand, once for each content (store.py)."""

    def __init__(self, folder, python, *, snapshots=False):
        self.folder = folder
        self.python = python
        self.more = ("--snapshot",) if snapshots else ()
        self.built = {}

    def __call__(self, name, *options, what=None):
        key = (name, *options)
        if key not in self.built:
            path = Path(tempfile.mkdtemp(dir=self.folder)) / Path(name).name.removesuffix(".py")
            more = () if "--target" in options else self.more
            arguments = [what or APPS / name, "--python", self.python, *more, *options]
            link_or_copy(str(stored(path.name, arguments)), str(path))
            self.built[key] = path
        return self.built[key]


@pytest.fixture(scope="session")
def executables(tmp_path_factory, python_version):
    folder = tmp_path_factory.mktemp("executables")
    # Any test of a program can be run with a snapshot of it.
    return Executables(folder, python_version, snapshots=SNAPSHOTS)


class EmptyRoot:
    """A root folder with one executable in it, and /tmp."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, executable, *arguments, path="/app", **options):
        (self.folder / "tmp").mkdir(exist_ok=True)
        link_or_copy(str(executable), str(self.folder / "app"))
        done = run(in_root(self.folder, path, *arguments), cwd="/", **options)
        (self.folder / "app").unlink()
        return done


@pytest.fixture
def empty_root(tmp_path):
    (tmp_path / "root").mkdir()
    return EmptyRoot(tmp_path / "root")

"""Machines that executables are built for: this one, and those that an emulator stands for."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

import binfmt
import pytest
from support import emulation, run

from obelisk.services import host
from obelisk.target import TARGETS

ALL = sorted(
    (target for target in TARGETS.values() if target.system == "linux"),
    key=lambda target: not host.runs(target),
)
"""This machine's own target first; those of Windows have tests of their own (wine.py)."""


class Machine:
    """Builds executables for a target, once each, and runs them."""

    def __init__(self, target, executables):
        self.target = target
        self.is_here = host.runs(target)
        self._executables = executables
        self._emulator = emulation(target)

    def build(self, name, *options, what=None):
        """Return an executable; those for this machine are the ones of other tests."""
        chosen = () if self.is_here else ("--target", self.target.triple)
        return self._executables(name, *chosen, *options, what=what)

    def run(self, executable, *arguments, cwd, emulated=(), **options):
        """Run it; `emulated` are options of the emulator."""
        # An emulator makes code.
        argv = [*self._emulator, *emulated, executable, *arguments]
        return run(argv, cwd=cwd, makes_code=not self.is_here, timeout=600, **options)

    def says(self, executable, lines, *arguments, cwd, env=None):
        """Run an executable that has to say these lines, and nothing else."""
        done = self.run(executable, *arguments, cwd=cwd, env=env)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        assert done.stdout.splitlines() == lines, done.stdout

    @contextmanager
    def in_kernel(self):
        """Let the kernel execute the file, which may then execute itself; skip where it cannot."""
        if self.is_here:
            yield
            return
        with tempfile.TemporaryDirectory() as folder:
            try:
                with binfmt.executing(self.target, Path(folder)):
                    self._emulator = []
                    yield
            except binfmt.RefusedError as error:
                pytest.skip(f"the kernel executes no program of another machine: {error}")
            finally:
                self._emulator = emulation(self.target)


def machines(targets):
    """Return a fixture that gives each of these targets as a machine."""

    @pytest.fixture(scope="session", params=targets, ids=[target.triple for target in targets])
    def machine(request, executables):
        return Machine(request.param, executables)

    return machine

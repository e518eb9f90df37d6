"""Machines that executables are built for: this one, and those that an emulator stands for."""

from pathlib import Path

import pytest
from support import emulation, run

from obelisk.services import host
from obelisk.target import TARGETS

ALL = sorted(TARGETS.values(), key=lambda target: not host.runs(target))
"""This machine's own target first."""
_KNOWN_TO_THE_KERNEL = Path("/proc/sys/fs/binfmt_misc")


class Machine:
    """Builds executables for a target, once each, and runs them."""

    def __init__(self, target, executables):
        self.target = target
        self.is_here = host.runs(target)
        self._executables = executables

    def build(self, name, *options, what=None):
        """Return an executable; those for this machine are the ones of other tests."""
        chosen = () if self.is_here else ("--target", self.target.triple)
        return self._executables(name, *chosen, *options, what=what)

    def run(self, executable, *arguments, cwd, **options):
        # An emulator makes code.
        argv = [*emulation(self.target), executable, *arguments]
        return run(argv, cwd=cwd, makes_code=not self.is_here, timeout=600, **options)

    def says(self, executable, lines, *arguments, cwd, env=None):
        """Run an executable that has to say these lines, and nothing else."""
        done = self.run(executable, *arguments, cwd=cwd, env=env)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines() == lines

    def require_kernel(self):
        """Skip what executes its own file where the kernel knows no emulator for that."""
        if not self.is_here and not any(_KNOWN_TO_THE_KERNEL.glob("qemu-*")):
            pytest.skip(f"{_KNOWN_TO_THE_KERNEL} names no emulator: the file cannot execute itself")


def machines(targets):
    """Return a fixture that gives each of these targets as a machine."""

    @pytest.fixture(scope="session", params=targets, ids=[target.triple for target in targets])
    def machine(request, executables):
        return Machine(request.param, executables)

    return machine

"""Machines that executables are built for: this one, and those that an emulator stands for."""

import tempfile
import tomllib
from contextlib import contextmanager
from pathlib import Path

import binfmt
import pytest
from support import APPS, emulation, obelisk, run
from wine import TRIPLE

from obelisk.services import host
from obelisk.target import TARGETS, parse_target

ALL = sorted(
    (target for target in TARGETS.values() if target.system == "linux"),
    key=lambda target: not host.runs(target),
)
"""This machine's own target first; that of Windows is `WINDOWS`."""
WINDOWS = parse_target(TRIPLE)
ANSWERS = APPS.parent / "suites/answers_windows.toml"


class Machine:
    """Builds executables for a target, once each, and runs them."""

    def __init__(self, target, executables):
        self.target = target
        self.is_here = host.runs(target)
        self.python = executables.python
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
    def asked(self, _question):
        """Ask it a question, which every machine answers in the same way."""
        yield

    def path(self, path):
        """Return what the programs there call a file."""
        return str(path)

    def lines(self, done):
        """Return the lines that a program has said."""
        return done.stdout.splitlines()

    def answer(self, line):
        """Return what is said there in place of a line."""
        return line

    def refusal(self, _question):
        """Return why no executable can be asked, or None."""
        return

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


class WindowsMachine:
    """The same for Windows, whose programs Wine runs; what it answers otherwise is in `ANSWERS`."""

    is_here = False

    def __init__(self, executables, wine):
        self.target = WINDOWS
        self.python = executables.python
        self._executables = executables
        self._wine = wine
        self._table = tomllib.loads(ANSWERS.read_text())
        self._question = None
        self._used = set()

    @contextmanager
    def asked(self, question):
        """Ask it a question: each of the lines that the table has for it must be needed."""
        self._question, self._used = question, set()
        yield
        assert self._used == set(self._others()), "the table has answers that nobody asked for"

    def _others(self):
        rows = self._table["answers"]
        return {row["here"]: row["there"] for row in rows if row["question"] == self._question}

    def answer(self, line):
        """Return what is said there in place of a line."""
        others = self._others()
        self._used |= {line} & set(others)
        return others.get(line, line)

    def refusal(self, question):
        """Return what refuses to build what would be asked, or None."""
        return self._table["refused"].get(question)

    def path(self, path):
        """Return what the programs there call a file."""
        return self._wine.path(path)

    def build(self, name, *options, what=None):
        """Return an executable, built with what the table has for the question."""
        more = self._table["builds"].get(self._question, {"options": ()})["options"]
        options = ("--target", TRIPLE, *options, *more)
        return self._executables(f"{Path(name).stem}.exe", *options, what=what or APPS / name)

    def run(self, executable, *arguments, cwd, env=None):
        """Run it by Wine."""
        return self._wine.run(executable, *arguments, cwd=cwd, env=env, timeout=600)

    def says(self, executable, lines, *arguments, cwd, env=None):
        """Run an executable that has to say these lines, and nothing else."""
        done = self.run(executable, *arguments, cwd=cwd, env=env)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        assert self.lines(done) == [self.answer(line) for line in lines], done.stdout

    def lines(self, done):
        """Return the lines that a program has said; paths in them have slashes."""
        return done.stdout.replace("\\\\", "/").replace("\\", "/").splitlines()

    @contextmanager
    def in_kernel(self):
        """Windows executes its programs, so there is nothing to do."""
        yield


def refuses(machine, refusal):
    """Build what cannot be asked there: it is refused as the table says."""
    with tempfile.TemporaryDirectory() as folder:
        words = obelisk(
            *("build", APPS / refusal["application"], "--target", machine.target.triple),
            *("--python", machine.python, "-o", Path(folder) / "app.exe"),
            status=refusal["status"],
        )
        assert refusal["said"] in words
        assert not list(Path(folder).iterdir())


def machines(targets):
    """Return a fixture that gives each of these targets as a machine."""

    @pytest.fixture(scope="session", params=targets, ids=[target.triple for target in targets])
    def machine(request, executables):
        if request.param is WINDOWS:
            return WindowsMachine(executables, request.getfixturevalue("wine"))
        return Machine(request.param, executables)

    return machine

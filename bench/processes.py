"""Run commands in turn and take their times: A B A B, so that a slow minute meets all of them.

Commands are started by `posix_spawn` from a small process that has entered their root before, so
that a command in the chroot costs what one outside costs.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from bench.model import BenchError


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """What is started: a path below the root, its arguments and variables."""

    argv: tuple[str, ...]
    root: Path
    environment: Mapping[str, str]
    files: tuple[Path, ...] = ()
    """What it consists of, files and folders as this process sees them: its size, and its cache."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One start, in seconds."""

    wall: float
    first: float
    """Until the first byte on standard output."""
    processor: float
    """User and system time of the process and of the children it waited for."""
    status: int


Running = Callable[[tuple[str, ...], dict[str, str]], Run]
"""Starts argv with an environment and measures it."""


class Starter:
    """A process below a root that starts commands and measures them."""

    def __init__(self, root: Path, running: Running) -> None:
        fork = multiprocessing.get_context("fork")
        self._here, there = fork.Pipe()
        self._process = fork.Process(target=_serve, args=(root, there, running), daemon=True)
        self._process.start()

    def run(self, command: Command) -> Run:
        """Run a command to its end; raise `BenchError` if it fails or is not there."""
        self._here.send((command.argv, dict(command.environment)))
        answer: Run | OSError = self._here.recv()
        if isinstance(answer, OSError):
            message = f"cannot start `{command.argv[0]}`: {answer.strerror}"
            raise BenchError(message)
        if answer.status != 0:
            message = f"`{' '.join(command.argv)}` ended with status {answer.status}"
            raise BenchError(message)
        return answer

    def close(self) -> None:
        """End the process."""
        self._here.send(None)
        self._process.join()


def to_the_end(argv: tuple[str, ...], environment: dict[str, str]) -> Run:
    """Start a command, read what it prints, and wait until it has ended."""
    readable, writable = os.pipe()
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, writable, 1),
    ]
    started = time.perf_counter()
    try:
        pid = os.posix_spawn(argv[0], argv, environment, file_actions=actions)
    except OSError:
        os.close(readable)
        raise
    finally:
        os.close(writable)
    first = time.perf_counter() if os.read(readable, 65536) else started
    while os.read(readable, 65536):
        pass
    _, status, usage = os.wait4(pid, 0)
    ended = time.perf_counter()
    os.close(readable)
    return Run(
        wall=ended - started,
        first=first - started,
        processor=usage.ru_utime + usage.ru_stime,
        status=os.waitstatus_to_exitcode(status),
    )


@contextmanager
def starters(
    commands: Mapping[str, Command], running: Running = to_the_end
) -> Iterator[Callable[[Command], Run]]:
    """Give a function that runs any of the commands."""
    roots = {root: Starter(root, running) for root in {one.root for one in commands.values()}}
    try:
        yield lambda command: roots[command.root].run(command)
    finally:
        for one in roots.values():
            one.close()


def those_that_work(
    commands: Mapping[str, Command], running: Running = to_the_end
) -> tuple[dict[str, Command], dict[str, str]]:
    """Run each command once; return those that end well, and why the others do not."""
    working: dict[str, Command] = {}
    reasons: dict[str, str] = {}
    with starters(commands, running) as run:
        for name, command in commands.items():
            try:
                run(command)
                working[name] = command
            except BenchError as error:
                reasons[name] = str(error)
    return working, reasons


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """How often commands are run in turn."""

    most: int
    least: int
    seconds: float
    """After which no more than the least number of turns is made."""


def interleave(
    commands: Mapping[str, Command],
    effort: Effort,
    before: Callable[[Command], None] | None = None,
    running: Running = to_the_end,
) -> dict[str, list[Run]]:
    """Run each command in turn, after a turn that is not counted.

    What comes before each run, unless something else is named, is a run of the same command, so
    that it finds its own files in the processor's caches and not what another has left there.
    """
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    began = time.monotonic()
    with starters(commands, running) as run:
        for turn in range(effort.most + 1):
            if turn == 1:
                began = time.monotonic()
            if turn > effort.least and time.monotonic() - began > effort.seconds:
                break
            for name, command in commands.items():
                if before is None:
                    run(command)
                else:
                    before(command)
                one = run(command)
                if turn > 0:
                    runs[name].append(one)
    return runs


def _serve(root: Path, pipe: Connection, running: Running) -> None:
    if root != Path("/"):
        os.chroot(root)
    os.chdir("/")
    while (asked := pipe.recv()) is not None:
        try:
            pipe.send(running(*asked))
        except OSError as error:
            pipe.send(error)

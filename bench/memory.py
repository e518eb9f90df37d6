"""Part `memory`: one process at its peak and eight that run at once, as the kernel counts."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.contenders import BARE, FREEZERS, OBELISK, PROFILES, VENV
from bench.model import BenchError, Measure, Series
from bench.processes import Command, those_that_work
from bench.session import Session, series_of

_APPLICATIONS = ("hello", "cli", "arrays")
TOGETHER = 8
"""Processes that share memory at once."""
_ROUNDS = 3
_PATIENCE = 60.0


def measure(session: Session) -> list[Measure]:
    """Hold eight processes of every application and contender, in turn, and read their memory."""
    peaks: tuple[Series, ...] = ()
    shares: tuple[Series, ...] = ()
    for name in session.wanted(_APPLICATIONS):
        commands, reasons = session.commands((OBELISK, *PROFILES, BARE, VENV, *FREEZERS), name)
        commands, failed = those_that_work(commands)
        reasons |= failed
        peak: dict[str, list[float]] = {key: [] for key in commands}
        share: dict[str, list[float]] = {key: [] for key in commands}
        session.say(f"  {name}: {len(commands)} contenders")
        for _ in range(1 if session.quick else _ROUNDS):
            for key, command in commands.items():
                with held(command, TOGETHER) as processes:
                    trees = [family(one.pid) for one in processes]
                    peak[key].append(sum(memory(pid, "status", "VmHWM") for pid in trees[0]))
                    share[key].append(shared(trees))
        case = session.application(name).title
        peaks += series_of(case, peak, reasons)
        shares += series_of(case, share, reasons)
    return [
        Measure(
            name="memory.peak",
            title="Peak memory of one process",
            unit="MB",
            series=peaks,
            about="`VmHWM`, with that of its children.",
        ),
        Measure(
            name="memory.eight",
            title="Memory of eight processes at once",
            unit="MB",
            series=shares,
            about="The sum of their proportional shares (`Pss`): what is shared counts once.",
        ),
    ]


@contextmanager
def held(command: Command, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start processes that have done their work and wait for the end of their input."""
    argv = [*command.argv]
    if command.root != Path("/"):
        argv = ["chroot", str(command.root), *argv]
    environment = {**command.environment, "BENCH_HOLD": "1"}
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(count):
            one = subprocess.Popen(
                argv, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            processes.append(one)
        for one in processes:
            if not one.stdout or not one.stdout.readline():
                message = f"`{command.argv[0]}` printed nothing"
                raise BenchError(message)
        time.sleep(0.1)
        yield processes
    finally:
        for one in processes:
            try:
                one.communicate(timeout=_PATIENCE)
            except subprocess.TimeoutExpired:
                one.kill()
                one.communicate()


def family(pid: int) -> list[int]:
    """Return a process and those that it has started."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (parent := _parent(int(entry.name))) is not None:
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for one in found:
        found.extend(children.get(one, ()))
    return found


def shared(trees: list[list[int]]) -> float:
    """Return the sum of the proportional shares of processes, in megabytes."""
    return sum(memory(pid, "smaps_rollup", "Pss") for tree in trees for pid in tree)


def memory(pid: int, file: str, field: str) -> float:
    """Return a field of a process in megabytes."""
    text = Path(f"/proc/{pid}/{file}").read_text(encoding="ascii", errors="replace")
    found = re.search(rf"^{field}:\s+(\d+) kB$", text, re.MULTILINE)
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def _parent(pid: int) -> int | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    return int(text.rpartition(")")[2].split()[1])

"""Part `start`: from the call to the end, to the first byte of output, warm and from the disk."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from bench import filecache
from bench.contenders import BARE, FREEZERS, OBELISK, PROFILES, VENV
from bench.model import Measure, Series
from bench.processes import Command, Effort, Run, interleave, those_that_work
from bench.session import Session, series_of

_APPLICATIONS = ("hello", "cli", "arrays", "modules", "large")
_WARM = Effort(most=40, least=5, seconds=60)
_COLD = Effort(most=10, least=3, seconds=30)
_QUICK = Effort(most=3, least=2, seconds=10)

_QUANTITIES: dict[str, tuple[str, Callable[[Run], float]]] = {
    "start.wall": ("Start, work and end, files cached", lambda run: run.wall),
    "start.first": ("First output, files cached", lambda run: run.first),
    "start.processor": ("Processor time of a start", lambda run: run.processor),
    "start.cold": ("Start, work and end, files on the disk", lambda run: run.wall),
}


def measure(session: Session) -> list[Measure]:
    """Start every application by every contender, warm and cold."""
    rows: dict[str, tuple[Series, ...]] = dict.fromkeys(_QUANTITIES, ())
    for name in session.wanted(_APPLICATIONS):
        contenders = (OBELISK, *PROFILES, BARE, VENV, *FREEZERS)
        commands, reasons = session.commands(contenders, name)
        if name == "hello":
            commands |= _machines_python(session)
        commands, failed = those_that_work(commands)
        reasons |= failed
        case = session.application(name).title
        session.say(f"  {name}: {len(commands)} contenders, warm")
        warm = interleave(commands, _QUICK if session.quick else _WARM)
        session.say(f"  {name}: cold")
        forget = filecache.forget if session.gentle or os.geteuid() else filecache.forget_all
        os.sync()
        cold = interleave(commands, _QUICK if session.quick else _COLD, forget)
        for quantity, (_, value) in _QUANTITIES.items():
            runs = cold if quantity == "start.cold" else warm
            samples = {key: [value(run) * 1000 for run in row] for key, row in runs.items()}
            rows[quantity] += series_of(case, samples, reasons)
    return [
        Measure(name=name, title=title, unit="ms", series=rows[name], about=_ABOUT[name])
        for name, (title, _) in _QUANTITIES.items()
    ]


def _machines_python(session: Session) -> dict[str, Command]:
    """Return the start of this machine's own Python, which is older than the others."""
    script = session.application("hello").script
    python = "/usr/bin/python3"
    if not os.access(python, os.X_OK):
        python = os.path.realpath(sys.executable)
    command = Command(
        argv=(python, "-I", "-S", str(script)),
        root=filecache.HOST,
        environment=session.place.environment(),
        files=(script,),
    )
    return {"this machine's python3 -I -S": command}


_ABOUT = {
    "start.wall": "From `posix_spawn` until the process has ended and its output was read, "
    "right after the same program ran.",
    "start.first": "From `posix_spawn` until the first byte on standard output.",
    "start.processor": "User and system time of the process and the children it waited for.",
    "start.cold": "The same after the kernel's file cache was dropped. "
    "What is below it, such as the cache of a hypervisor's host, is not.",
}

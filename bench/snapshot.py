"""Part `snapshot`: starts from a snapshot beside cold ones and Python, their sizes and memory."""

from __future__ import annotations

from bench import filecache
from bench.contenders import BARE, OBELISK, SNAPSHOT, VENV
from bench.memory import TOGETHER, family, held, shared
from bench.model import Measure, Series
from bench.processes import Effort, interleave, those_that_work
from bench.session import Session, series_of

_APPLICATIONS = ("hello", "cli", "arrays")
_WARM = Effort(most=60, least=10, seconds=60)
_QUICK = Effort(most=3, least=2, seconds=10)


def measure(session: Session) -> list[Measure]:
    """Start each application in turn with a snapshot, without, and by Python."""
    starts: tuple[Series, ...] = ()
    processor: tuple[Series, ...] = ()
    sizes: tuple[Series, ...] = ()
    shares: tuple[Series, ...] = ()
    for name in session.wanted(_APPLICATIONS):
        commands, reasons = session.commands((OBELISK, SNAPSHOT, BARE, VENV), name)
        commands, failed = those_that_work(commands)
        reasons |= failed
        case = session.application(name).title
        session.say(f"  {name}: {len(commands)} contenders")
        runs = interleave(commands, _QUICK if session.quick else _WARM)
        wall = {key: [run.wall * 1000 for run in row] for key, row in runs.items()}
        starts += series_of(case, wall, reasons)
        used = {key: [run.processor * 1000 for run in row] for key, row in runs.items()}
        processor += series_of(case, used, reasons)
        own = {key: one for key, one in commands.items() if key in (OBELISK.name, SNAPSHOT.name)}
        stored = {key: [filecache.size_of(one) / 1e6] for key, one in own.items()}
        sizes += series_of(case, stored, {})
        together: dict[str, list[float]] = {}
        for key, command in commands.items():
            with held(command, TOGETHER) as processes:
                together[key] = [shared([family(one.pid) for one in processes])]
        shares += series_of(case, together, reasons)
    return [
        Measure(
            name="snapshot.wall",
            title="Start, work and end with a snapshot",
            unit="ms",
            series=starts,
            about="From `posix_spawn` until the process has ended and its output was read, right "
            "after the same program ran.",
        ),
        Measure(
            name="snapshot.processor",
            title="Processor time of a start with a snapshot",
            unit="ms",
            series=processor,
            about="User and system time of the process.",
        ),
        Measure(
            name="snapshot.size",
            title="Size with a snapshot",
            unit="MB",
            series=sizes,
            about="Of the executable.",
        ),
        Measure(
            name="snapshot.eight",
            title="Memory of eight processes at once, with a snapshot",
            unit="MB",
            series=shares,
            about="The sum of their proportional shares (`Pss`): what is shared counts once.",
        ),
    ]

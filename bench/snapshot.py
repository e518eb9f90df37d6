"""Part `snapshot`: starts from a snapshot beside cold ones and Python, their sizes and memory."""

from __future__ import annotations

from dataclasses import dataclass

from bench import filecache
from bench.answers import to_first_answer
from bench.contenders import BARE, COLD, OBELISK, SERVICES, SNAPSHOT, VENV, without_snapshot
from bench.memory import TOGETHER, family, held, shared
from bench.model import Measure, Series
from bench.processes import Command, Effort, Running, interleave, those_that_work, to_the_end
from bench.session import Session, series_of

_APPLICATIONS = ("hello", "cli", "arrays", "imported", "frame", "service")
_WARM = Effort(most=60, least=10, seconds=60)
_QUICK = Effort(most=3, least=2, seconds=10)


@dataclass(kw_only=True)
class _Rows:
    """What is measured of all applications."""

    wall: tuple[Series, ...] = ()
    answers: tuple[Series, ...] = ()
    processor: tuple[Series, ...] = ()
    sizes: tuple[Series, ...] = ()
    shares: tuple[Series, ...] = ()


def measure(session: Session) -> list[Measure]:
    """Start each application in turn with a snapshot, without, and by Python."""
    rows = _Rows()
    for name in session.wanted(_APPLICATIONS):
        is_service = name in SERVICES
        running = to_first_answer if is_service else to_the_end
        commands, reasons = _commands(session, name, running)
        case = session.application(name).title
        session.say(f"  {name}: {len(commands)} contenders")
        runs = interleave(commands, _QUICK if session.quick else _WARM, running=running)
        wall = series_of(
            case, {key: [run.wall * 1000 for run in row] for key, row in runs.items()}, reasons
        )
        if is_service:
            rows.answers += wall
        else:
            rows.wall += wall
            used = {key: [run.processor * 1000 for run in row] for key, row in runs.items()}
            rows.processor += series_of(case, used, reasons)
            rows.shares += series_of(case, _together(commands), reasons)
        own = {key: one for key, one in commands.items() if key in (OBELISK.name, SNAPSHOT.name)}
        stored = {key: [filecache.size_of(one) / 1e6] for key, one in own.items()}
        rows.sizes += series_of(case, stored, {})
    return _measures(rows)


def _commands(
    session: Session, name: str, running: Running
) -> tuple[dict[str, Command], dict[str, str]]:
    """Return what starts an application, and reasons for what does not."""
    commands, reasons = session.commands((OBELISK, SNAPSHOT, BARE, VENV), name)
    if SNAPSHOT.name in commands:
        commands[COLD] = without_snapshot(commands[SNAPSHOT.name])
    commands, failed = those_that_work(commands, running)
    return commands, reasons | failed


def _together(commands: dict[str, Command]) -> dict[str, list[float]]:
    """Return the memory of several processes at once, in megabytes."""
    found: dict[str, list[float]] = {}
    for key, command in commands.items():
        with held(command, TOGETHER) as processes:
            found[key] = [shared([family(one.pid) for one in processes])]
    return found


def _measures(rows: _Rows) -> list[Measure]:
    return [
        Measure(
            name="snapshot.wall",
            title="Start, work and end with a snapshot",
            unit="ms",
            own=SNAPSHOT.name,
            series=rows.wall,
            about="From `posix_spawn` until the process has ended and its output was read, right "
            f"after the same program ran. `{COLD}` is the same file with `OBELISK_SNAPSHOT=0`. The "
            "snapshot is made with `--train`, of one run.",
        ),
        Measure(
            name="snapshot.answer",
            title="First answered request with a snapshot",
            unit="ms",
            own=SNAPSHOT.name,
            series=rows.answers,
            about="From `posix_spawn` until a request over HTTP was answered, one that is repeated "
            "until the service listens. The snapshot is made with `--train` and `--train-request`: "
            "of one run that was asked the same.",
        ),
        Measure(
            name="snapshot.processor",
            title="Processor time of a start with a snapshot",
            unit="ms",
            own=SNAPSHOT.name,
            series=rows.processor,
            about="User and system time of the process.",
        ),
        Measure(
            name="snapshot.size",
            title="Size with a snapshot",
            unit="MB",
            own=SNAPSHOT.name,
            series=rows.sizes,
            about="Of the executable.",
        ),
        Measure(
            name="snapshot.eight",
            title="Memory of eight processes at once, with a snapshot",
            unit="MB",
            own=SNAPSHOT.name,
            series=rows.shares,
            about="The sum of their proportional shares (`Pss`): what is shared counts once.",
        ),
    ]

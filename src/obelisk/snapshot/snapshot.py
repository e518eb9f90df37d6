"""The stage `snapshot`: from an executable to the part of it that it starts from.

It is linked with a request for a snapshot, to be run until it has imported its modules; with what
its memory is then, to see which of it each start writes to; and with both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from obelisk.config.training import parse_commands, parse_requests
from obelisk.errors import SnapshotError
from obelisk.link.image import Image, SnapshotPart
from obelisk.model import Module, ResolvedEntry, RunProgram
from obelisk.payload.content import whole
from obelisk.payload.payload import Table, use_key
from obelisk.plan import Plan
from obelisk.runtime.link import Runtime
from obelisk.services.console import Console
from obelisk.snapshot.format import MEASURE, PYTHON_OPTION, request
from obelisk.snapshot.layout import addresses_of
from obelisk.snapshot.plan import EMPTY, plan_of, seen_in
from obelisk.snapshot.prepare import (
    Request,
    Snapshot,
    TrainingRun,
    measure,
    measure_run,
    prepare,
    rehearsed,
)
from obelisk.snapshot.report import tell
from obelisk.snapshot.writing import Written, hot_spans

Linking = Callable[[SnapshotPart | None], Image]
"""Makes an executable with a snapshot, or without."""


def require_python(entry: ResolvedEntry) -> None:
    """Raise `SnapshotError` for an application in which Python does not run."""
    if isinstance(entry, RunProgram):
        message = f"no snapshot is possible: `{entry.path}` is a program, which runs without Python"
        raise SnapshotError(message, hint="build without a snapshot")


def unknown(wanted: Iterable[str], names: Iterable[str]) -> list[str]:
    """Return those of the wanted names of modules, or of packages, that are none of the names."""
    known: set[str] = set()
    for name in names:
        parts = name.split(".")
        known.update(".".join(parts[:count]) for count in range(1, len(parts) + 1))
    return [name for name in wanted if name not in known]


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """What training showed."""

    modules: Sequence[str]
    """What a run imported."""
    runs: Sequence[TrainingRun]
    """What is to be repeated, to see what it writes to."""


def trained_modules(keys: Iterable[str], modules: Iterable[Module], main: str) -> tuple[str, ...]:
    """Return the names of the modules that are used by an order of first use (pack/first_use.py).

    `main` is the path of the main program, which is not imported.
    """
    known = {use_key(Table.MODULES, one.path): one.name for one in modules if one.path != main}
    return tuple(known[key] for key in keys if key in known)


def training_of(
    plan: Plan, keys: Iterable[str] | None, modules: Iterable[Module], main: str
) -> Training:
    """Return what training showed by an order of first use, if there was any.

    What was recorded elsewhere is not run here.
    """
    commands = [] if plan.train_record is not None else parse_commands(plan.settings.train)
    requests = parse_requests(plan.settings.train_requests)
    runs = [
        TrainingRun(arguments=arguments, folder=plan.folder, requests=requests)
        for arguments in commands
    ]
    return Training(modules=trained_modules(keys or (), modules, main), runs=runs)


def take(
    plan: Plan,
    linking: Linking,
    runtime: Runtime,
    training: Training,
    work: Path,
    console: Console,
) -> SnapshotPart:
    """Return the snapshot of an executable.

    Say what is left out of it. Raises `SnapshotError` if none can be made.
    """
    page, folder = plan.target.page_size, work / "snapshot" / "executable"
    folder.mkdir(parents=True)
    # Its digest tells every byte of it.
    addresses = addresses_of(whole(linking(None).pieces[-1][1]))
    wanted = Request(
        addresses=addresses,
        page=page,
        flags=PYTHON_OPTION if plan.settings.interpreter.python_option else 0,
        renewed=runtime.renewed,
        trained=training.modules,
    )
    executable = folder / plan.name
    asked = linking(SnapshotPart(packed=request(addresses, page), image=addresses.image))
    _write(asked, executable)
    found = rehearsed(executable, wanted)
    first = prepare(executable, wanted, found, EMPTY)
    runs = _runs(linking, first, training, executable, console)
    seen, alive = seen_in(first.blocks, first.memory, runs, page), first.blocks
    _write(asked, executable)
    # If a run did not end well, it is not known what it called.
    deferring = len(runs) == 1 + len(training.runs) > 1
    if training.runs and not deferring:
        console.detail("snapshot: all functions keep their code")
    if deferring:
        alone = plan_of(b"", seen, page, deferring=True)
        alive = prepare(executable, wanted, found, alone).blocks
    placed = plan_of(alive, seen, page, deferring=deferring)
    snapshot = prepare(executable, wanted, found, placed)
    runs = _runs(linking, snapshot, training, executable, console)
    tell(snapshot.report, console)
    start, *trained = runs
    noted = runtime.allocators
    return snapshot.part(hot_spans(snapshot.memory, start, trained, addresses, page, noted))


def _runs(
    linking: Linking, snapshot: Snapshot, training: Training, executable: Path, console: Console
) -> list[Written]:
    """Return what a start writes to, and then what training runs do."""
    _write(linking(snapshot.part(flags=MEASURE)), executable)
    found = [measure(executable, snapshot)]
    for run in training.runs:
        one = measure_run(executable, snapshot, run, console.detail)
        found += [one] if one is not None else []
    return found


def _write(image: Image, executable: Path) -> None:
    executable.unlink(missing_ok=True)
    with executable.open("wb") as file:
        image.write(file)
    executable.chmod(0o755)

"""The stage `snapshot`: from an executable to the part of it that it starts from.

It is linked with a request for a snapshot, to be run until it has imported its modules; with what
its memory is then, to see which of it each start writes to; and with both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from obelisk.link.link import Image
from obelisk.model import Module
from obelisk.payload.content import whole
from obelisk.payload.payload import Packed, Table, use_key
from obelisk.plan import Plan
from obelisk.runtime.link import Runtime
from obelisk.services.console import Console
from obelisk.snapshot.format import MEASURE, PYTHON_OPTION, request
from obelisk.snapshot.layout import addresses_of
from obelisk.snapshot.prepare import Request, measure, prepare
from obelisk.snapshot.report import tell

Linking = Callable[[Packed | None], Image]
"""Makes an executable with a snapshot, or without."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """What training showed."""

    modules: Sequence[str] = ()
    """What a run imported."""


def trained_modules(keys: Iterable[str], modules: Iterable[Module], main: str) -> tuple[str, ...]:
    """Return the names of the modules that are used by an order of first use (pack/first_use.py).

    `main` is the path of the main program, which is not imported.
    """
    known = {use_key(Table.MODULES, one.path): one.name for one in modules if one.path != main}
    return tuple(known[key] for key in keys if key in known)


def take(
    plan: Plan,
    linking: Linking,
    runtime: Runtime,
    training: Training,
    work: Path,
    console: Console,
) -> Packed:
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
    _write(linking(request(addresses, page)), executable)
    snapshot = prepare(executable, wanted)
    _write(linking(snapshot.part(flags=MEASURE)), executable)
    hot = measure(executable, snapshot)
    tell(snapshot.report, console)
    return snapshot.part(hot)


def _write(image: Image, executable: Path) -> None:
    executable.unlink(missing_ok=True)
    with executable.open("wb") as file:
        image.write(file)
    executable.chmod(0o755)

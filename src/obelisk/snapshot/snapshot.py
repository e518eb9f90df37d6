"""The stage `snapshot`: from an executable to the part of it that it starts from.

It is linked twice: with a request for a snapshot, to be run until it has imported its modules, and
with what its memory is then.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from obelisk.link.link import Image
from obelisk.payload.content import whole
from obelisk.payload.payload import Packed
from obelisk.plan import Plan
from obelisk.runtime.link import Runtime
from obelisk.services.console import Console
from obelisk.snapshot.format import PYTHON_OPTION, request
from obelisk.snapshot.layout import addresses_of
from obelisk.snapshot.prepare import Request, prepare
from obelisk.snapshot.report import tell

Linking = Callable[[Packed | None], Image]
"""Makes an executable with a snapshot, or without."""


def take(
    plan: Plan, image: Image, linking: Linking, runtime: Runtime, work: Path, console: Console
) -> Packed:
    """Return the snapshot of an executable, which `image` is without one.

    Say what is left out of it. Raises `SnapshotError` if none can be made.
    """
    page, folder = plan.target.page_size, work / "snapshot" / "executable"
    folder.mkdir(parents=True)
    # Its digest tells every byte of it.
    addresses = addresses_of(whole(image.pieces[-1][1]))
    executable = folder / plan.name
    with executable.open("wb") as file:
        linking(request(addresses, page)).write(file)
    executable.chmod(0o755)
    flags = PYTHON_OPTION if plan.settings.interpreter.python_option else 0
    request_for = Request(addresses=addresses, page=page, flags=flags, renewed=runtime.renewed)
    snapshot = prepare(executable, request_for)
    tell(snapshot.report, console)
    return snapshot.part

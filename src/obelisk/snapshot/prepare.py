"""Running an executable until it has imported its modules, and reading its memory then."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from obelisk.errors import SnapshotError
from obelisk.link.elf.elf import SegmentType, read_elf
from obelisk.payload.payload import Packed
from obelisk.services.process import run_limited
from obelisk.snapshot.format import taken
from obelisk.snapshot.layout import Addresses
from obelisk.snapshot.memory import read_memory
from obelisk.snapshot.pages import Pages

_OPTION: Final = "--obelisk-prepare-snapshot="
"""As runtime/c/snapshot/early.h has it."""
_SECONDS: Final = 300.0
"""After which imports are taken to hang."""
_ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
"""All that modules see while they are imported: nothing of whoever builds."""
_TAIL: Final = 20
"""Lines of output that a message repeats."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """A snapshot, and what was found out while it was made."""

    part: Packed
    """To be linked in where the request for it was."""
    report: tuple[dict[str, Any], ...]
    """What the runtime's `_obelisk_snapshot` says, in its order."""


def prepare(executable: Path, addresses: Addresses, page: int, flags: int) -> Snapshot:
    """Run an executable with a request for a snapshot, and return what it becomes.

    Its folder is its own. Raises `SnapshotError` that says what cannot be kept.
    """
    work, name = executable.parent, executable.name
    dump, report = work / "memory", work / "report"
    output = work / "output"
    argv = [executable.absolute(), f"{_OPTION}{name}", dump.absolute(), report.absolute()]
    status = run_limited(
        argv,
        cwd=Path("/"),
        env=_ENVIRONMENT,
        output=output,
        seconds=_SECONDS,
        what="making the snapshot",
    )
    told = _read_report(report)
    if status != 0:
        raise _failure(status, told, output)
    data = memoryview(executable.read_bytes())
    loads = [one for one in read_elf(data).segments if one.type == SegmentType.LOAD]
    part = next(one for one in read_elf(data).segments if one.type == SegmentType.SNAPSHOT)
    span = max(one.address + one.memory_size for one in loads)
    memory = read_memory(dump, addresses, -(-span // page) * page)
    stored = Pages(data, addresses, page, part.address).store(memory)
    guards = _read_guards(Path(f"{dump}.guards"))
    content = taken(addresses, page, stored.ranges, stored.pages, guards, memory.words, flags)
    return Snapshot(part=content, report=told)


def _read_guards(path: Path) -> list[bytes]:
    return sorted(set(path.read_bytes().split(b"\0")[:-1])) if path.exists() else []


def _read_report(path: Path) -> tuple[dict[str, Any], ...]:
    lines = path.read_bytes().splitlines() if path.exists() else []
    return tuple(json.loads(line) for line in lines)


def _failure(
    status: int | None, told: tuple[dict[str, Any], ...], output: Path
) -> SnapshotError:
    """Say what a run that failed was doing."""
    importing = next((one["importing"] for one in reversed(told) if "importing" in one), None)
    what = f"importing `{importing}`" if importing else "importing the application's modules"
    how = {None: f"did not end after {_SECONDS:.0f} seconds"}.get(status)
    if status is not None:
        how = f"was killed by signal {-status}" if status < 0 else "failed"
    lines = output.read_text(encoding="utf-8", errors="replace").splitlines()
    message = "\n".join([f"cannot make a snapshot: {what} {how}", *lines[-_TAIL:]])
    hint = f"name it in `snapshot-exclude`, or build with `--no-snapshot`"
    return SnapshotError(message, hint=hint)

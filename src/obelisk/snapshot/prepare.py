"""Running an executable until it has imported its modules, and reading its memory then."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from obelisk.errors import SnapshotError
from obelisk.link.elf.elf import SegmentType, read_elf
from obelisk.link.elf.memory import aligned
from obelisk.payload.payload import Packed
from obelisk.services.process import run_limited
from obelisk.snapshot.format import Facts, taken
from obelisk.snapshot.layout import Addresses
from obelisk.snapshot.memory import ProcessMemory, read_memory
from obelisk.snapshot.pages import Pages, Stored, written
from obelisk.snapshot.report import Report, rehearse, request, with_problems

_OPTION: Final = "--obelisk-prepare-snapshot="
"""As runtime/c/snapshot/early.h has it."""
_SECONDS: Final = 300.0
"""After which imports are taken to hang."""
_ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
"""All that modules see while they are imported: nothing of whoever builds."""
_TAIL: Final = 20
"""Lines of output that a message repeats."""
_MEMORY: Final = "memory"
_REPORT: Final = "report"
_GUARDS: Final = f"{_MEMORY}.guards"
"""Names of the files that the memory is written to, and variables that a start depends on."""
_HINT: Final = "name the module in `snapshot-exclude`, or build with `--no-snapshot`"


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """A snapshot, and what was found out while it was made."""

    facts: Facts
    stored: Stored
    memory: ProcessMemory
    report: Report

    def part(self, hot: Sequence[tuple[int, int]] = (), *, flags: int = 0) -> Packed:
        """Return what is to be linked in where the request for it was.

        `hot` are (address, size) of pages that each start writes to.
        """
        facts = replace(self.facts, hot=hot, flags=self.facts.flags | flags)
        return taken(facts, self.stored.ranges, self.stored.pages)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What a snapshot is made with."""

    addresses: Addresses
    page: int
    """Bytes."""
    flags: int
    """As the part's header has them (format.py)."""
    renewed: Sequence[tuple[int, int]]
    """(address, size) of variables that a process which goes on has anew: they become zero."""


def prepare(executable: Path, wanted: Request) -> Snapshot:
    """Run an executable with a request for a snapshot, and return what it becomes.

    Its folder is its own, and the one that this is in. First without writing anything, as often as
    modules are found that hold what cannot be kept: each time without those. Raises
    `SnapshotError`.
    """
    left_out, problems = rehearse(lambda left: _run(executable, left, rehearsal=True), ())
    report = _run(executable, left_out, rehearsal=False)
    if report.again or report.error is not None:
        found = "; ".join(f"`{one.module}` {one.reason}" for one in report.problems)
        message = f"cannot make a snapshot: modules do other things from run to run: {found}"
        raise SnapshotError(message, hint=_HINT)
    return _read(executable, wanted, with_problems(report, problems))


def measure(executable: Path, snapshot: Snapshot) -> list[tuple[int, int]]:
    """Run an executable that goes on from a snapshot, and return (address, size) of what it wrote.

    Its folder is its own, and the one that this is in. Raises `SnapshotError` if it fails.
    """
    folder = executable.parents[1]
    output = folder / "output"
    status = _start(executable, Path(os.devnull), output)
    if status != 0:
        lines = output.read_text(encoding="utf-8", errors="replace").splitlines()
        message = "\n".join(["the executable cannot start from its snapshot:", *lines[-_TAIL:]])
        raise SnapshotError(message, hint="this is a bug in Obelisk; please report it")
    facts = snapshot.facts
    span = _span(executable, facts.page)
    memory = read_memory(folder / _MEMORY, facts.addresses, span, is_restored=True)
    return written(snapshot.memory, memory, facts.page)


def _start(executable: Path, stdin: Path, output: Path) -> int | None:
    folder = executable.parents[1]
    argv: list[str | Path] = [executable.absolute(), f"{_OPTION}{executable.name}"]
    argv += [(folder / name).absolute() for name in (_MEMORY, _REPORT)]
    for name in (_MEMORY, _REPORT, _GUARDS):  # what was read of one may still be mapped
        (folder / name).unlink(missing_ok=True)
    return run_limited(
        argv,
        cwd=Path("/"),
        env=_ENVIRONMENT,
        output=output,
        seconds=_SECONDS,
        what="making the snapshot",
        stdin=stdin,
    )


def _run(executable: Path, left_out: Iterable[str], *, rehearsal: bool) -> Report:
    folder = executable.parents[1]
    asked, output, told = folder / "asked", folder / "output", folder / _REPORT
    asked.write_bytes(request(left_out, rehearsal=rehearsal))
    status = _start(executable, asked, output)
    lines = told.read_bytes().splitlines() if told.exists() else []
    report: dict[str, Any] = {}
    for line in lines:
        report |= json.loads(line)
    if status != 0 or "again" not in report:
        raise _failure(status, report, output)
    return Report.parse(report)


def _read(executable: Path, wanted: Request, report: Report) -> Snapshot:
    addresses, page = wanted.addresses, wanted.page
    dump = executable.parents[1] / _MEMORY
    data = memoryview(executable.read_bytes())
    part = next(one for one in read_elf(data).segments if one.type == SegmentType.SNAPSHOT)
    memory = read_memory(dump, addresses, _span(executable, page))
    for address, size in wanted.renewed:
        memory.clear(addresses.image + address, size)
    guards = dump.with_name(_GUARDS)
    texts = sorted(set(guards.read_bytes().split(b"\0")[:-1])) if guards.exists() else []
    facts = Facts(
        addresses=addresses,
        page=page,
        words=memory.words,
        flags=wanted.flags,
        guards=texts,
        report=json.dumps(report.to_json(), sort_keys=True).encode(),
    )
    stored = Pages(data, addresses, page, part.address).store(memory)
    return Snapshot(facts=facts, stored=stored, memory=memory, report=report)


def _span(executable: Path, page: int) -> int:
    """Return how many bytes of memory an executable takes."""
    loads = (s for s in read_elf(executable.read_bytes()).segments if s.type == SegmentType.LOAD)
    return aligned(max(one.address + one.memory_size for one in loads), page)


def _failure(status: int | None, report: dict[str, Any], output: Path) -> SnapshotError:
    """Say what a run that failed was doing."""
    importing = report.get("importing")
    what = f"importing `{importing}`" if importing else "importing the application's modules"
    if status is None:
        how = f"did not end after {_SECONDS:.0f} seconds"
    else:
        how = (
            f"was killed by signal {-status}" if status < 0 else "failed" if status else "ended it"
        )
    lines = output.read_text(encoding="utf-8", errors="replace").splitlines()
    message = "\n".join([f"cannot make a snapshot: {what} {how}", *lines[-_TAIL:]])
    return SnapshotError(message, hint=_HINT)

"""Running an executable until it has imported its modules, and reading its memory then."""

from __future__ import annotations

import json
import os
import shlex
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from obelisk.errors import SnapshotError
from obelisk.link.elf.elf import SegmentType, read_elf
from obelisk.link.elf.memory import aligned
from obelisk.link.image import SnapshotPart
from obelisk.services.disk import explain_failure
from obelisk.services.process import run_limited
from obelisk.services.visit import Address, Visit
from obelisk.snapshot.format import Facts, taken
from obelisk.snapshot.layout import Addresses
from obelisk.snapshot.memory import ProcessMemory, read_memory
from obelisk.snapshot.own_data import own_data
from obelisk.snapshot.pages import Pages, Stored
from obelisk.snapshot.report import Problem, Report, rehearse, request, with_problems
from obelisk.snapshot.writing import Written

_OPTION: Final = "--obelisk-prepare-snapshot="
"""As runtime/c/snapshot/early.h has it."""
_SECONDS: Final = 300.0
"""After which imports are taken to hang."""
_LOCALE: Final = {"LC_ALL": "C.UTF-8"}
_ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", **_LOCALE}
"""All that modules see while they are imported: nothing of whoever builds."""
_TAIL: Final = 20
"""Lines of output that a message repeats."""
_OUTPUT: Final = "output"
_MEMORY: Final = "memory"
_REPORT: Final = "report"
_GUARDS: Final = f"{_MEMORY}.guards"
_BLOCKS: Final = f"{_MEMORY}.blocks"
_OWN: Final = f"{_MEMORY}.own"
_PLAN: Final = f"{_MEMORY}.plan"
_OUTPUTS: Final = (_MEMORY, _REPORT, _GUARDS, _BLOCKS, _OWN)
"""Names of the files that are written: the memory, what was found, variables that a start depends
on, blocks of memory, and pages that were written to; `_PLAN` is read."""
_OF_FILES: Final = (b"=", b"+", b"/")
"""How guards begin that are of a file (runtime/c/snapshot/guards.c)."""
_HINT_OF_REMOVAL: Final = "train with other runs, or build with `--no-snapshot`"
_OUR_FAULT: Final = "this is a bug in Obelisk; please report it"
_HINT: Final = "name the module in `snapshot-exclude`, or build with `--no-snapshot`"


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """A snapshot, and what was found out while it was made."""

    facts: Facts
    stored: Stored
    own_data: tuple[tuple[int, bytes], ...]
    """What the executable's file has in place of its data."""
    memory: ProcessMemory
    blocks: bytes
    """What is alive of what Python asked for (plan.py)."""
    report: Report

    def part(self, hot: Sequence[tuple[int, int]] = (), *, flags: int = 0) -> SnapshotPart:
        """Return what is to be linked in where the request for it was.

        `hot` are (address, size) of pages that each start writes to.
        """
        facts = replace(self.facts, hot=hot, flags=self.facts.flags | flags)
        packed = taken(facts, self.stored.ranges, self.stored.pages)
        return SnapshotPart(packed=packed, image=self.facts.addresses.image, own_data=self.own_data)


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
    trained: Sequence[str] = ()
    """Modules that a training run imported."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingRun:
    """A run of the program that is repeated with the snapshot."""

    arguments: Sequence[str]
    folder: Path
    """Where it runs."""
    requests: Sequence[Address] = ()
    """What it is asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsed:
    """What rehearsals found out."""

    left_out: tuple[str, ...]
    """Modules."""
    problems: tuple[Problem, ...]


def rehearsed(executable: Path, wanted: Request) -> Rehearsed:
    """Run an executable with a request for a snapshot, without writing anything.

    Its folder is its own, and the one that this is in. It is run as often as modules are found that
    hold what cannot be kept: each time without those. Raises `SnapshotError`.
    """
    left_out, problems = rehearse(lambda left: _run(executable, wanted, left), ())
    return Rehearsed(left_out=left_out, problems=problems)


def prepare(executable: Path, wanted: Request, found: Rehearsed, plan: bytes) -> Snapshot:
    """Run an executable with a request for a snapshot, and return what it becomes.

    Blocks of memory are placed by a plan (plan.py). Raises `SnapshotError`.
    """
    (executable.parents[1] / _PLAN).write_bytes(plan)
    report = _run(executable, wanted, found.left_out, rehearsal=False)
    if report.again or report.error is not None:
        told = "; ".join(f"`{one.module}` {one.reason}" for one in report.problems)
        message = f"cannot make a snapshot: modules do other things from run to run: {told}"
        raise SnapshotError(message, hint=_HINT)
    return _read(executable, wanted, with_problems(report, found.problems))


def measure(executable: Path, snapshot: Snapshot) -> Written:
    """Run an executable that goes on from a snapshot up to its main program.

    Return what it wrote to. Its folder is its own, and the one that this is in. Raises
    `SnapshotError` if it fails.
    """
    status = _start(executable, Path(os.devnull))
    if status != 0:
        message = "\n".join(["the executable cannot start from its snapshot:", *_said(executable)])
        raise SnapshotError(message, hint=_OUR_FAULT)
    return _written(executable, snapshot)


def measure_run(
    executable: Path, snapshot: Snapshot, run: TrainingRun, tell: Callable[[str], None]
) -> Written | None:
    """Run its program too; return what it wrote to, or None and tell why if it does not end well.

    The locale is always the same, and so are variables on which it depends whether the snapshot is
    used. A program that ends at once does not end well. Raises `VerifyError` if it cannot be asked.
    """
    what = f"training run `{shlex.join([executable.name, *run.arguments])}`"
    visit = Visit(run.requests)
    visit.require_free(what)
    status = _start(
        executable,
        Path(os.devnull),
        run=("run", *run.arguments),
        cwd=run.folder,
        env=guarded({**os.environ, **_LOCALE}, snapshot.facts.guards),
        until=visit.go_on if visit.is_wanted else None,
    )
    fault = visit.fault(status, _SECONDS)
    if fault is None and (executable.parents[1] / _OWN).exists():
        return _written(executable, snapshot)
    how = fault or "ended at once, or did not start from it"
    tell(f"snapshot: {what} showed nothing: it {how}")
    return None


def guarded(variables: Mapping[str, str], guards: Iterable[bytes]) -> dict[str, str]:
    """Return variables of the environment, changed as a snapshot's guards want them."""
    wanted = dict(variables)
    for guard in guards:
        if guard.startswith(_OF_FILES):
            continue
        name, equals, value = os.fsdecode(guard).partition("=")
        wanted.pop(name, None)
        if equals:
            wanted[name] = value
    return wanted


def _written(executable: Path, snapshot: Snapshot) -> Written:
    folder, facts = executable.parents[1], snapshot.facts
    span = _span(executable, facts.page)
    memory = read_memory(folder / _MEMORY, facts.addresses, span, is_restored=True)
    return Written(memory=memory, pages=array("Q", (folder / _OWN).read_bytes()))


def _start(
    executable: Path,
    stdin: Path,
    *,
    run: Sequence[str] = (),
    cwd: Path = Path("/"),
    env: Mapping[str, str] = _ENVIRONMENT,
    until: Callable[[], bool] | None = None,
) -> int | None:
    folder = executable.parents[1]
    argv: list[str | Path] = [executable.absolute(), f"{_OPTION}{executable.name}"]
    argv += [(folder / name).absolute() for name in (_MEMORY, _REPORT)]
    for name in _OUTPUTS:  # what was read of one may still be mapped
        (folder / name).unlink(missing_ok=True)
    status = run_limited(
        [*argv, *run],
        cwd=cwd,
        env=env,
        output=folder / _OUTPUT,
        seconds=_SECONDS,
        what="making the snapshot",
        stdin=stdin,
        until=until,
    )
    said = "" if run else "\n".join(_said(executable))
    if not executable.exists():
        message = "cannot make a snapshot: the application removes its own executable"
        raise SnapshotError(message, hint=_HINT_OF_REMOVAL)
    full = explain_failure("making the snapshot", status, said, (folder,)) if status else None
    if full is not None:
        raise full
    return status


def _run(
    executable: Path, wanted: Request, left_out: Iterable[str], *, rehearsal: bool = True
) -> Report:
    folder = executable.parents[1]
    asked, told = folder / "asked", folder / _REPORT
    asked.write_bytes(request(left_out, wanted.trained, rehearsal=rehearsal))
    status = _start(executable, asked)
    lines = told.read_bytes().splitlines() if told.exists() else []
    report: dict[str, Any] = {}
    for line in lines:
        report |= json.loads(line)
    if status != 0 or "again" not in report:
        raise _failure(status, report, executable)
    return Report.parse(report)


def _read(executable: Path, wanted: Request, report: Report) -> Snapshot:
    addresses, page = wanted.addresses, wanted.page
    dump = executable.parents[1] / _MEMORY
    data = bytearray(executable.read_bytes())
    file = memoryview(data)
    part = next(one for one in read_elf(file).segments if one.type == SegmentType.SNAPSHOT)
    memory = read_memory(dump, addresses, _span(executable, page))
    for address, size in wanted.renewed:
        memory.clear(addresses.image + address, size)
    own = own_data(file, memory, addresses.image)
    for offset, content in own.pieces:
        data[offset : offset + len(content)] = content
    guards = dump.with_name(_GUARDS)
    texts = sorted(set(guards.read_bytes().split(b"\0")[:-1])) if guards.exists() else []
    facts = Facts(
        addresses=addresses,
        page=page,
        words=memory.words,
        flags=wanted.flags,
        guards=texts,
        report=json.dumps(report.to_json(), sort_keys=True).encode(),
        originals=own.originals,
    )
    stored = Pages(file, addresses, page, part.address).store(memory)
    listed = dump.with_name(_BLOCKS)  # not if the settings name an allocator
    blocks = listed.read_bytes() if listed.exists() else b""
    return Snapshot(
        facts=facts,
        stored=stored,
        own_data=own.pieces,
        memory=memory,
        blocks=blocks,
        report=report,
    )


def _span(executable: Path, page: int) -> int:
    """Return how many bytes of memory an executable takes."""
    loads = (s for s in read_elf(executable.read_bytes()).segments if s.type == SegmentType.LOAD)
    return aligned(max(one.address + one.memory_size for one in loads), page)


def _failure(status: int | None, report: dict[str, Any], executable: Path) -> SnapshotError:
    """Say what a run that failed was doing."""
    if status and "again" in report:  # all was imported
        lines = ["cannot make a snapshot: the process that writes it failed", *_said(executable)]
        return SnapshotError("\n".join(lines), hint=_OUR_FAULT)
    importing = report.get("importing")
    what = f"importing `{importing}`" if importing else "importing the application's modules"
    if status is None:
        how = f"did not end after {_SECONDS:.0f} seconds"
    else:
        how = (
            f"was killed by signal {-status}" if status < 0 else "failed" if status else "ended it"
        )
    message = "\n".join([f"cannot make a snapshot: {what} {how}", *_said(executable)])
    return SnapshotError(message, hint=_HINT)


def _said(executable: Path) -> list[str]:
    """Return the last lines that a run printed."""
    output = executable.parents[1] / _OUTPUT
    return output.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL:]

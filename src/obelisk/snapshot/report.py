"""What preparing a snapshot found, and what of it people see.

The executable reports in JSON (runtime/frozen/snapshot_prepare.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from obelisk.errors import SnapshotError, VerifyError
from obelisk.services.console import Console
from obelisk.snapshot.format import UnsupportedVersionError, is_of_one_kind, report_of
from obelisk.verify.verify import open_payload

_LISTED: Final = {
    "time": "the time",
    "time zone": "the time zone",
    "cwd": "the working directory",
    "host": "the host's name",
    "user": "the user",
    "tty": "whether a stream is a terminal",
    "random": "random numbers",
    "argv": "the command line",
    "executable": "the executable's path",
    "environment": "the whole environment",
    "pid": "the process's number",
    "cpus": "the number of processors",
}
_OF_FILES: Final = ("file", "written")
"""What was read while modules were imported, besides variables."""
_OF_ONE_KIND: Final = "x86-64-v3"
_OF_BUILDER: Final = "builder's"
_PROCESSORS: Final = {
    _OF_ONE_KIND: "on one without x86-64-v3 and AES, the executable starts cold",
    _OF_BUILDER: "on one that lacks a feature of the builder's, the executable starts cold",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Why a module cannot be kept in a snapshot."""

    module: str
    kind: str
    """What it is, in one word: `thread`, `descriptor`, `output` ..."""
    reason: str
    """What the module does: a text that follows its name."""
    detail: str = ""
    """Of this run: a path, or what was printed. It does not go into the executable."""

    @property
    def shown(self) -> str:
        """The reason, for people."""
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """Something that a module read while it was imported, and that differs between starts."""

    kind: str
    name: str
    """Of a variable of the environment, or the path of a file; otherwise empty."""
    module: str

    @property
    def shown(self) -> str:
        """What was read, for people."""
        if self.kind == "variable":
            return f"the variable {self.name}"
        if self.kind in _OF_FILES:
            return f"the file {self.name}"
        return _LISTED.get(self.kind, self.kind)


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What one attempt to prepare a snapshot found."""

    again: tuple[str, ...]
    """Modules to leave out in the next attempt; none if this one can be kept."""
    error: str | None
    """Why there can be no snapshot."""
    problems: tuple[Problem, ...]
    modules: tuple[str, ...]
    """What was imported, in order."""
    guards: tuple[str, ...]
    """Variables whose values must be the build's for a start from the snapshot."""
    files: tuple[str, ...]
    """Paths outside the executable that must be, or not be, for a start from the snapshot."""
    reads: tuple[Read, ...]
    native_threads: tuple[str, ...]
    """Modules at whose import threads appeared that Python did not start."""

    @classmethod
    def parse(cls, found: dict[str, Any]) -> Report:
        """Read what the executable reported. Raises `ValueError` for anything else."""
        try:
            return cls(
                again=tuple(found["again"]),
                error=found["error"],
                problems=tuple(Problem(**row) for row in found["problems"]),
                modules=tuple(found["modules"]),
                guards=tuple(found["guards"]),
                files=tuple(found["files"]),
                reads=tuple(Read(**row) for row in found["reads"]),
                native_threads=tuple(found["native_threads"]),
            )
        except (KeyError, TypeError) as error:
            message = f"not a report: {error}"
            raise ValueError(message) from error

    def to_json(self) -> dict[str, Any]:
        """Return what `obelisk inspect --json` shows of it."""
        return {
            "modules": list(self.modules),
            "left_out": [
                {"module": one.module, "kind": one.kind, "reason": one.reason}
                for one in self.problems
            ],
            "guards": list(self.guards),
            "files": list(self.files),
            "reads": [
                {"kind": one.kind, "name": one.name, "module": one.module} for one in self.reads
            ],
        }


def request(exclude: Iterable[str], trained: Iterable[str] = (), *, rehearsal: bool) -> bytes:
    """Return what a process that prepares reads from stdin.

    `trained` are modules to import if they can be kept.
    """
    lines = ["rehearsal" if rehearsal else "take", *exclude, *(f"+{name}" for name in trained), ""]
    return "\n".join(lines).encode()


def rehearse(
    attempt: Callable[[tuple[str, ...]], Report], exclude: Iterable[str]
) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Find out which modules to leave out; return them, and why.

    `attempt` prepares a snapshot without those modules in a new process, and keeps nothing. Each
    attempt leaves out more than the one before. Raises `SnapshotError` if none can be kept.
    """
    left_out = tuple(exclude)
    problems: list[Problem] = []
    while True:
        report = attempt(left_out)
        problems += [one for one in report.problems if one not in problems]
        if report.error is not None:
            message = f"no snapshot is possible: {report.error}"
            hint = "remove the module from `snapshot-imports`, or build without a snapshot"
            raise SnapshotError(message, hint=hint)
        more = tuple(name for name in report.again if name not in left_out)
        if not more:
            return left_out, tuple(problems)
        left_out += more


def with_problems(report: Report, problems: Iterable[Problem]) -> Report:
    """Return the report of what was kept, with what earlier attempts found."""
    return replace(report, problems=tuple(problems))


def read_report(path: Path) -> dict[str, Any] | None:
    """Return what `to_json` returned of the snapshot in an executable; None if it has none.

    Beside it is `processor`: `x86-64-v3`, or `builder's`. Raises `VerifyError` if the file is
    corrupt, or its snapshot of another version.
    """
    part = open_payload(path)[0].snapshot
    try:
        text = report_of(part)
    except UnsupportedVersionError as error:
        message = f"{path} is of an unsupported version: {error}"
        hint = "use the version of Obelisk that built it, or rebuild it"
        raise VerifyError(message, hint=hint) from error
    except ValueError as error:
        message = f"{path} is corrupt: {error}"
        raise VerifyError(message, hint="rebuild it, and copy it as a binary file") from error
    found = json.loads(text) if text else None
    if not isinstance(found, dict):
        return None
    return found | {"processor": _OF_ONE_KIND if is_of_one_kind(part) else _OF_BUILDER}


def report_lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield what `obelisk inspect` shows of what `to_json` returned."""
    yield f"snapshot  {len(found['modules'])} modules imported"
    for row in found["left_out"]:
        yield f"  left out    {row['module']}: it {row['reason']}"
    if "processor" in found:
        yield f"  depends on  processor: {_PROCESSORS[found['processor']]}"
    for name in found["guards"]:
        yield f"  depends on  variable {name}: with another value, the executable starts cold"
    for name in found.get("files", ()):
        yield f"  depends on  file {name}: where it is another, the executable starts cold"
    for read in (Read(**row) for row in found["reads"]):
        if read.kind != "variable":
            how = "written" if read.kind == "written" else "read"
            yield f"  {how:<10}  {read.shown}, by {read.module}"


def tell(report: Report, console: Console) -> None:
    """Say what is left out by itself and, in detail, what modules read."""
    reasons: dict[str, list[str]] = {}
    for problem in report.problems:
        reasons.setdefault(problem.module, []).append(problem.shown)
    for module, found in reasons.items():
        console.warn(f"`{module}` is left out of the snapshot: it {' and '.join(found)}")
    if reasons:
        console.note(
            "what is left out is imported at startup, and so is what the program imports after it "
            "if `snapshot-imports` does not name that"
        )
    for read in report.reads:
        how = "writes" if read.kind == "written" else "reads"
        console.detail(f"snapshot: {read.module} {how} {read.shown} when it is imported")

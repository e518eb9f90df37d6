"""Part `pyperformance`: its benchmarks, by pyperf, inside an executable and by the reference.

One executable holds pyperf, all benchmarks and what they need; the reference runs the same file
with the same versions in a venv. pyperf starts its worker processes from `sys.executable`, which is
the executable itself. Both take turns benchmark by benchmark.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.contenders import obelisk
from bench.environments import make_environment
from bench.model import OWN, BenchError, Measure, Series, rounded
from bench.session import Session

REFERENCE = "reference Python"
_ROUNDS = 3
_VALUES = 3
_LIMIT = 300.0
_BY_THE_WALL = frozenset({"2to3", "concurrent_imap", "python_startup", "python_startup_no_site"})
"""Benchmarks whose work is done by other processes, so that a process' own time tells nothing."""

Values = dict[str, list[float]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Runner:
    """What runs benchmarks: the executable, or the reference with its file."""

    name: str
    argv: tuple[str, ...]
    benchmarks: dict[str, dict[str, Any]]


def measure(session: Session) -> list[Measure]:
    """Run every benchmark by both, in turn."""
    runners = _runners(session)
    series: tuple[Series, ...] = ()
    for benchmark in session.wanted(runners[0].benchmarks):
        found = _measure_one(session, runners, benchmark)
        series += found
        session.say(f"  {_summary(benchmark, found)}")
    clock = "processor time" if session.clock == "cpu" else "wall time"
    return [
        Measure(
            name="pyperformance",
            title="pyperformance",
            unit="s",
            series=series,
            reference=REFERENCE,
            about=f"By pyperf's worker processes inside the executable, in {clock} "
            f"(by the wall: {', '.join(sorted(_BY_THE_WALL))}); {_ROUNDS} processes of each with "
            f"{_VALUES} values, in turn benchmark by benchmark.",
        )
    ]


def _runners(session: Session) -> tuple[Runner, Runner]:
    place = session.place
    application = session.application("suite")
    product = place.folder("built") / "suite"
    session.say("  building the executable of all benchmarks")
    obelisk(application.script, product)
    environment = make_environment(place, "suite", application.requirements)
    packages = sorted(environment.versions().items())
    session.versions["packages of pyperformance"] = ", ".join(map(" ".join, packages))
    python = (environment.program("python"), "-I", place.within(application.script))
    own = (place.within(product),)
    return _runner(session, OWN, own), _runner(session, REFERENCE, python)


def _runner(session: Session, name: str, argv: tuple[str, ...]) -> Runner:
    rows = json.loads(session.place.run([*argv, "--list"]))
    return Runner(name=name, argv=argv, benchmarks={row["name"]: row for row in rows})


def _measure_one(
    session: Session, runners: tuple[Runner, Runner], benchmark: str
) -> tuple[Series, ...]:
    """Return two series for each value that a benchmark reports, or one with the reason."""
    values: dict[str, Values] = {runner.name: {} for runner in runners}
    for _ in range(1 if session.quick else _ROUNDS):
        for runner in runners:
            try:
                found = _run(session, runner, benchmark)
            except BenchError as error:
                return (Series(case=benchmark, contender=runner.name, reason=str(error)),)
            for case, row in found.items():
                values[runner.name].setdefault(case, []).extend(row)
    own, other = (values[runner.name] for runner in runners)
    return tuple(
        Series(case=case, contender=name, samples=rounded(rows[case]))
        for case in own
        if case in other
        for name, rows in values.items()
    )


def _run(session: Session, runner: Runner, benchmark: str) -> Values:
    """Run a benchmark in one worker process and return its values by their names."""
    row = runner.benchmarks[benchmark]
    folder = session.place.folder("pyperformance", empty=True)
    clock = "wall" if benchmark in _BY_THE_WALL else session.clock
    variables = {"BENCH_SCRIPT": row["script"], "BENCH_CLOCK": clock}
    command = [*runner.argv, "--processes=1", "--warmups=1", "--quiet", "--output=values.json"]
    command += [f"--values={1 if session.quick else _VALUES}"]
    command += ["--inherit-environ=BENCH_SCRIPT,BENCH_CLOCK", *row["options"]]
    session.place.run(command, folder, extra=variables, timeout=_LIMIT)
    return read_values(folder / "values.json")


def read_values(path: Path) -> Values:
    """Read the values in a file of pyperf's."""
    data = json.loads(path.read_text(encoding="utf-8"))
    common = data.get("metadata", {}).get("name")
    found: Values = {}
    for one in data["benchmarks"]:
        name = one.get("metadata", {}).get("name") or common
        row = found.setdefault(name, [])
        for run in one["runs"]:
            row.extend(run.get("values", ()))
    return found


def _summary(benchmark: str, series: tuple[Series, ...]) -> str:
    if any(one.reason for one in series):
        return f"{benchmark}: {series[0].reason}"
    pairs = zip(series[::2], series[1::2], strict=True)
    words = [f"{own.case} {min(own.samples) / min(other.samples):.3f}" for own, other in pairs]
    return "  ".join(words)

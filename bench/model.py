"""What was measured, and the JSON file that keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

FORMAT = 1
OWN = "Obelisk"
"""The contender that all others are compared with."""


class BenchError(Exception):
    """What a person can mend: a file that is none of ours, a tool that fails."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """One contender's values for one case; those of a case are pairs by their place."""

    case: str
    """What was done: an application, a benchmark, an operation."""
    contender: str
    samples: tuple[float, ...] = ()
    reason: str = ""
    """Why there are no samples."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """One quantity, measured for several cases and contenders in turn."""

    name: str
    title: str
    unit: str
    series: tuple[Series, ...]
    higher_is_better: bool = False
    reference: str | None = None
    """The contender of which the page takes the mean ratio over all cases, if any."""
    own: str = OWN
    """The contender that the others are compared with."""
    about: str = ""
    """How it was measured, for the page."""

    def cases(self) -> tuple[str, ...]:
        """Return the cases in their order."""
        return tuple(dict.fromkeys(one.case for one in self.series))

    def find(self, case: str, contender: str) -> Series | None:
        """Return the series of a contender, or None."""
        for one in self.series:
            if (one.case, one.contender) == (case, contender):
                return one
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What one part of the benchmarks measured, when and on what machine."""

    name: str
    measured: str
    """The day and time it ended, in UTC."""
    seconds: float
    quick: bool
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    """Of everything that was measured or built with."""
    measures: tuple[Measure, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """All parts, each from its last run."""

    parts: tuple[Part, ...] = ()

    def with_part(self, part: Part) -> Results:
        """Return the results with one part new."""
        names = [one.name for one in self.parts]
        if part.name not in names:
            return replace(self, parts=(*self.parts, part))
        return replace(
            self, parts=tuple(part if one.name == part.name else one for one in self.parts)
        )

    def measures(self) -> Iterator[Measure]:
        """Yield what all parts measured."""
        for part in self.parts:
            yield from part.measures


def read_results(path: Path) -> Results:
    """Read a file of results; raise `BenchError` if it is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            message = f"`{path}` has format {data['format']}, this reads format {FORMAT}"
            raise BenchError(message, hint="run `make bench` anew")
        return Results(parts=tuple(_part(one) for one in data["parts"]))
    except OSError as error:
        message = f"cannot read `{path}`: {error.strerror}"
        raise BenchError(message) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"`{path}` is not a file of results: {error!r}"
        raise BenchError(message) from None


def write_results(results: Results, path: Path) -> None:
    """Write results so that a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {"format": FORMAT, "parts": [asdict(part) for part in results.parts]}
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(path)


def rounded(samples: Iterable[float]) -> tuple[float, ...]:
    """Return samples to six significant digits, which is more than they hold."""
    return tuple(float(f"{one:.6g}") for one in samples)


def _part(data: dict[str, Any]) -> Part:
    return Part(**{**data, "measures": tuple(_measure(one) for one in data["measures"])})


def _measure(data: dict[str, Any]) -> Measure:
    return Measure(**{**data, "series": tuple(_series(one) for one in data["series"])})


def _series(data: dict[str, Any]) -> Series:
    return Series(**{**data, "samples": tuple(data["samples"])})

"""The page in docs/ that shows all results; nothing on it is written by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.model import OWN, Measure, Results, Series
from bench.stats import geometric_mean, pair_ratios, spread

_HEAD = """\
<!-- Written by `make bench` from bench/results.json. Do not edit. -->

# Benchmarks

What `make bench` measured. All contenders take turns (A B A B), so that a slow minute of the
machine meets each of them. `minimum` and `median` are of all runs. `Obelisk by it` is Obelisk's
value divided by the other's, pair by pair: the median of these ratios and, in brackets, their
quartiles. Below 1 Obelisk takes less{higher}.
[What the numbers mean and where they come from](performance.md).
"""
_QUICK = """
**This is a quick run, to try the benchmarks: its numbers mean nothing.**
"""
_TITLES = {
    "pyperformance": "pyperformance",
    "micro": "Single operations",
    "start": "Start",
    "snapshot": "Snapshots",
    "memory": "Memory",
    "load": "Under load",
    "build": "Build and size",
    "nothing": "Build from nothing",
    "native": "Native code",
}
"""The parts in the order in which the page shows them."""
_SMALL = 0.2
"""Ratios below have three decimals."""


def text(results: Results, folder: str, plots: Sequence[str]) -> str:
    """Return the page; `plots` are the names of measures that have a drawing in `folder`."""
    higher = any(one.higher_is_better for one in results.measures())
    shown = sorted(results.parts, key=lambda part: [*_TITLES, part.name].index(part.name))
    results = Results(parts=tuple(shown))
    head = _HEAD.format(higher=", but for requests per second" if higher else "")
    if any(part.quick for part in results.parts):
        head += _QUICK
    pieces = [head, *_summary(results), *_machine(results)]
    for part in results.parts:
        pieces.append(f"## {_TITLES.get(part.name, part.name)}\n")
        pieces.append(f"Measured {part.measured} UTC, in {_duration(part.seconds)}.\n")
        for measure in part.measures:
            pieces.extend(_measure(measure, folder, measure.name in plots))
    return "\n".join(pieces)


_MATTERS = ("python -I -S", "venv", "PyInstaller, one file", "the same without numpy")
"""Whom the summary compares with: the first of these that was measured."""


def _summary(results: Results) -> Iterator[str]:
    rows = [row for measure in results.measures() for row in _in_short(measure)]
    if not rows:
        yield "Nothing has been measured yet.\n"
        return
    yield "## In short\n"
    yield _table(["", "", "against", "Obelisk by it"], rows)


def _in_short(measure: Measure) -> Iterator[list[str]]:
    if measure.reference is not None:
        pairs = paired(measure, measure.reference)
        if not pairs:
            return
        middles = {case: spread(pair_ratios(*pair)).middle for case, pair in pairs.items()}
        slowest = max(middles, key=lambda case: middles[case])
        mean = geometric_mean(middles.values())
        yield [measure.title, f"mean of {len(pairs)}", measure.reference, f"{mean:.3f}"]
        yield [measure.title, slowest, measure.reference, f"{middles[slowest]:.2f}"]
        return
    for case in measure.cases():
        own = measure.find(case, measure.own)
        others = (measure.find(case, name) for name in _MATTERS)
        other = next((one for one in others if one is not None and one.samples), None)
        if own is not None and own.samples and other is not None:
            ratio = ratio_text(own.samples, other.samples)
            yield [measure.title, case, other.contender, ratio]
        elif own is not None and own.samples and other is None:
            value = f"{number(spread(own.samples).middle)} {measure.unit}"
            yield [measure.title, case, "", value]


def _machine(results: Results) -> Iterator[str]:
    yield "## Machine and versions\n"
    seen: dict[str, list[str]] = {}
    for part in results.parts:
        for name, value in {**part.machine, **part.versions}.items():
            values = seen.setdefault(name, [])
            if value not in values:
                values.append(value)
    rows = [[name, "; ".join(values)] for name, values in seen.items()]
    yield _table(["what", "value"], rows)


def _measure(measure: Measure, folder: str, drawn: bool) -> Iterator[str]:
    yield f"### {measure.title}\n"
    if measure.about:
        yield f"{measure.about}\n"
    if drawn:
        yield f"![{measure.title}]({folder}/{measure.name}.svg)\n"
    if measure.reference is not None:
        yield from _against(measure, measure.reference)
        return
    for case in measure.cases():
        rows = [one for one in measure.series if one.case == case]
        yield f"**{case}**\n"
        yield _table(
            [
                "",
                f"minimum, {measure.unit}",
                f"median, {measure.unit}",
                f"{measure.own} by it",
                "runs",
            ],
            [_row(measure, one) for one in rows],
        )


def _row(measure: Measure, series: Series) -> list[str]:
    if not series.samples:
        return [series.contender, series.reason or "not measured", "", "", ""]
    own = measure.find(series.case, measure.own)
    middle = spread(series.samples).middle
    ratio = ""
    if own is not None and own.samples and series.contender != measure.own:
        ratio = ratio_text(own.samples, series.samples)
    return [
        series.contender,
        number(min(series.samples)),
        number(middle),
        ratio,
        str(len(series.samples)),
    ]


def _against(measure: Measure, reference: str) -> Iterator[str]:
    """Yield the table of many cases against one reference, the slowest first."""
    pairs = paired(measure, reference)
    if pairs:
        middles = geometric_mean(spread(pair_ratios(*pair)).middle for pair in pairs.values())
        least = geometric_mean(min(own) / min(other) for own, other in pairs.values())
        yield (
            f"**Geometric mean of {len(pairs)}: {middles:.3f}** of the ratios' medians, "
            f"{least:.3f} of the ratios of minimum.\n"
        )
        ordered = sorted(pairs, key=lambda case: -spread(pair_ratios(*pairs[case])).middle)
        rows = []
        for case in ordered:
            own, other = pairs[case]
            row = [case, ratio_text(own, other), f"{min(own) / min(other):.2f}"]
            rows.append([*row, time_text(min(own), measure.unit)])
        yield _table(["", "Obelisk by the reference", "of minimum", "minimum"], rows)
    missing = [one for one in measure.series if not one.samples]
    if missing:
        yield "Not measured:\n"
        yield _table(
            ["", "where", "why"], [[one.case, one.contender, one.reason] for one in missing]
        )


def paired(
    measure: Measure, reference: str
) -> dict[str, tuple[tuple[float, ...], tuple[float, ...]]]:
    """Return the values of Obelisk and of the reference for the cases that have both."""
    found = {}
    for case in measure.cases():
        own, other = measure.find(case, OWN), measure.find(case, reference)
        if own and other and own.samples and other.samples:
            found[case] = own.samples, other.samples
    return found


def ratio_text(own: Sequence[float], other: Sequence[float]) -> str:
    """Return the median of the ratios pair by pair, and their quartiles."""
    ratios = pair_ratios(own, other)
    if not ratios:
        return ""
    one = spread(ratios)
    digits = 2 if one.middle >= _SMALL else 3
    middle, low, high = (f"{value:.{digits}f}" for value in (one.middle, one.low, one.high))
    return middle if one.count == 1 else f"{middle} [{low}, {high}]"


def number(value: float) -> str:
    """Return a value with three digits that mean something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3g}"


def time_text(value: float, unit: str) -> str:
    """Return seconds in the unit that reads well; other units as they are."""
    if unit != "s":
        return f"{number(value)} {unit}"
    for factor, name in ((1, "s"), (1e3, "ms"), (1e6, "us")):
        if value * factor >= 1:
            return f"{number(value * factor)} {name}"
    return f"{number(value * 1e9)} ns"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(_cell(one) for one in line) + " |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")

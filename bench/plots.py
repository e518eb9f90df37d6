"""The plots: SVG that is the same for the same results, whoever draws it and when."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from bench.model import Measure, Results
from bench.page import paired
from bench.stats import pair_ratios, spread

_OWN_COLOUR, _OTHER_COLOUR, _LINE = "#1f6f8b", "#b8bfc6", "#444444"
_LEAST, _MOST = 0.4, 2.0
"""Ratios beyond are drawn at the edge, with their number."""
_LOOKS = {
    "svg.hashsalt": "obelisk",
    "svg.fonttype": "none",
    "font.family": ["sans-serif"],
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(results: Results, folder: Path) -> tuple[str, ...]:
    """Draw what several contenders were measured for; return the names of measures drawn."""
    mpl.use("svg")
    for path in folder.glob("*.svg"):
        path.unlink()
    drawn = []
    for measure in results.measures():
        with mpl.rc_context(_LOOKS):
            figure = _ratios(measure) if measure.reference else _values(measure)
            if figure is not None:
                path = folder / f"{measure.name}.svg"
                figure.savefig(path, metadata={"Date": None, "Creator": None})
                drawn.append(measure.name)
    return tuple(drawn)


def _figure(height: float, heights: list[int]) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(7.5, height), layout="constrained")
    grid = {"height_ratios": heights}
    axes = figure.subplots(len(heights), 1, squeeze=False, gridspec_kw=grid)
    return figure, [row[0] for row in axes]


def _values(measure: Measure) -> Figure | None:
    """Draw the medians of all contenders, and from minimum to third quartile, for each case."""
    panels = {
        case: [one for one in measure.series if one.case == case and one.samples]
        for case in measure.cases()
    }
    panels = {case: rows for case, rows in panels.items() if len(rows) > 1}
    if not panels:
        return None
    heights = [len(rows) + 1 for rows in panels.values()]
    figure, axes = _figure(0.25 * sum(heights) + 0.35 * len(panels), heights)
    for axis, (case, rows) in zip(axes, panels.items(), strict=True):
        for place, one in enumerate(rows):
            some = spread(one.samples)
            colour = _OWN_COLOUR if one.contender == measure.own else _LINE
            axis.plot([min(one.samples), some.high], [place, place], color=_OTHER_COLOUR)
            axis.plot(some.middle, place, "o", color=colour, markersize=4)
        axis.set_yticks(range(len(rows)), [one.contender for one in rows])
        axis.set_ylim(len(rows) - 0.4, -0.6)
        axis.set_title(case, loc="left", fontsize=9)
        axis.grid(axis="x", color=_OTHER_COLOUR, linewidth=0.4)
        _scale(axis, [value for one in rows for value in one.samples])
    axes[-1].set_xlabel(measure.unit)
    return figure


def _ratios(measure: Measure) -> Figure | None:
    """Draw the ratio to the reference for each case, with its quartiles, the slowest on top."""
    pairs = paired(measure, measure.reference or "")
    if not pairs:
        return None
    rows = sorted((spread(pair_ratios(*pair)).middle, case) for case, pair in pairs.items())
    figure, (axis,) = _figure(0.16 * len(rows) + 0.8, [1])
    for place, (middle, case) in enumerate(rows):
        one = spread(pair_ratios(*pairs[case]))
        axis.plot([one.low, one.high], [place, place], color=_OTHER_COLOUR, linewidth=2)
        shown = min(max(middle, _LEAST), _MOST)
        axis.plot(shown, place, "o", color=_OWN_COLOUR, markersize=3.5, clip_on=False)
        if shown != middle:
            axis.annotate(f"  {middle:.3g}", (shown, place), va="center", fontsize=7)
    axis.axvline(1, color=_LINE, linewidth=0.8)
    axis.set_yticks(range(len(rows)), [case for _, case in rows], fontsize=7)
    axis.set_ylim(-1, len(rows))
    axis.set_xlim(_LEAST, _MOST)
    axis.grid(axis="x", color=_OTHER_COLOUR, linewidth=0.4)
    axis.set_xlabel(f"Obelisk by {measure.reference}: left of 1 Obelisk takes less")
    return figure


def _scale(axis: Axes, values: list[float]) -> None:
    """Begin at nothing, or count by factors of ten where that would hide the small ones."""
    if max(values) > 20 * min(values):
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        axis.set_xlim(left=0)

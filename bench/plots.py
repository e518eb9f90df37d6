"""The plots: SVG that is the same for the same results, whoever draws it and when."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.model import OWN, Measure, Results
from bench.page import paired
from bench.stats import pair_ratios, spread

_OWN_COLOUR, _OTHER_COLOUR, _LINE = "#1f6f8b", "#b8bfc6", "#444444"
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
            figure = _ratios(measure) if measure.reference else _bars(measure)
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


def _bars(measure: Measure) -> Figure | None:
    """Draw the medians of all contenders, a panel for each case; a tick where the minimum is."""
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
        middles = [spread(one.samples).middle for one in rows]
        colours = [_OWN_COLOUR if one.contender == OWN else _OTHER_COLOUR for one in rows]
        places = range(len(rows))
        axis.barh(places, middles, color=colours, height=0.7)
        axis.plot([min(one.samples) for one in rows], places, "|", color=_LINE)
        axis.set_yticks(places, [one.contender for one in rows])
        axis.invert_yaxis()
        axis.set_title(case, loc="left", fontsize=9)
        if max(middles) > 20 * min(middles):
            axis.set_xscale("log")
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
        axis.plot(middle, place, "o", color=_OWN_COLOUR, markersize=3.5)
    axis.axvline(1, color=_LINE, linewidth=0.8)
    axis.set_yticks(range(len(rows)), [case for _, case in rows], fontsize=7)
    axis.set_ylim(-1, len(rows))
    axis.set_xscale("log")
    axis.set_xlabel(f"Obelisk by {measure.reference}: left of 1 Obelisk takes less")
    return figure

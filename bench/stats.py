"""The statistics of interleaved runs: few, robust, and explained on the page."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NOTCH = 1.57
"""Medians differ if their notches do not meet: McGill, Tukey, Larsen, Variations of Box Plots."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """The middle of some values and how sure it is."""

    middle: float
    low: float
    """The first quartile."""
    high: float
    """The third quartile."""
    count: int

    @property
    def notch(self) -> tuple[float, float]:
        """The interval that the median of a repetition would likely be in."""
        reach = NOTCH * (self.high - self.low) / math.sqrt(self.count)
        return self.middle - reach, self.middle + reach


def spread(values: Sequence[float]) -> Spread:
    """Return median and quartiles of at least one value."""
    if len(values) == 1:
        return Spread(middle=values[0], low=values[0], high=values[0], count=1)
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(middle=middle, low=low, high=high, count=len(values))


def pair_ratios(own: Sequence[float], other: Sequence[float]) -> tuple[float, ...]:
    """Return own / other for each pair of runs that were made one after the other.

    What slows the machine down for seconds slows both of a pair, and leaves their ratio.
    """
    return tuple(one / two for one, two in zip(own, other, strict=False) if two)


def geometric_mean(ratios: Iterable[float]) -> float:
    """Return the mean of ratios, for which a half and a double make one."""
    return statistics.geometric_mean(ratios)

"""Find what became slower or larger between two files of results.

    python bench/compare.py OLD NEW [--least 1.03] [--all]

A value counts as changed if it differs by more than the least factor *and* by more than the noise
of both runs: the notches of the two medians (1.57 quartile distances by the root of the number of
values, as of a box plot) do not meet. Where both runs measured a reference beside Obelisk, it is
their ratio that is compared, pair by pair, so that another machine or a slower hour counts little.
Exit status 1 if anything became worse.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.model import BenchError, Measure, Results, read_results
from bench.stats import Spread, geometric_mean, pair_ratios, spread

LEAST = 1.03
_SINGLE = 1.10
"""The least factor for what was measured once and has no spread, but for sizes."""
_EXACT = frozenset({"MB"})
"""Units of which a single value is no matter of luck."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What one value was and is."""

    measure: str
    case: str
    factor: float
    """New by old, in the direction in which more is worse."""
    clear: bool
    """Whether it is more than noise and more than the least factor."""
    against: str
    """The reference by whose values both were divided, or nothing."""


def compare(old: Results, new: Results, least: float = LEAST) -> Iterator[Change]:
    """Yield how each value that both results hold has changed."""
    before = {one.name: one for one in old.measures()}
    for measure in new.measures():
        earlier = before.get(measure.name)
        if earlier is not None:
            yield from _compare_measure(earlier, measure, least)


def _compare_measure(old: Measure, new: Measure, least: float) -> Iterator[Change]:
    factors = []
    for case in new.cases():
        pair = _spreads(old, new, case)
        if pair is None:
            continue
        before, after, against = pair
        factor = _factor(before.middle, after.middle, higher_is_better=new.higher_is_better)
        enough = _least(before, after, new.unit, least)
        far = not (1 / enough < factor < enough) and _apart(before, after)
        factors.append(factor)
        yield Change(measure=new.name, case=case, factor=factor, clear=far, against=against)
    if new.reference is not None and len(factors) > 1:
        mean = geometric_mean(factors)
        far = not (1 / least < mean < least)
        yield Change(
            measure=new.name,
            case="geometric mean of all",
            factor=mean,
            clear=far,
            against=new.reference,
        )


def _spreads(old: Measure, new: Measure, case: str) -> tuple[Spread, Spread, str] | None:
    """Return old and new spread of Obelisk's values, by those of a reference if both have one."""
    own_old, own_new = old.find(case, old.own), new.find(case, new.own)
    if not (own_old and own_new and own_old.samples and own_new.samples):
        return None
    for name in _references(new):
        other_old, other_new = old.find(case, name), new.find(case, name)
        if other_old and other_new and other_old.samples and other_new.samples:
            before = pair_ratios(own_old.samples, other_old.samples)
            after = pair_ratios(own_new.samples, other_new.samples)
            return spread(before), spread(after), name
    return spread(own_old.samples), spread(own_new.samples), ""


def _references(measure: Measure) -> tuple[str, ...]:
    if measure.unit in _EXACT or measure.name.startswith("build."):
        return ()
    return (measure.reference,) if measure.reference else ("python -I -S", "venv")


def _least(before: Spread, after: Spread, unit: str, least: float) -> float:
    single = min(before.count, after.count) == 1 and unit not in _EXACT
    return max(least, _SINGLE) if single else least


def _apart(before: Spread, after: Spread) -> bool:
    (low, high), (new_low, new_high) = before.notch, after.notch
    return new_low > high or new_high < low


def _factor(before: float, after: float, *, higher_is_better: bool) -> float:
    if not before or not after:
        return 1.0
    return before / after if higher_is_better else after / before


def main() -> int:
    """Compare the files that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--least", type=float, default=LEAST, help="the factor that matters")
    parser.add_argument("--all", action="store_true", help="print what has not changed, too")
    options = parser.parse_args()
    try:
        old, new = read_results(options.old), read_results(options.new)
        changes = list(compare(old, new, options.least))
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if not changes:
        print("error: the two files have no measurement in common", file=sys.stderr)
        return 2
    worse = [one for one in changes if one.clear and one.factor > 1]
    for one in sorted(changes, key=lambda one: -one.factor):
        if options.all or one.clear:
            print(_line(one))
    print(f"{len(changes)} values compared, {len(worse)} worse")
    return 1 if worse else 0


def _line(change: Change) -> str:
    verdict = "same" if not change.clear else "worse" if change.factor > 1 else "better"
    against = f" (by {change.against})" if change.against else ""
    return f"{verdict:<6} {change.factor:6.3f}  {change.measure}: {change.case}{against}"


if __name__ == "__main__":
    sys.exit(main())

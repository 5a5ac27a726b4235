"""The targets that the page lets a reader choose, and the race scored at each of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sooner.results.records import Results
from sooner.results.rescoring import rescore

MOST, FEWEST = 80, 16
_RUNS_TIMES_TARGETS = 5000  # what keeps the page of a large race below 2 MB


@dataclass(frozen=True)
class Moments:
    """The race scored at each target that can be chosen, ascending; `own` is the position of the race's own."""

    results: tuple[Results, ...]
    own: int

    @property
    def race(self) -> Results:
        """The race at its own target."""
        return self.results[self.own]


def moments(results: Results) -> Moments:
    """The race at its own target and at others; what an older version left out of its results is added.

    A hundredth of a second per target and six pairs of three lanes; large races get fewer targets.
    """
    own = rescore(results)
    targets = choices(own, amount(own))
    scored = [own if target == own.target else rescore(own, target, curves=False) for target in targets]
    return Moments(tuple(scored), targets.index(own.target))


def amount(results: Results) -> int:
    """How many targets the page of this race offers."""
    runs = sum(len(lane.runs) for lane in results.lanes)
    return max(FEWEST, min(MOST, _RUNS_TIMES_TARGETS // max(1, runs)))


def choices(results: Results, amount: int) -> list[float]:
    """About `amount` round targets from the untrained metric to the best seen, and the race's own.

    Under the fitted protocol they begin at the worst end of the smallest budget: below it no time is known.

    Ascending; the distance to the best shrinks with its square, so that they lie closest where races are decided.
    """
    runs = [run for lane in results.lanes for run in lane.runs if run.evaluations]
    if not runs:
        return [results.target]
    first = [run.evaluations[0].metric for run in runs]
    low = min(first) if results.rungs else max(first)
    high = max(e.metric for run in runs for e in run.evaluations)
    if not low < high:
        return [results.target]
    exact = [high - (high - low) * (1 - i / amount) ** 2 for i in range(1, amount + 1)]
    finest = (high - low) / (4 * amount)
    targets = {results.target}
    for before, target in zip([low, *exact], exact, strict=False):
        rounded = _rounded_down(target, max(target - before, finest))
        if low < rounded <= high and abs(rounded - results.target) > finest / 2:
            targets.add(rounded)
    return sorted(targets)


def _rounded_down(value: float, gap: float) -> float:
    """The next lower multiple of the largest 1, 2 or 5 times a power of ten that is no wider than `gap`."""
    power = math.floor(math.log10(gap))
    factor = next(factor for factor in (5, 2, 1) if factor * 10.0**power <= gap * (1 + 1e-9))
    step = factor * 10.0**power
    return float(f"{math.floor(value / step + 1e-9) * step:.12g}")

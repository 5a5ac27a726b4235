"""What a lane's runs under the fitted protocol show: each seed's climb, the rungs, the frontier of metric against time.

A climb is what one seed did: the ends of its runs, smallest budget first, as evaluations that name their budget.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sooner.results.records import SHARE, Evaluation, Rung
from sooner.statistics.crossing import at, crossing
from sooner.statistics.monotone import monotone

Climbs = Mapping[int, Sequence[Evaluation]]

_BAND = (0.1, 0.9)  # quantiles over the seeds


def is_climb(evaluations: Sequence[Evaluation]) -> bool:
    """Whether these are the ends of several runs, each at a budget of its own."""
    return bool(evaluations) and evaluations[0].budget is not None


def counted(evaluations: Sequence[Evaluation]) -> list[float]:
    """The metrics that a run's times are read from: as they are, or made `monotone` where they are a climb."""
    metrics = [evaluation.metric for evaluation in evaluations]
    return monotone(metrics) if is_climb(evaluations) else metrics


def rungs_of(climbs: Climbs, rungs: Sequence[str], target: float) -> list[Rung]:
    """The figures at every rung that was run, smallest budget first.

    They are of all seeds where all ran, else of the seeds that ran the whole ladder: a seed goes to another rung
    because of its result, so the seeds at that rung are not a fair sample.
    """
    figures = []
    for rung, there in _fair(climbs, rungs).items():
        metrics = [end.metric for end in there]
        figures.append(
            Rung(
                budget=rung,
                seconds=median(end.seconds for end in there),
                examples=median(end.examples for end in there),
                metric=median(metrics),
                low=min(metrics),
                high=max(metrics),
                hits=sum(metric >= target for metric in metrics),
                runs=len(there),
            )
        )
    return figures


def smallest_budget(climbs: Climbs, rungs: Sequence[str], target: float, *, share: float = SHARE) -> str | None:
    """The smallest budget that reaches `target` in at least `share` of the seeds; None if even the largest does not.

    A seed counts as reaching it from where its monotone climb does, so the share never falls as the budget grows,
    and all seeds count at all rungs, though most ran a few. If some did not run the rungs around their crossing, as
    at a target other than the race's own, the seeds that ran the whole ladder decide.
    """
    crossings = [_crossing(climb, rungs, target) for climb in climbs.values()]
    if not all(known for _, known in crossings):
        whole = [_crossing(climb, rungs, target) for climb in climbs.values() if len(climb) == len(rungs)]
        crossings = whole or crossings
    places = sorted(place for place, _ in crossings if place < len(rungs))
    needed = math.ceil(share * len(crossings) - 1e-9)
    return rungs[places[needed - 1]] if 0 < needed <= len(places) else None


@dataclass(frozen=True)
class Frontier:
    """Metric against time of one lane, smallest budget first; lists of the same length, one entry per rung.

    Attributes:
        budget: of the rung.
        seconds, examples: median over the seeds.
        metric: reached by at least the share of the seeds that was asked for.
        low, high: the 10% and 90% quantiles over the seeds.
        runs: how many there were.
    """

    budget: list[str]
    seconds: list[float]
    examples: list[float]
    metric: list[float]
    low: list[float]
    high: list[float]
    runs: list[int]

    def time(self, targets: ArrayLike, clock: Literal["seconds", "examples"] = "seconds") -> NDArray[np.float64]:
        """Time to each of `targets`, float64 of their shape, between rungs by interpolation.

        NaN for a target above the frontier, and for one that the smallest rung reaches: its time is unknown, too.
        """
        position = crossing(monotone(self.metric), targets).position
        return at(np.where(position == 0, np.nan, position), getattr(self, clock))


def frontier(climbs: Climbs, rungs: Sequence[str], *, share: float = SHARE) -> Frontier:
    """The frontier of the lane whose `climbs` these are, over the seeds that `rungs_of` takes.

    It needs few runs and covers every target, without an interval: the verdict is that of the paired seeds.
    """
    fair = _fair(climbs, rungs)
    metrics = [sorted(end.metric for end in there) for there in fair.values()]
    band = [np.quantile(values, _BAND).tolist() for values in metrics]
    return Frontier(
        budget=list(fair),
        seconds=[median(end.seconds for end in there) for there in fair.values()],
        examples=[median(end.examples for end in there) for there in fair.values()],
        metric=[values[-max(1, math.ceil(share * len(values) - 1e-9))] for values in metrics],
        low=[low for low, _ in band],
        high=[high for _, high in band],
        runs=[len(values) for values in metrics],
    )


def _fair(climbs: Climbs, rungs: Sequence[str]) -> dict[str, list[Evaluation]]:
    """By rung, the evaluations of seeds that did not come to it because of what they showed at others."""
    whole = {seed for seed, climb in climbs.items() if len(climb) == len(rungs)}
    by_rung = {}
    for rung in rungs:
        there = {seed: end for seed, climb in climbs.items() for end in climb if end.budget == rung}
        if len(there) < len(climbs) and whole:
            there = {seed: there[seed] for seed in whole}
        if there:
            by_rung[rung] = list(there.values())
    return by_rung


def _crossing(climb: Sequence[Evaluation], rungs: Sequence[str], target: float) -> tuple[int, bool]:
    """From which position on the ladder on a seed reaches the target, its length for beyond; and whether it is known.

    It is not where the seed might reach the target below its smallest budget, or between its largest and the ladder's.
    """
    budgets = [end.budget for end in climb]
    reached = next((place for place, metric in enumerate(counted(climb)) if metric >= target), None)
    if reached is None:
        return len(rungs), rungs[-1] in budgets
    return rungs.index(str(budgets[reached])), reached > 0 or budgets[0] == rungs[0]

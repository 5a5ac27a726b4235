"""Whether the first run of a lane is unlike its later ones: what it pays for, or learns, they may have of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from sooner.results.kinds import contestants
from sooner.results.records import Lane, Run
from sooner.results.suspicions import CarriedOver, FirstRunSlower

_FEWEST = 5  # runs of a lane, the first included
_MANY = 8  # of them, from which the slowest of the later ones is left out: the machine may have been disturbed
_APART = 1.5  # ranges of the later runs by which the first lies outside of them
_TIMES = 1.25  # as long as its later ones, before a word is said
_SHARE = 0.1  # of the way to the target by which later runs begin ahead of the first


@dataclass(frozen=True)
class _First:
    """A value of the first run, by how much it is above the median of the later ones, and whether far above them."""

    value: float
    by: float
    apart: bool


def notices(lanes: Sequence[Lane], target: float) -> list[FirstRunSlower | CarriedOver]:
    """The lanes whose first run took longer for a step, or began further from the target, than their later ones.

    As far as the first runs of the other lanes did so, too, it is the machine, or the task. A recipe keeps nothing on
    disk, and the race has warmed up before its first run, so of its steps nothing is said; nor is it where how fast the
    machine was beside the runs is not known.

    Args:
        lanes: of one race; the first run of each is the one of its smallest seed, as pairs are run in their order.
        target: of the metric.
    """
    paces = {} if contestants(lanes) == "recipes" else {lane.name: _first(_paces(lane.runs)) for lane in lanes}
    begun = {lane.name: _first(_distances(lane.runs, target)) for lane in lanes}
    found: list[FirstRunSlower | CarriedOver] = []
    for lane in lanes:
        slow, usual = paces.get(lane.name), _usual(paces, lane.name)
        if slow and slow.apart and slow.by - usual > math.log(_TIMES):
            found.append(FirstRunSlower(lane.name, times=math.exp(slow.by), others=math.exp(usual)))
        far = begun[lane.name]
        if far and far.apart and far.by - _usual(begun, lane.name) > _SHARE * far.value > 0:
            found.append(CarriedOver(lane.name, first=target - far.value, later=target - far.value + far.by))
    return found


def _first(values: Mapping[int, float]) -> _First | None:
    """Of a value by seed; None of too few."""
    if len(values) < _FEWEST:
        return None
    first, *later = (values[seed] for seed in sorted(values))
    later = sorted(later)[: -1 if len(values) >= _MANY else None]
    return _First(first, first - median(later), first - later[-1] > _APART * (later[-1] - later[0]))


def _usual(found: Mapping[str, _First | None], but: str) -> float:
    """By how much the first runs of the other lanes are above, in the middle of them, 0 where they are below."""
    others = [first.by for name, first in found.items() if first and name != but]
    return max(0.0, median(others)) if others else 0.0


def _paces(runs: Sequence[Run]) -> dict[int, float]:
    """By seed, the logarithm of the seconds of a step over those of the fixed workload that was timed beside."""
    return {
        run.seed: math.log(run.budget_s / run.steps / run.reference_s)
        for run in runs
        if run.reference_s and run.budget_s > 0 and run.steps > 0 and not run.resumed and run.stopped is None
    }


def _distances(runs: Sequence[Run], target: float) -> dict[int, float]:
    """How far below the target the metric is at the first evaluation, by seed."""
    return {run.seed: target - run.evaluations[0].metric for run in runs if run.evaluations}

"""Whether the lanes begin alike: a metric that is ahead before any training was learned off the clock."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from sooner.results.records import Lane, Run
from sooner.results.suspicions import HeadStart
from sooner.statistics.signed_rank import MIN_PAIRS, signed_rank

_SHARE = 0.1  # of the way from the other lane's beginning to the target


def notices(lanes: Sequence[Lane], target: float) -> list[HeadStart]:
    """Each lane against those that it is compared with, in either direction."""
    by_name = {lane.name: lane for lane in lanes}
    found = []
    for lane in lanes:
        for name in lane.opponents:
            for one, other in ((lane, by_name[name]), (by_name[name], lane)):
                if told := _ahead(one, other, target):
                    found.append(told)
    return found


def _ahead(one: Lane, other: Lane, target: float) -> HeadStart | None:
    """Where it is so in the pairs, by the exact test, and a tenth of the way or more."""
    mine, theirs = _untrained(one.runs), _untrained(other.runs)
    seeds = sorted(mine.keys() & theirs.keys())
    if len(seeds) < MIN_PAIRS:
        return None
    metric, than = (median(each[seed] for seed in seeds) for each in (mine, theirs))
    differences = [mine[seed] - theirs[seed] for seed in seeds]
    shown = signed_rank(differences, differences).low > 0
    if not shown or than >= target or metric - than < _SHARE * (target - than):
        return None
    return HeadStart(one.name, other.name, metric, than)


def _untrained(runs: Sequence[Run]) -> dict[int, float]:
    """The metric before the first example, by seed, of the runs that give one."""
    return {run.seed: run.evaluations[0].metric for run in runs if run.evaluations and not run.evaluations[0].examples}

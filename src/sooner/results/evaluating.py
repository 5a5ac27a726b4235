"""What a lane spends while the clock stands still, as it evaluates its metric: work may hide there."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from sooner.results.records import Lane, Run
from sooner.results.suspicions import EvaluationLonger
from sooner.statistics.signed_rank import MIN_PAIRS, signed_rank

_TIMES = 2.0  # as long as in the other lane
_SHARE = 0.1  # of the lane's seconds on the clock


def notices(lanes: Sequence[Lane]) -> list[EvaluationLonger]:
    """Each lane against those that it is compared with, in either direction."""
    by_name = {lane.name: lane for lane in lanes}
    found = []
    for lane in lanes:
        for name in lane.opponents:
            for one, other in ((lane, by_name[name]), (by_name[name], lane)):
                if told := _longer(one, other):
                    found.append(told)
    return found


def _longer(one: Lane, other: Lane) -> EvaluationLonger | None:
    """Where it is so in the pairs, by the exact test, at least twice as long, and a tenth of the run or more."""
    mine, theirs = _each(one.runs), _each(other.runs)
    seeds = sorted(mine.keys() & theirs.keys())
    if len(seeds) < MIN_PAIRS:
        return None
    differences = [mine[seed] - theirs[seed] for seed in seeds]
    seconds, others = (median(each[seed] for seed in seeds) for each in (mine, theirs))
    if signed_rank(differences, differences).low <= 0 or seconds < _TIMES * others:
        return None
    hidden = (seconds - others) * median(len(run.evaluations) for run in one.runs)
    clock = median(run.budget_s for run in one.runs)
    share = hidden / clock if clock > 0 else 1.0
    return EvaluationLonger(one.name, other.name, seconds, others, share) if share >= _SHARE else None


def _each(runs: Sequence[Run]) -> dict[int, float]:
    """Seconds off the clock per evaluation, by seed."""
    return {run.seed: run.phases.get("evaluate", 0.0) / len(run.evaluations) for run in runs if run.evaluations}

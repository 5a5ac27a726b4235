"""How far the validation metric of a lane lies above its test metric: further where it has seen those examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import stdev

from sooner.results.records import Comparison, Lane, Run
from sooner.results.suspicions import MetricInflated
from sooner.results.verdict import Cause, Finding, Reason
from sooner.statistics.signed_rank import MIN_PAIRS, signed_rank

_WORTH = 0.01  # of the metric's size, before a word is said: a point of accuracy
_SPREADS = 2.0  # standard deviations of the gaps from seed to seed, in the lane where they are larger

_FOR_LANE = (Finding.FASTER, Finding.NOT_REACHED_BY_OTHER)


@dataclass(frozen=True)
class Excess:
    """By how much the gap of one lane is the larger, at the ends of the runs: Hodges-Lehmann, with its 95% interval."""

    by: float
    low: float
    high: float


def excess(mine: Sequence[Run], theirs: Sequence[Run]) -> Excess | None:
    """By how much validation lies further above test in `mine` than in `theirs`; None where that is not shown.

    Shown it is over the pairs, by the exact test, and where it is large as well: a hundredth of the metric and twice
    what gaps differ by from seed to seed. Honest methods differ in it, too, but by less.
    """
    own, other = _gaps(mine), _gaps(theirs)
    seeds = sorted(own.keys() & other.keys())
    if len(seeds) < MIN_PAIRS:
        return None
    differences = [own[seed] - other[seed] for seed in seeds]
    test = signed_rank(differences, differences)
    by = float(test.estimate_low)
    size = max(abs(run.final_metric or 0.0) for run in [*mine, *theirs])
    spread = max(stdev(gaps[seed] for seed in seeds) for gaps in (own, other))
    if test.low <= 0 or by < _WORTH * size or by < _SPREADS * spread:
        return None
    return Excess(by, float(test.low), float(test.high))


def inflated(
    comparison: Comparison, runs: Mapping[str, Sequence[Run]], again: Callable[[float, float], Finding]
) -> Reason | None:
    """The reason to withhold a verdict for a lane whose validation metric is not to be believed.

    Its gap is the larger one, and with as much taken off its metric as that may be, the finding is another.

    Args:
        comparison: on any clock.
        runs: of its lanes, by their names.
        again: the finding where the lane's target, and that of the other one, are higher by so much.
    """
    mine, theirs = runs[comparison.lane], runs[comparison.against]
    if comparison.finding in _FOR_LANE and (found := excess(mine, theirs)):
        name, taken_off = comparison.lane, again(found.high, 0.0)
    elif comparison.finding is Finding.SLOWER and (found := excess(theirs, mine)):
        name, taken_off = comparison.against, again(0.0, found.high)
    else:
        return None
    return Reason(Cause.METRIC_INFLATED, (name,)) if taken_off is not comparison.finding else None


def notices(lanes: Sequence[Lane]) -> list[MetricInflated]:
    """Each lane against those that it is compared with, in either direction."""
    by_name = {lane.name: lane for lane in lanes}
    found = []
    for lane in lanes:
        for name in lane.opponents:
            for one, other in ((lane, by_name[name]), (by_name[name], lane)):
                if more := excess(one.runs, other.runs):
                    found.append(MetricInflated(one.name, other.name, more.by, more.low, more.high))
    return found


def _gaps(runs: Sequence[Run]) -> dict[int, float]:
    """Validation less test metric by seed, of the runs that came to their end."""
    return {
        run.seed: run.final_metric - run.test_metric
        for run in runs
        if run.final_metric is not None and run.test_metric is not None and run.stopped is None
    }

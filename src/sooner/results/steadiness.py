"""Whether the machine was as fast for one lane as for another, by the fixed workload that is timed beside the runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from sooner.results.notices import Notice, PaceDiffers, PaceVaried
from sooner.results.records import Comparison, Lane, Run
from sooner.results.verdict import Cause, Finding, Reason
from sooner.statistics.comparison import ComparisonFigures, compare
from sooner.statistics.signed_rank import MIN_PAIRS
from sooner.statistics.times import Time

_WORTH = 1.05  # between two lanes, before a word is said
_VARIED = 1.25  # between the slow and the fast runs of a race
_BY_CHANCE = 0.1  # share of the runs at either end that is left out


def slowdown(mine: Sequence[Run], theirs: Sequence[Run]) -> ComparisonFigures | None:
    """How many times slower the machine was during `theirs` than during `mine`, over the seeds of both; None unknown.

    The interval is that of `compare`, 95% for this one comparison; with fewer than six pairs it has no bounds.
    """
    own, other = (
        {run.seed: run.reference_s for run in runs if run.reference_s is not None and not run.resumed}
        for runs in (mine, theirs)
    )
    seeds = sorted(own.keys() & other.keys())
    if not seeds:
        return None
    return compare([Time(own[seed]) for seed in seeds], [Time(other[seed]) for seed in seeds])


def disturbed(comparison: Comparison, runs: Mapping[str, Sequence[Run]]) -> Reason | None:
    """The reason to withhold a verdict on wall time that may be the machine's: that it was slower for the loser.

    The machine was shown to be slower for it, and taking the square of that ratio out of the interval leaves no
    difference: a fixed workload suffers otherwise from a disturbance than a lane does, and is timed now and then.
    """
    if comparison.finding not in (Finding.FASTER, Finding.SLOWER):
        return None
    figures = slowdown(runs[comparison.lane], runs[comparison.against])
    if figures is None or figures.ratio is None or figures.pairs < MIN_PAIRS:
        return None
    low, high, taken_out = figures.ci_low, figures.ci_high, figures.ratio**2
    if comparison.finding is Finding.FASTER:
        slower, bound = low is not None and low > 1, comparison.ci_low
        explains = bound is not None and bound / taken_out <= 1
    else:
        slower, bound = high is not None and high < 1, comparison.ci_high
        explains = bound is not None and bound / taken_out >= 1
    if not (slower and explains):
        return None
    loser = comparison.against if comparison.finding is Finding.FASTER else comparison.lane
    times = max(figures.ratio, 1 / figures.ratio)
    return Reason(Cause.CLOCK_DISTURBED, (f"a machine that was {times:.2f} times slower for {loser}",))


def notices(lanes: Sequence[Lane]) -> list[Notice]:
    """What the reference says of the race: each lane against those that it is compared with, then all runs."""
    by_name = {lane.name: lane for lane in lanes}
    found: list[Notice] = []
    for lane in lanes:
        for name in lane.opponents:
            figures = slowdown(lane.runs, by_name[name].runs)
            if figures is None or figures.ratio is None or figures.ci_low is None or figures.ci_high is None:
                continue
            if figures.ci_low > 1 and figures.ratio > _WORTH:
                found.append(PaceDiffers(name, lane.name, figures.ratio, figures.ci_low, figures.ci_high))
            if figures.ci_high < 1 and 1 / figures.ratio > _WORTH:
                found.append(PaceDiffers(lane.name, name, 1 / figures.ratio, 1 / figures.ci_high, 1 / figures.ci_low))
    return [*found, *_varied(lanes)]


def _varied(lanes: Sequence[Lane]) -> list[Notice]:
    """How far the runs lie apart, each against the median of its machine's: several machines need not be alike."""
    taken: dict[str, list[float]] = {}
    for lane in lanes:
        for run in lane.runs:
            if run.reference_s is not None:
                taken.setdefault(run.host, []).append(run.reference_s)
    relative = sorted(value / median(values) for values in taken.values() for value in values)
    left_out = int(_BY_CHANCE * len(relative))
    if len(relative) < 3:
        return []
    ratio = relative[-1 - left_out] / relative[left_out]
    return [PaceVaried(ratio, len(relative))] if ratio > _VARIED else []

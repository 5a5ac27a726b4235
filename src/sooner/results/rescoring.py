"""A race scored at any target: times, comparisons, verdicts and survival, from what its results hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import get_args

import numpy as np

from sooner.results import looks, steadiness
from sooner.results.budgets import counted, rungs_of, smallest_budget
from sooner.results.records import Clock, Comparison, Lane, Results, Run
from sooner.results.verdict import Cause, Finding, Reason, judge
from sooner.statistics.comparison import ComparisonFigures, CurvePoint, compare, curve
from sooner.statistics.crossing import at
from sooner.statistics.extension import extended
from sooner.statistics.signed_rank import ALPHA
from sooner.statistics.survival import common_horizon, survival
from sooner.statistics.times import Time, Trajectory

VERDICTS: Clock = "wall"  # the clock by which a race stops a lane or calls it the winner, and its survival is
_CURVE_POINTS = 100

Level = tuple[float, int]  # the share of false verdicts that a comparison may have, and the looks that led to it


def rescore(
    results: Results, target: float | None = None, *, curves: bool = True, levels: Mapping[str, Level] | None = None
) -> Results:
    """The same race at another target.

    The target that was fixed before the race is the one whose verdict counts: a target chosen after seeing the
    results is chosen for its result. Intervals are those of one comparison at one target. A verdict that was withheld
    stays withheld.

    Args:
        results: of a race; what it says of its own target is not used.
        target: in place of the race's own.
        curves: compare at all targets, too; most of the time goes there.
        levels: of each lane's comparisons, where they are not those that `results` has already.
    """
    goal = results.target if target is None else target
    against = {
        lane.name: list(dict.fromkeys(c.against for c in results.comparisons if c.lane == lane.name))
        for lane in results.lanes
    }
    scored = looks.equal({lane.name: lane.runs for lane in results.lanes})
    lanes = [
        replace(
            lane,
            runs=[timed(run, goal) for run in scored[lane.name]],
            opponents=lane.opponents or against[lane.name],
        )
        for lane in results.lanes
    ]
    horizon = common_horizon([_times(lane.runs, goal, VERDICTS) for lane in lanes])
    lanes = [_lane(lane, goal, results, horizon) for lane in lanes]
    fresh = {name: [timed(run, goal) for run in runs] for name, runs in looks.equal(results.confirmation).items()}
    known = {c.lane: (c.alpha, c.looks) for c in results.comparisons if not c.confirmation}
    known |= levels or {}
    # Whether looks are equal is found anew: it depends on the target.
    withheld = {
        _key(c): reasons
        for c in results.comparisons
        if c.finding is Finding.WITHHELD
        and (reasons := [each for each in c.reasons if each.cause is not Cause.LOOKS_UNEQUAL])
    }
    by_name = {lane.name: lane.runs for lane in lanes}
    own = {lane.name for lane in lanes if lane.own_seconds}
    silent = {lane.name for lane in lanes if not lane.counts_examples}
    unequal = looks.chosen(by_name, goal)
    comparisons = []
    for confirmation, runs in ((False, by_name), (True, fresh)):
        for lane in lanes:
            for other in lane.opponents:
                if lane.name not in runs or other not in runs:
                    continue
                level = (ALPHA, 1) if confirmation else known.get(lane.name, (ALPHA, 1))
                for clock in get_args(Clock):
                    if clock == "examples" and silent & {lane.name, other}:
                        continue
                    comparison = _compare(lane.name, other, runs, goal, clock, level, results.detect)
                    if comparison is None:
                        continue
                    if curves and not confirmation:
                        comparison = replace(comparison, curve=_curve(runs[lane.name], runs[other], clock, level))
                    comparison = replace(comparison, confirmation=confirmation)
                    if clock == VERDICTS and (reason := steadiness.disturbed(comparison, runs)):
                        comparison = withhold(comparison, [reason])
                    if clock == VERDICTS and len(told := own & {lane.name, other}) == 1:
                        comparison = withhold(comparison, [Reason(Cause.CLOCKS_DIFFER, tuple(told))])
                    if chosen := tuple(name for name in (lane.name, other) if name in unequal):
                        comparison = withhold(comparison, [Reason(Cause.LOOKS_UNEQUAL, chosen)])
                    key = _key(comparison)
                    comparisons.append(withhold(comparison, withheld[key]) if key in withheld else comparison)
    earlier = _earlier(lanes, results, goal)
    others = [each for each in results.notices if not isinstance(each, looks.OF_LOOKS)]
    return replace(
        results,
        target=goal,
        lanes=lanes,
        comparisons=comparisons,
        notices=[*others, *looks.notices(by_name, goal)],
        confirmation=fresh,
        earlier=earlier,
    )


def trajectory(run: Run, clock: Clock) -> Trajectory:
    """A run's metric over one clock; "examples" takes the number of examples for the time."""
    seen = looks.scored(run)
    match clock:
        case "wall":
            spent, end = [e.seconds for e in seen], run.budget_s
        case "examples":
            spent, end = [float(e.examples) for e in seen], float(run.examples)
    end = max(end, spent[-1] if spent else 0.0)
    return Trajectory(spent, counted(seen), end, broke_off=run.stopped is not None, noise=run.noise or 0.0)


def compare_runs(
    mine: Sequence[Run], theirs: Sequence[Run], target: float, clock: Clock, level: Level = (ALPHA, 1)
) -> ComparisonFigures | None:
    """Two lanes compared by the seeds that both ran; None without any."""
    one, other = _paired(mine, theirs, clock)
    if not one:
        return None
    alpha, looks = level
    return compare([t.time(target) for t in one], [t.time(target) for t in other], alpha=alpha, looks=looks)


def compared(
    lane: str, against: str, figures: ComparisonFigures, *, clock: Clock = "wall", detect: float | None = None
) -> Comparison:
    """The comparison of two lanes that has these figures, with the verdict on them."""
    verdict = judge(figures, detect=detect)
    return Comparison(
        lane=lane,
        against=against,
        ratio=figures.ratio,
        ci_low=figures.ci_low,
        ci_high=figures.ci_high,
        pairs=figures.pairs,
        p_value=figures.p_value,
        finding=verdict.finding,
        reasons=verdict.reasons,
        hits=figures.hits,
        against_hits=figures.against_hits,
        clock=clock,
        looks=figures.looks,
        alpha=figures.alpha,
        detect=detect,
        pairs_needed=figures.pairs_needed,
    )


def withhold(comparison: Comparison, reasons: Sequence[Reason]) -> Comparison:
    """The same figures without a verdict. Raises ValueError without a reason."""
    if not reasons:
        raise ValueError(f"the verdict on {comparison.lane} can only be withheld for a reason; give one or more")
    return replace(comparison, finding=Finding.WITHHELD, reasons=tuple(reasons))


def _earlier(lanes: Sequence[Lane], results: Results, target: float) -> list[Comparison]:
    """What the race showed at each number of pairs at which it was seen before more were added, at its level then."""
    first = min((run.seed for lane in lanes for run in lane.runs), default=0)
    found = []
    for place, pairs in enumerate(results.looked):
        runs = {lane.name: [run for run in lane.runs if run.seed < first + pairs] for lane in lanes}
        look = extended(results.looked[:place])
        for lane in lanes:
            for other in lane.opponents:
                level = (look.alpha, look.number)
                comparison = _compare(lane.name, other, runs, target, VERDICTS, level, results.detect)
                if comparison is not None:
                    found.append(comparison)
    return found


def _key(comparison: Comparison) -> tuple[str, str, str, bool]:
    return comparison.lane, comparison.against, comparison.clock, comparison.confirmation


def _lane(lane: Lane, target: float, results: Results, horizon: float | None) -> Lane:
    estimate = survival(_times(lane.runs, target, VERDICTS), clock=VERDICTS, horizon=horizon)
    lane = replace(
        lane, survival=[] if estimate is None else [estimate], metric_noise=looks.metric_noise(lane.runs, target)
    )
    if not lane.counts_examples:
        lane = replace(lane, runs=[replace(run, examples_to_target=None) for run in lane.runs])
    if not results.rungs:
        return lane
    climbs = {run.seed: run.evaluations for run in lane.runs}
    return replace(
        lane,
        rungs=rungs_of(climbs, results.rungs, target),
        smallest_budget=smallest_budget(climbs, results.rungs, target, share=results.share),
    )


def _times(runs: Sequence[Run], target: float, clock: Clock) -> list[Time]:
    return [trajectory(run, clock).time(target) for run in runs]


def _paired(mine: Sequence[Run], theirs: Sequence[Run], clock: Clock) -> tuple[list[Trajectory], list[Trajectory]]:
    one, other = ({run.seed: run for run in runs} for runs in (mine, theirs))
    seeds = sorted(one.keys() & other.keys())
    return [trajectory(one[seed], clock) for seed in seeds], [trajectory(other[seed], clock) for seed in seeds]


def _compare(
    lane: str,
    against: str,
    runs: Mapping[str, Sequence[Run]],
    target: float,
    clock: Clock,
    level: Level,
    detect: float | None,
) -> Comparison | None:
    figures = compare_runs(runs[lane], runs[against], target, clock, level)
    return None if figures is None else compared(lane, against, figures, clock=clock, detect=detect)


def _curve(mine: Sequence[Run], theirs: Sequence[Run], clock: Clock, level: Level) -> list[CurvePoint]:
    return curve(*_paired(mine, theirs, clock), _targets([*mine, *theirs]), alpha=level[0])


def _targets(runs: list[Run]) -> list[float]:
    """Targets from just above the untrained metric, or the worst of the smallest budget, to the best seen."""
    metrics = [e.metric for run in runs for e in run.evaluations]
    firsts = [run.evaluations[0] for run in runs if run.evaluations]
    if not metrics:
        return []
    climbs = firsts[0].budget is not None
    low = (min if climbs else max)(first.metric for first in firsts)
    return [float(t) for t in np.linspace(low, max(metrics), _CURVE_POINTS + 1)[1:]] if low < max(metrics) else []


def timed(run: Run, target: float) -> Run:
    """The same run with its times to another target."""
    position, confirmed = trajectory(run, "examples").crossing(target)  # among the looks, so on any clock
    hit, seen = bool(confirmed), looks.scored(run)

    def there(values: list[float]) -> float | None:
        return float(at(position, values)) if hit else None

    return replace(
        run,
        hit=hit,
        time_to_target_s=there([e.seconds for e in seen]),
        steps_to_target=there([e.step for e in seen]),
        examples_to_target=there([e.examples for e in seen]),
    )

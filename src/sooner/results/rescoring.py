"""A race scored at any target: times, comparisons, verdicts and survival, from what its results hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import cast, get_args

import numpy as np

from sooner.results import doubts, looks, steadiness
from sooner.results.budgets import rungs_of, smallest_budget
from sooner.results.claims import STANDING, allowed, withhold
from sooner.results.records import Clock, Comparison, Lane, Results, Run
from sooner.results.trajectories import paired, timed, times
from sooner.results.verdict import Cause, Finding, Reason, judge
from sooner.statistics.anywhere import level_anywhere
from sooner.statistics.comparison import ComparisonFigures, compare, curve
from sooner.statistics.extension import extended
from sooner.statistics.family import share
from sooner.statistics.signed_rank import ALPHA
from sooner.statistics.survival import common_horizon, survival

VERDICTS: Clock = "wall"  # the clock by which a race stops a lane or calls it the winner, and its survival is
_CURVE_POINTS = 100

Level = tuple[float, int]  # the share of false verdicts that a comparison may have, and the looks that led to it


def rescore(
    results: Results, target: float | None = None, *, curves: bool = True, levels: Mapping[str, Level] | None = None
) -> Results:
    """The same race at another target.

    The target that was fixed before the race is the one whose verdict counts. At any other each comparison is judged
    at a level that allows for the choice among all of them (`level_anywhere`), and `set_before` says which it was.
    Which comparisons may claim something is said by `claims.allowed`; a verdict that was withheld for another reason
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
    equal = looks.equal({lane.name: lane.runs for lane in results.lanes})
    lanes = [
        replace(
            lane,
            runs=[timed(run, goal) for run in equal[lane.name]],
            opponents=lane.opponents or against[lane.name],
        )
        for lane in results.lanes
    ]
    horizon = common_horizon([times(lane.runs, goal, VERDICTS) for lane in lanes])
    lanes = [_lane(lane, goal, results, horizon) for lane in lanes]
    fresh = {name: [timed(run, goal) for run in runs] for name, runs in looks.equal(results.confirmation).items()}
    own = {lane.name: lane.runs for lane in lanes}
    others = [each for each in results.notices if not isinstance(each, looks.OF_LOOKS)]
    scored = replace(results, lanes=lanes, confirmation=fresh, notices=[*others, *looks.notices(own, goal)])
    unequal = looks.chosen(own, goal)
    comparisons = [
        comparison
        for confirmation, runs in ((False, own), (True, fresh))
        for lane in lanes
        if lane.name in runs
        for clock in get_args(Clock)
        for comparison in allowed(
            [
                _scored(lane.name, other, runs, goal, clock, scored, levels or {}, curves, confirmation, unequal)
                for other in lane.opponents
                if other in runs and _comparable(scored, lane.name, other, runs, clock)
            ],
            scored,
        )
    ]
    before = results.target if results.set_before is None else results.set_before
    earlier = _earlier(lanes, results, goal)
    return replace(
        scored,
        target=goal,
        set_before=None if goal == before else before,
        comparisons=comparisons,
        earlier=earlier,
    )


def _comparable(results: Results, lane: str, against: str, runs: Mapping[str, Sequence[Run]], clock: Clock) -> bool:
    """Whether the two have a seed in common, and examples, where those are compared."""
    silent = {each.name for each in results.lanes if not each.counts_examples}
    if clock == "examples" and silent & {lane, against}:
        return False
    return bool({run.seed for run in runs[lane]} & {run.seed for run in runs[against]})


def _scored(
    lane: str,
    against: str,
    runs: Mapping[str, Sequence[Run]],
    goal: float,
    clock: Clock,
    results: Results,
    levels: Mapping[str, Level],
    curves: bool,
    confirmation: bool,
    unequal: Sequence[str],
) -> Comparison:
    """One comparison, with the reasons for which its verdict is withheld that are its own."""
    key = (lane, against, clock, confirmation)
    known = next((c for c in results.comparisons if _key(c) == key), None)
    alone = [c for c in results.comparisons if c.lane == lane and not c.confirmation]
    alpha, number = (alone[0].alpha, alone[0].looks) if alone else (share(results.family), 1)
    alpha, number = (ALPHA, 1) if confirmation else levels.get(lane, (alpha, number))
    one, other = paired(runs[lane], runs[against], clock)
    drawn = curves and not confirmation
    anywhere = known.any_alpha if known else None
    chosen = goal != (results.target if results.set_before is None else results.set_before)
    targets = _targets([*runs[lane], *runs[against]]) if drawn or anywhere is None else []
    if anywhere is None and (curves or chosen):
        anywhere = level_anywhere(one, other, [*targets, goal], alpha=alpha)
    if chosen:
        alpha = anywhere or 0.0
    made = compared(
        lane,
        against,
        compare([t.time(goal) for t in one], [t.time(goal) for t in other], alpha=alpha, looks=number),
        clock=clock,
        detect=results.detect,
    )
    line = curve(one, other, targets, alpha=anywhere or 0.0) if drawn else []
    made = replace(made, any_alpha=anywhere, confirmation=confirmation, curve=line)
    reasons = [] if known is None else [reason for reason in known.reasons if reason.cause not in STANDING]
    if known is not None and known.finding is Finding.WITHHELD and reasons:
        return withhold(made, reasons)
    own = tuple(each.name for each in results.lanes if each.own_seconds and each.name in (lane, against))
    if clock == VERDICTS and len(own) == 1:
        return withhold(made, [Reason(Cause.CLOCKS_DIFFER, own)])
    disturbed = steadiness.disturbed(made, runs) if clock == VERDICTS else None
    doubted = doubts.reasons(made, runs, partial(_again, made, runs, goal))
    by_choice = tuple(name for name in (lane, against) if name in unequal)
    found = [*([] if disturbed is None else [disturbed]), *doubted]
    if by_choice:
        found.append(Reason(Cause.LOOKS_UNEQUAL, by_choice))
    return withhold(made, found) if found else made


def compare_runs(
    mine: Sequence[Run],
    theirs: Sequence[Run],
    target: float,
    clock: Clock,
    level: Level = (ALPHA, 1),
    *,
    their_target: float | None = None,
) -> ComparisonFigures | None:
    """Two lanes compared by the seeds that both ran, `theirs` to another target if given; None without any."""
    one, other = paired(mine, theirs, clock)
    if not one:
        return None
    alpha, looks = level
    their = target if their_target is None else their_target
    return compare([t.time(target) for t in one], [t.time(their) for t in other], alpha=alpha, looks=looks)


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
        within=figures.within,
        cost_ratio=figures.cost_ratio,
        cost_low=figures.cost_low,
        cost_high=figures.cost_high,
    )


def _earlier(lanes: Sequence[Lane], results: Results, target: float) -> list[Comparison]:
    """What the race showed at each number of pairs at which it was seen before more were added, at its level then."""
    first = min((run.seed for lane in lanes for run in lane.runs), default=0)
    found = []
    for place, pairs in enumerate(results.looked):
        runs = {lane.name: [run for run in lane.runs if run.seed < first + pairs] for lane in lanes}
        look = extended(results.looked[:place], share(results.family))
        for lane in lanes:
            for other in lane.opponents:
                at_look = (look.alpha, look.number)
                comparison = _compare(lane.name, other, runs, target, VERDICTS, at_look, results.detect)
                if comparison is not None:
                    found.append(comparison)
    return found


def _key(comparison: Comparison) -> tuple[str, str, str, bool]:
    return comparison.lane, comparison.against, comparison.clock, comparison.confirmation


def _lane(lane: Lane, target: float, results: Results, horizon: float | None) -> Lane:
    estimate = survival(times(lane.runs, target, VERDICTS), clock=VERDICTS, horizon=horizon)
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


def _again(c: Comparison, runs: Mapping[str, Sequence[Run]], target: float, by: float, against_by: float) -> Finding:
    """The finding of a comparison where the target of either lane is higher by so much."""
    mine, theirs, clock = runs[c.lane], runs[c.against], cast(Clock, c.clock)
    figures = compare_runs(mine, theirs, target + by, clock, (c.alpha, c.looks), their_target=target + against_by)
    return c.finding if figures is None else judge(figures, detect=c.detect).finding


def _targets(runs: list[Run]) -> list[float]:
    """Targets from just above the untrained metric, or the worst of the smallest budget, to the best seen."""
    metrics = [e.metric for run in runs for e in run.evaluations]
    firsts = [run.evaluations[0] for run in runs if run.evaluations]
    if not metrics:
        return []
    climbs = firsts[0].budget is not None
    low = (min if climbs else max)(first.metric for first in firsts)
    return [float(t) for t in np.linspace(low, max(metrics), _CURVE_POINTS + 1)[1:]] if low < max(metrics) else []

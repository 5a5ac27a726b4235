"""A race until it is decided: looks at fixed numbers of pairs, after which lanes with a verdict stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sooner.racing.plan.controls import opponents
from sooner.racing.plan.lanes import PlannedLane, PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.record import RunRecord
from sooner.racing.timing import run_of
from sooner.results import looks
from sooner.results.records import Run
from sooner.results.rescoring import VERDICTS, Level, compare_runs
from sooner.statistics import sequential
from sooner.statistics.comparison import ComparisonFigures, cannot_win, decided
from sooner.statistics.extension import extended


@dataclass(frozen=True)
class Standing:
    """Where a race until decided stands.

    Attributes:
        pairs: in all, that the lanes still in the race run next; when none is left, the pairs at which it stopped.
        live: names of the lanes still in it, controls and the baseline as long as one needs them.
        stopped: pairs after which each other lane was stopped.
        hopeless: lanes stopped because they could not win any more.
    """

    pairs: int
    live: frozenset[str]
    stopped: dict[str, int]
    hopeless: frozenset[str]


def standing(plan: Plan, records: Sequence[RunRecord]) -> Standing:
    """Follow the race look by look, as far as its runs have ended."""
    runs: dict[str, dict[int, RunRecord]] = {lane.name: {} for lane in plan.lanes}
    for record in records:
        runs.get(record.lane, {})[record.seed] = record
    live = {lane.name for lane in plan.lanes}
    # A lane whose verdict is in may run on, as another's control.
    open_ones = {lane.name for lane in plan.lanes if lane.role == "lane"}
    stopped: dict[str, int] = {}
    hopeless: set[str] = set()
    counts, levels = sequential.looks(plan.pairs, plan.alpha), sequential.levels(plan.pairs, plan.alpha)
    for look, (pairs, level) in enumerate(zip(counts, levels, strict=True), 1):
        seeds = range(plan.seed, plan.seed + pairs)
        if any(seed not in runs[name] for name in live for seed in seeds):
            return Standing(pairs, frozenset(live), stopped, frozenset(hopeless))
        scored = looks.equal(
            {
                name: [run_of(records[seed], plan.target) for seed in seeds if seed in records]
                for name, records in runs.items()
            }
        )
        for lane in _contenders(plan, open_ones):
            compared = [
                _figures(plan, scored[lane.name], scored[other.name], (level, look))
                for other in opponents(lane, list(plan.lanes))
            ]
            beaten = any(cannot_win(figures, detect=plan.rules.detect) for figures in compared)
            if beaten or all(decided(figures, detect=plan.rules.detect) for figures in compared):
                stopped[lane.name] = pairs
                open_ones.discard(lane.name)
                if beaten:
                    hopeless.add(lane.name)
        still = _contenders(plan, open_ones)
        needed = {lane.name for lane in still} | {o.name for lane in still for o in opponents(lane, list(plan.lanes))}
        for name in live - needed:
            stopped.setdefault(name, pairs)
        live &= needed
        if not live:
            return Standing(pairs, frozenset(), stopped, frozenset(hopeless))
    return Standing(plan.pairs, frozenset(), stopped, frozenset(hopeless))


def level(plan: Plan, pairs: int) -> Level:
    """What a comparison may claim after so many pairs of this race."""
    if plan.rules.until == "decided":
        look = sequential.look(pairs, plan.pairs, plan.alpha)
    else:
        look = extended([seen for seen in plan.looked if seen < pairs], plan.alpha)
    return look.alpha, look.number


def block(plan: Plan, records: Sequence[RunRecord]) -> list[PlannedRun]:
    """The runs up to the next look, those that have ended among them."""
    now = standing(plan, records)
    last = plan.seed + now.pairs
    return [run for run in plan.runs if run.lane.name in now.live and run.seed < last]


def _contenders(plan: Plan, names: set[str]) -> list[PlannedLane]:
    """The lanes of these names, in the order of the race."""
    return [lane for lane in plan.lanes if lane.name in names]


def _figures(plan: Plan, mine: Sequence[Run], theirs: Sequence[Run], level: Level) -> ComparisonFigures:
    figures = compare_runs(mine, theirs, plan.target, VERDICTS, level)
    assert figures is not None  # there are seeds
    return figures

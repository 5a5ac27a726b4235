"""The confirmation: the winner and its opponents again, on fresh seeds."""

from __future__ import annotations

from collections.abc import Sequence

from sooner.racing.plan import stopping
from sooner.racing.plan.controls import opponents
from sooner.racing.plan.lanes import PlannedLane, PlannedRun
from sooner.racing.plan.ordering import balanced_orders
from sooner.racing.plan.plan import Plan
from sooner.racing.record import RunRecord
from sooner.racing.timing import run_of
from sooner.results import looks
from sooner.results.records import Run
from sooner.results.rescoring import VERDICTS, compare_runs
from sooner.statistics.signed_rank import MIN_PAIRS

FRESH = 1_000_000  # from the race's first seed to the first of its confirmation


def planned(plan: Plan, records: Sequence[RunRecord]) -> list[PlannedRun]:
    """The runs that confirm a race whose own runs have all ended; none where no lane has won."""
    lane = winner(plan, records)
    if lane is None:
        return []
    lanes = [lane, *opponents(lane, list(plan.lanes))]
    pairs = max(MIN_PAIRS, sum(record.lane == lane.name and record.seed < plan.seed + FRESH for record in records))
    first = plan.seed + FRESH
    orders = balanced_orders(len(lanes), pairs, first)
    return [PlannedRun(lanes[place], first + pair) for pair, order in enumerate(orders) for place in order]


def at_most(plan: Plan) -> list[PlannedRun]:
    """The most runs that a confirmation may take: those of the lane with the most opponents."""
    lanes = list(plan.lanes)
    most = max(([lane, *opponents(lane, lanes)] for lane in lanes if lane.role == "lane"), key=len, default=[])
    first = plan.seed + FRESH
    return [PlannedRun(lane, seed) for seed in range(first, first + max(MIN_PAIRS, plan.pairs)) for lane in most]


def winner(plan: Plan, records: Sequence[RunRecord]) -> PlannedLane | None:
    """The lane that is faster than the baseline and each of its controls, the fastest of them."""
    runs: dict[str, list[Run]] = {lane.name: [] for lane in plan.lanes}
    for record in records:
        if record.seed < plan.seed + FRESH:
            runs[record.lane].append(run_of(record, plan.target))
    scored = looks.equal(runs)
    best: tuple[float, PlannedLane] | None = None
    for lane in plan.lanes:
        if lane.role != "lane":
            continue
        compared = [
            compare_runs(
                scored[lane.name], scored[other.name], plan.target, VERDICTS, stopping.level(plan, len(runs[lane.name]))
            )
            for other in opponents(lane, list(plan.lanes))
        ]
        if not compared or any(c is None or c.ahead <= 0 for c in compared):
            continue
        against_baseline = compared[0]
        assert against_baseline is not None
        gain = against_baseline.ratio or against_baseline.ci_low or 1.0  # open where runs missed the target
        if best is None or gain > best[0]:
            best = (gain, lane)
    return best[1] if best else None

"""The fitted protocol: which budgets each seed is raced at to find the smallest that reaches the target.

Every run's schedule is fitted to its budget, so a run counts by its end alone, and the time to target of a seed is
that of the smallest budget that reaches it. The budgets form a ladder; few seeds climb all of it (the scan), the
others only as much as brackets their crossing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sooner.racing.plan.ordering import balanced_orders
from sooner.racing.record import RunRecord
from sooner.results.records import SHARE
from sooner.statistics.monotone import monotone

SCAN = 2

Job = tuple[str, str, int]  # lane, budget, seed
Ends = Mapping[int, float]


def name_at(lane: str, budget: str) -> str:
    """The name that the runs of `lane` at `budget` are stored by."""
    return f"{lane}@{budget}"


def agenda(
    lanes: Sequence[str],
    rungs: Sequence[str],
    seeds: Sequence[int],
    records: Sequence[RunRecord],
    target: float,
    *,
    share: float = SHARE,
    scan: int = SCAN,
) -> list[Job]:
    """The runs to be made now, which may all be made at once; ask again when they have ended. Empty when done.

    First the scan: the first `scan` seeds at every rung. Then every other seed starts at the smallest rung where the
    scan found any lane to reach the target, and at the one below, and goes up or down rung by rung until its crossing
    lies between two rungs that it ran, or beyond an end of the ladder. So each run is made where the answer of its
    seed is uncertain, every seed of every lane gets a time, and which runs are made depends on the ended runs alone.

    In noise, where a search starts sways where it ends, for all seeds of a lane alike, where no test on pairs can see
    it. So all lanes start at one rung: between equal lanes a seed's two times are exchangeable, which the test rests
    on. It is the fastest lane's because climbing is cheap: all rungs up to the crossing cost at most twice the two
    around it, at the usual ratio.

    Args:
        lanes: names, without budgets.
        rungs: budgets, ascending; see `ladder`.
        seeds: in the order in which they are spent, the same for all lanes.
        records: ended runs of lanes named as `name_at` does; others are ignored.
        target: of the metric at a run's end. A run that broke off misses.
        share: of the seeds that is to reach the target at the smallest budget, in (0, 1].
        scan: seeds at every rung, at least 1; as many as there are seeds gives intervals at every target.

    Returns:
        (lane, budget, seed), seed by seed, larger budgets first, so that machines that work in parallel end together;
        lanes follow each other at each budget as they do in a pair of a race of one budget, in an order as balanced, so
        that neither drift of a machine nor what a run leaves behind favours one. A race that is taken up goes on in it.

    Raises:
        ValueError: for a share or a scan out of range, or without lanes or rungs.
    """
    if not lanes or not rungs:
        raise ValueError("a fitted race needs at least one lane and one rung")
    if not 0 < share <= 1:
        raise ValueError(f"share must be in (0, 1], not {share}")
    if scan < 1:
        raise ValueError(f"at least one seed must be raced at every rung, not {scan}")
    known = {lane: ends(lane, rungs, records) for lane in lanes}
    begun = {(seed, rung) for by_seed in known.values() for seed, there in by_seed.items() for rung in there}
    places = range(len(rungs))
    missing = {
        (lane, rung, seed)
        for seed in seeds[:scan]
        for lane in lanes
        for rung in places
        if rung not in known[lane].get(seed, {})
    }
    if not missing:
        boundaries = [_boundary([known[lane][seed] for seed in seeds[:scan]], target, share) for lane in lanes]
        start = min((rung for rung in boundaries if rung is not None), default=None)
        missing = {
            (lane, rung, seed)
            for seed in seeds[scan:]
            for lane in lanes
            for rung in _next(known[lane].get(seed, {}), start, len(rungs), target)
        }
    cells = {(seed, rung) for _, rung, seed in missing}
    wanted = [(seed, rung) for seed in seeds for rung in reversed(places) if (seed, rung) in cells]
    ended = len(begun - cells)
    orders = balanced_orders(len(lanes), ended + len(wanted), seeds[0])[ended:]
    return [
        (lanes[place], rungs[rung], seed)
        for (seed, rung), order in zip(wanted, orders, strict=True)
        for place in order
        if (lanes[place], rung, seed) in missing
    ]


def ends(lane: str, rungs: Sequence[str], records: Sequence[RunRecord]) -> dict[int, dict[int, float]]:
    """By seed, then by position on the ladder: the metric at the end of the lane's runs, both ascending.

    It is -inf for a run that broke off or ended without a metric.
    """
    places = {name_at(lane, rung): place for place, rung in enumerate(rungs)}
    reached = {(record.seed, places[record.lane]): _end(record) for record in records if record.lane in places}
    by_seed: dict[int, dict[int, float]] = {}
    for (seed, place), metric in sorted(reached.items()):
        by_seed.setdefault(seed, {})[place] = metric
    return by_seed


def _end(record: RunRecord) -> float:
    if record.stopped is not None or not record.looks or not math.isfinite(record.looks[-1].metric):
        return -math.inf
    return record.looks[-1].metric


def _boundary(seeds: Sequence[Ends], target: float, share: float) -> int | None:
    """The smallest rung that reaches the target in a share of the seeds, each of which ran all rungs."""
    curves = [monotone(list(seed.values())) for seed in seeds]
    for rung in range(len(curves[0])):
        if sum(curve[rung] >= target for curve in curves) >= share * len(curves):
            return rung
    return None


def _next(seed: Ends, start: int | None, rungs: int, target: float) -> list[int]:
    """The rungs that a seed of one lane needs now; none when its crossing is bracketed."""
    first = [rungs - 1] if start is None else [rung for rung in (start - 1, start) if rung >= 0]
    missing = [rung for rung in first if rung not in seed]
    if missing:  # all of them before any other, or a race that was stopped in between would go on differently
        return missing
    reached = [metric >= target for metric in monotone(list(seed.values()))]
    if not any(reached):
        return [rung for rung in (max(seed) + 1,) if rung < rungs]
    if all(reached):
        return [rung for rung in (min(seed) - 1,) if rung >= 0]
    return []

"""From a race's plan and its stored runs to its results."""

from __future__ import annotations

from collections.abc import Sequence

from sooner.racing import stopping
from sooner.racing.agenda import agenda
from sooner.racing.confirming import FRESH
from sooner.racing.controls import opponents
from sooner.racing.fitted import name_at
from sooner.racing.frontier import per_seed
from sooner.racing.lanes import PlannedLane
from sooner.racing.plan import Plan
from sooner.racing.rescoring import rescore
from sooner.racing.results import Lane, Results, Run
from sooner.racing.store import Record, Store
from sooner.racing.timing import climb_of, run_of
from sooner.recipes import Recipe


def score(plan: Plan, store: Store) -> Results:
    """The results of the runs that `store` holds so far; lanes and pairs that are missing are left out of figures."""
    records = store.records()
    own = [record for record in records if record.seed < plan.seed + FRESH]
    fresh = [record for record in records if record.seed >= plan.seed + FRESH]
    hopeless: dict[str, int] = {}
    if plan.rules.until == "decided":
        standing = stopping.standing(plan, own)
        hopeless = {name: standing.stopped[name] for name in standing.hopeless}
    baseline = plan.lanes[0].entry
    results = Results(
        task=plan.task.name,
        target=plan.target,
        metric=plan.task.metric,
        protocol=plan.rules.protocol,
        device=plan.device,
        started=min((record.started for record in records), default=""),
        lanes=[_lane(lane, plan, own, hopeless.get(lane.name)) for lane in plan.lanes],
        comparisons=[],
        complete=not agenda(plan, records),
        model=baseline.model if isinstance(baseline, Recipe) else "",
        pairs=plan.pairs,
        evaluate_every=plan.every,
        machine=store.get("machine") or {},
        versions=store.get("versions") or {},
        data=store.get("data") or {},
        warnings=store.notes(),
        detect=plan.rules.detect if plan.rules.until == "decided" else None,
        rungs=list(plan.rungs),
        share=plan.rules.share,
        price_per_hour=plan.rules.price,
        confirmation={
            name: [run_of(record, plan.target) for record in sorted(fresh, key=_seed) if record.lane == name]
            for name in dict.fromkeys(record.lane for record in fresh)
        },
    )
    leading = {lane.name: _leading(plan, lane) for lane in results.lanes}
    shared = {lane.name: min(leading[name] for name in (lane.name, *lane.opponents)) for lane in results.lanes}
    return rescore(results, levels={name: stopping.level(plan, pairs) for name, pairs in shared.items()})


def _lane(lane: PlannedLane, plan: Plan, records: Sequence[Record], dropped_after: int | None) -> Lane:
    if plan.rules.protocol == "fitted":
        runs = _climbs(lane.name, plan, records)
    else:
        runs = [run_of(record, plan.target) for record in sorted(records, key=_seed) if record.lane == lane.name]
    return Lane(
        name=lane.name,
        role=lane.role,
        recipe=lane.entry.to_dict(),
        runs=runs,
        added_for=", ".join(lane.added_for) or None,
        opponents=[other.name for other in opponents(lane, list(plan.lanes))],
        dropped_after=dropped_after,
    )


def _climbs(lane: str, plan: Plan, records: Sequence[Record]) -> list[Run]:
    names = {name_at(lane, rung) for rung in plan.rungs}
    mine = [record for record in records if record.lane in names]
    climbs = per_seed(lane, plan.rungs, mine, lambda record: run_of(record, plan.target).calibrated_budget_s)
    by_seed = {seed: [record for record in mine if record.seed == seed] for seed in sorted(climbs)}
    return [climb_of(seed, climbs[seed], made, plan.target) for seed, made in by_seed.items()]


def _leading(plan: Plan, lane: Lane) -> int:
    """Pairs that the lane ran without a gap: those that happened to end first are no fair sample."""
    seeds = {run.seed for run in lane.runs}
    return next(pair for pair in range(plan.pairs + 1) if plan.seed + pair not in seeds)


def _seed(record: Record) -> int:
    return record.seed

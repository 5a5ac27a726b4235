"""From the stored runs to the results: crossings, both clocks, comparisons and verdicts."""

from __future__ import annotations

import statistics
from typing import Literal

import numpy as np

from sooner.racing.comparison import compare, curve
from sooner.racing.controls import PlannedLane, opponents
from sooner.racing.crossing import at, first_crossing
from sooner.racing.plan import Plan
from sooner.racing.results import Comparison, Evaluation, Lane, Results, Run
from sooner.racing.store import Record, Store
from sooner.racing.times import Trajectory
from sooner.racing.verdict import verdict

Clocks = Literal["wall", "calibrated"]
_CURVE_POINTS = 100


def score(plan: Plan, store: Store) -> Results:
    """The results of the runs that `store` holds so far; lanes and pairs that are missing are left out of figures."""
    records = store.records()
    by_lane = {lane.name: [record for record in records if record.lane == lane.name] for lane in plan.lanes}
    lanes = []
    for lane in plan.lanes:
        ordered = sorted(by_lane[lane.name], key=lambda record: record.seed)
        runs = [_run(record, plan.target) for record in ordered]
        reason = ", ".join(lane.added_for) or None
        lanes.append(Lane(lane.name, lane.role, lane.recipe.to_dict(), runs, added_for=reason))
    found = {lane.name: lane for lane in lanes}
    comparisons = [
        comparison
        for lane in plan.lanes
        for other in opponents(lane, list(plan.lanes))
        for clock in ("wall", "calibrated")
        if (comparison := _compare(lane, found[lane.name], found[other.name], plan.target, clock)) is not None
    ]
    about_data = store.get("data") or {}
    return Results(
        task=plan.task.name,
        target=plan.target,
        metric=plan.task.metric,
        protocol=plan.protocol,
        device=plan.device,
        started=min((record.started for record in records), default=""),
        lanes=lanes,
        comparisons=comparisons,
        complete=len(records) == len(plan.runs),
        model=plan.lanes[0].recipe.model,
        pairs=plan.pairs,
        evaluate_every=plan.every,
        machine=store.get("machine") or {},
        versions=store.get("versions") or {},
        data=about_data,
        warnings=store.notes(),
    )


def _pace(record: Record) -> float:
    """The run's median seconds per step, over the stretches between its evaluations.

    Each run by its own: a pace that a lane's runs shared would put its error into every pair alike, where no paired
    test can see it, and two lanes with the same steps would always get a verdict.
    """
    paces = [
        (after.seconds - before.seconds) / (after.step - before.step)
        for before, after in zip(record.looks, record.looks[1:], strict=False)
        if after.step > before.step
    ]
    return statistics.median(paces) if paces else 0.0


def _fixed_costs(record: Record) -> float:
    """The run's seconds on the clock before its first step: set-up and selection. What comes later is in its pace."""
    return record.looks[0].seconds if record.looks else record.seconds


def _run(record: Record, target: float) -> Run:
    pace, fixed = _pace(record), _fixed_costs(record)
    metric = [look.metric for look in record.looks]
    evaluations = [
        Evaluation(look.seconds, fixed + pace * look.step, look.step, look.examples, look.metric)
        for look in record.looks
    ]
    position = first_crossing(metric, target, confirm_last=record.stopped is not None)
    hit = not np.isnan(position)

    def there(values: list[float]) -> float | None:
        return float(at(position, values)) if hit else None

    return Run(
        seed=record.seed,
        hit=bool(hit),
        time_to_target_s=there([e.seconds for e in evaluations]),
        calibrated_time_to_target_s=there([e.calibrated_seconds for e in evaluations]),
        steps_to_target=there([e.step for e in evaluations]),
        examples_to_target=there([e.examples for e in evaluations]),
        budget_s=record.seconds,
        calibrated_budget_s=fixed + pace * record.steps,
        final_metric=metric[-1] if metric else None,
        test_metric=record.test_metric,
        phases=record.phases,
        evaluations=evaluations,
        steps=record.steps,
        examples=record.examples,
        flops=record.flops,
        peak_memory_bytes=record.peak_memory_bytes,
        stopped=record.stopped,
    )


def _trajectory(run: Run, clock: Clocks) -> Trajectory:
    if clock == "wall":
        seconds, end = [e.seconds for e in run.evaluations], run.budget_s
    else:
        seconds, end = [e.calibrated_seconds for e in run.evaluations], run.calibrated_budget_s
    # A run that failed before its first step still spent some time; a clock cannot have spent none.
    end = max(end, seconds[-1] if seconds else 0.0, 1e-9)
    return Trajectory(seconds, [e.metric for e in run.evaluations], end, broke_off=run.stopped is not None)


def _compare(planned: PlannedLane, lane: Lane, against: Lane, target: float, clock: Clocks) -> Comparison | None:
    mine = {run.seed: _trajectory(run, clock) for run in lane.runs}
    theirs = {run.seed: _trajectory(run, clock) for run in against.runs}
    seeds = sorted(mine.keys() & theirs.keys())
    if not seeds:
        return None
    one, other = [mine[seed] for seed in seeds], [theirs[seed] for seed in seeds]
    figures = compare([t.time(target) for t in one], [t.time(target) for t in other])
    return Comparison(
        lane=planned.name,
        against=against.name,
        ratio=figures.ratio,
        ci_low=figures.ci_low,
        ci_high=figures.ci_high,
        pairs=figures.pairs,
        p_value=figures.p_value,
        verdict=verdict(figures, against.name),
        hits=figures.hits,
        against_hits=figures.against_hits,
        clock=clock,
        curve=curve(one, other, _targets([*lane.runs, *against.runs])),
    )


def _targets(runs: list[Run]) -> list[float]:
    """Targets from just above the untrained metric to the best one seen, evenly spaced."""
    metrics = [e.metric for run in runs for e in run.evaluations]
    first = [run.evaluations[0].metric for run in runs if run.evaluations]
    if not metrics or max(metrics) <= max(first):
        return []
    return [float(t) for t in np.linspace(max(first), max(metrics), _CURVE_POINTS + 1)[1:]]

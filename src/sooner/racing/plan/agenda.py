"""What runs next: a pure function of a race's plan and the runs that have ended, so that any stop can be resumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sooner.racing.plan import confirming, fitted, stopping, tuning
from sooner.racing.plan.lanes import PlannedLane, PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.record import RunRecord


def agenda(plan: Plan, records: Sequence[RunRecord]) -> list[PlannedRun]:
    """The runs to be made now, in order; all of them may be made at once. Empty when the race is over.

    Ask again when they have ended: what they showed may call for more. First come the trials of a race that is tuned,
    then its own runs, at the rates that the trials chose.
    """
    trials = _missing(tuning.planned(plan), {(record.lane, record.seed) for record in records})
    if trials:
        return trials
    lanes = tuning.tuned(plan, records)
    records = tuning.without_trials(plan, records)
    done = {(record.lane, record.seed) for record in records}
    if plan.rules.protocol == "fitted":
        return _fitted(plan, records, lanes)
    if plan.rules.until == "decided":
        planned = stopping.block(plan, records)
    else:
        planned = plan.runs
    missing = _missing(planned, done)
    if not missing and plan.rules.confirm:
        missing = _missing(confirming.planned(plan, records), done)
    return [replace(run, lane=lanes[run.lane.name]) for run in missing]


def at_most(plan: Plan) -> list[PlannedRun]:
    """All runs that the race might come to, for an estimate of its end; its lanes at the rates of the plan."""
    trials = tuning.planned(plan)
    if plan.rules.protocol == "fitted":
        seeds = range(plan.seed, plan.seed + plan.pairs)
        rungs = [PlannedRun(at_rung(lane, rung), seed) for seed in seeds for lane in plan.lanes for rung in plan.rungs]
        return trials + rungs
    return trials + plan.runs + (confirming.at_most(plan) if plan.rules.confirm else [])


def at_rung(lane: PlannedLane, rung: str) -> PlannedLane:
    """The lane with its schedule fitted to one rung of the ladder, under the name that its runs are stored by."""
    return replace(lane, name=fitted.name_at(lane.name, rung), entry=lane.entry.at(rung))


def _missing(planned: Sequence[PlannedRun], done: set[tuple[str, int]]) -> list[PlannedRun]:
    return [run for run in planned if (run.lane.name, run.seed) not in done]


def _fitted(plan: Plan, records: Sequence[RunRecord], lanes: Mapping[str, PlannedLane]) -> list[PlannedRun]:
    seeds = list(range(plan.seed, plan.seed + plan.pairs))
    missing = fitted.agenda(
        list(lanes), plan.rungs, seeds, records, plan.target, share=plan.rules.share, scan=plan.rules.scan
    )
    return [PlannedRun(at_rung(lanes[lane], rung), seed) for lane, rung, seed in missing]

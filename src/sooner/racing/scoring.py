"""From a race's plan and its stored runs to its results."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sooner.racing import provenance
from sooner.racing.plan import stopping, tuning
from sooner.racing.plan.agenda import agenda
from sooner.racing.plan.confirming import FRESH
from sooner.racing.plan.controls import opponents
from sooner.racing.plan.fitted import ends, name_at
from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.plan.plan import Plan
from sooner.racing.programs import Program
from sooner.racing.record import RunRecord
from sooner.racing.store import Store
from sooner.racing.timing import climb_of, run_of
from sooner.recipes import Recipe
from sooner.results import doubts, steadiness
from sooner.results.notices import Notice, OwnSeconds, SecondsUnused, UnsteadyPace
from sooner.results.records import Evaluation, Lane, Results, Run
from sooner.results.rescoring import rescore


def score(plan: Plan, store: Store) -> Results:
    """The results of the runs that `store` holds so far; lanes and pairs that are missing are left out of figures."""
    ended = store.records()
    tuned, searched = tuning.tuned(plan, ended), tuning.findings(plan, ended)
    records = tuning.without_trials(plan, ended)
    own = [record for record in records if record.seed < plan.seed + FRESH]
    fresh = [record for record in records if record.seed >= plan.seed + FRESH]
    failures = Counter((_name(plan, record.lane), record.seed) for record in store.attempts())
    hopeless: dict[str, int] = {}
    if plan.rules.until == "decided":
        standing = stopping.standing(plan, own)
        hopeless = {name: standing.stopped[name] for name in standing.hopeless}
    lanes = [
        replace(
            _lane(lane, plan, own, hopeless.get(lane.name), failures),
            recipe=tuned[lane.name].entry.to_dict(),
            tuning=searched.get(lane.name),
        )
        for lane in plan.lanes
    ]
    results = Results(
        task=plan.task.name,
        target=plan.target,
        metric=plan.task.metric,
        protocol=plan.rules.protocol,
        device=plan.device,
        started=min((record.started for record in ended), default=""),
        lanes=lanes,
        comparisons=[],
        complete=not agenda(plan, ended),
        model=plan.lanes[0].entry.model,
        pairs=plan.pairs,
        evaluate_every=plan.every,
        machine=store.mapping("machine"),
        versions=store.mapping("versions"),
        data=store.mapping("data"),
        notices=[
            *_newest(store.notes()),
            *provenance.notices(plan, store),
            *_seconds_told(plan, records),
            *steadiness.notices(lanes),
            *doubts.notices(lanes, plan.target),
        ],
        looked=list(plan.looked),
        family=plan.family,
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


def _newest(notices: Sequence[Notice]) -> list[Notice]:
    """Those that hold of all runs: each time a race goes on it looks again how steady the pace of its runs is."""
    unsteady = [notice for notice in notices if isinstance(notice, UnsteadyPace)]
    return [notice for notice in notices if notice not in unsteady[:-1]]


def _name(plan: Plan, stored: str) -> str:
    """The lane whose runs are stored by this name, at one of its budgets under the fitted protocol."""
    return stored.rpartition("@")[0] if plan.rules.protocol == "fitted" else stored


def _lane(
    lane: PlannedLane,
    plan: Plan,
    records: Sequence[RunRecord],
    dropped_after: int | None,
    failures: Mapping[tuple[str, int], int],
) -> Lane:
    if plan.rules.protocol == "fitted":
        runs = _climbs(lane.name, plan, records)
    else:
        runs = [run_of(record, plan.target) for record in sorted(records, key=_seed) if record.lane == lane.name]
    return Lane(
        name=lane.name,
        role=lane.role,
        recipe=lane.entry.to_dict(),
        runs=[replace(run, attempts=1 + failures.get((lane.name, run.seed), 0)) for run in runs],
        added_for=", ".join(lane.added_for) or None,
        opponents=[other.name for other in opponents(lane, list(plan.lanes))],
        dropped_after=dropped_after,
        own_seconds=_own_seconds(lane, plan, records),
        counts_examples=isinstance(lane.entry, Recipe) or _told_examples(lane.name, plan, records),
    )


def _seconds_told(plan: Plan, records: Sequence[RunRecord]) -> list[Notice]:
    """Of the programs that told their own seconds: those that were timed by them, and those that were not."""
    telling = [lane for lane in plan.lanes if _told_seconds(lane, plan, records)]
    used = tuple(lane.name for lane in telling if _own_seconds(lane, plan, records))
    unused = tuple(lane.name for lane in telling if lane.name not in used)
    return [*([OwnSeconds(used)] if used else []), *([SecondsUnused(unused)] if unused else [])]


def _own_seconds(lane: PlannedLane, plan: Plan, records: Sequence[RunRecord]) -> bool:
    return isinstance(lane.entry, Program) and lane.entry.own_seconds and _told_seconds(lane, plan, records)


def _told_seconds(lane: PlannedLane, plan: Plan, records: Sequence[RunRecord]) -> bool:
    names = {lane.name, *(name_at(lane.name, rung) for rung in plan.rungs)}
    return any(record.told_seconds for record in records if record.lane in names)


def _told_examples(lane: str, plan: Plan, records: Sequence[RunRecord]) -> bool:
    """Whether a program or a function told how many examples it trained on: else its steps stand there."""
    names = {lane, *(name_at(lane, rung) for rung in plan.rungs)}
    return any(look.examples != look.step for record in records if record.lane in names for look in record.looks)


def _climbs(lane: str, plan: Plan, records: Sequence[RunRecord]) -> list[Run]:
    names = {name_at(lane, rung) for rung in plan.rungs}
    mine = [record for record in records if record.lane in names]
    climbs = per_seed(lane, plan.rungs, mine)
    by_seed = {seed: [record for record in mine if record.seed == seed] for seed in sorted(climbs)}
    return [climb_of(seed, climbs[seed], made, plan.target) for seed, made in by_seed.items()]


def per_seed(lane: str, rungs: Sequence[str], records: Sequence[RunRecord]) -> dict[int, list[Evaluation]]:
    """The climb of every seed that ran `lane` at some rung, seeds and rungs ascending.

    A run that broke off, or ended without a metric, counts as the worst end that the lane had: a number that can be
    kept and drawn, and a miss at every target that not all of the lane's runs reached. Where no run of the lane came
    to its end, the climbs are empty.

    A larger budget never counts as less spent: where an early end or a noisy machine says so, the smaller budget's
    seconds, steps and examples stand.

    Args:
        lane: name, without a budget.
        rungs: all budgets of the ladder, ascending.
        records: ended runs; those of other lanes are ignored.
    """
    known = ends(lane, rungs, records)
    made = {(record.lane, record.seed): record for record in records}
    worst = min((metric for seed in known.values() for metric in seed.values() if metric > -math.inf), default=None)
    climbs: dict[int, list[Evaluation]] = {seed: [] for seed in known}
    if worst is None:
        return climbs
    for seed, climb in climbs.items():
        for place, metric in known[seed].items():
            record = made[name_at(lane, rungs[place]), seed]
            spent = (record.seconds, record.steps, record.examples)
            here = Evaluation(*spent, metric=max(metric, worst), budget=rungs[place])
            climb.append(_not_below(here, climb[-1]) if climb else here)
    return climbs


def _not_below(here: Evaluation, before: Evaluation) -> Evaluation:
    return replace(
        here,
        seconds=max(here.seconds, before.seconds),
        step=max(here.step, before.step),
        examples=max(here.examples, before.examples),
    )


def _leading(plan: Plan, lane: Lane) -> int:
    """Pairs that the lane ran without a gap: those that happened to end first are no fair sample."""
    seeds = {run.seed for run in lane.runs}
    return next(pair for pair in range(plan.pairs + 1) if plan.seed + pair not in seeds)


def _seed(record: RunRecord) -> int:
    return record.seed

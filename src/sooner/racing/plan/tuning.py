"""Equal tuning: trials of several learning rates of every lane, before the race and on seeds that it does not use.

The trials are runs like any other, in the race's own store, so a race that is stopped among them goes on with what is
missing. When all have ended, the race's lanes are those of the plan at the rates that their trials chose. The plan
keeps these from then on, as runs rest on them.

Trials are compared by the examples to the target. A lane's rates have steps of one cost, or nearly, so within a lane
that is what seconds would say, without the noise of the machine: two trials of one rate may lie minutes apart, and are
no pair. So the same trials choose the same rates on every machine, however busy.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sooner.racing.plan.fitted import name_at
from sooner.racing.plan.lanes import PlannedLane, PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.plan.rates import at_rate, grids, rate_of
from sooner.racing.record import RunRecord
from sooner.racing.timing import run_of
from sooner.results.records import Run
from sooner.results.trajectories import trajectory
from sooner.results.tuning import Trial, Tuning
from sooner.statistics.selection import select
from sooner.statistics.times import Time, expected_running_time

_RATE = "lr="  # before the rate in the names of trials
SEARCH = 2_000_000  # from the race's first seed to the first of its trials


@dataclass(frozen=True)
class _Search:
    """The trials of one lane: a lane for each rate, `own` says which of them are made for it and no other."""

    lane: PlannedLane
    rates: tuple[float, ...]
    trials: tuple[PlannedLane, ...]
    own: frozenset[str]


def is_trial(plan: Plan, run: RunRecord | PlannedRun) -> bool:
    """Whether the run searches a rate, and is no part of what the race compares."""
    return plan.rules.tune and run.seed >= plan.seed + SEARCH


def without_trials(plan: Plan, records: Sequence[RunRecord]) -> list[RunRecord]:
    """The runs that the race compares, the confirmation's among them."""
    return [record for record in records if not is_trial(plan, record)]


def lane_of(trial: str) -> str:
    """The name of the lane that a trial was made for, by the name that it is stored under."""
    return trial.rpartition(f"@{_RATE}")[0]


def planned(plan: Plan) -> list[PlannedRun]:
    """All trials, in order, which has no part in what they find; none of a race that is not tuned."""
    lanes = {trial.name: trial for search in _searches(plan) for trial in search.trials}
    seeds = range(plan.seed + SEARCH, plan.seed + SEARCH + plan.rules.tune_seeds)
    return [PlannedRun(lane, seed) for seed in seeds for lane in lanes.values()]


def trial_of(lane: PlannedLane, trial: str, rungs: Sequence[str]) -> PlannedLane | None:
    """The lane as that trial of it runs; None for another's, or no trial at all."""
    if not trial.startswith(start := f"{lane.name}@{_RATE}"):
        return None
    return replace(at_rate(_at_greatest(lane, rungs), float(trial.removeprefix(start))), name=trial)


def tuned(plan: Plan, records: Sequence[RunRecord]) -> dict[str, PlannedLane]:
    """By name the lanes as they race: at the rates that their trials chose, as planned where trials are missing."""
    chosen = {name: found.chosen for name, found in findings(plan, records).items()}
    return {lane.name: lane if (rate := chosen.get(lane.name)) is None else at_rate(lane, rate) for lane in plan.lanes}


def settled(plan: Plan, records: Sequence[RunRecord]) -> Plan:
    """The plan with the rates that the trials chose, once all have ended: what they are does not change any more."""
    if plan.rates:
        return plan
    chosen = {name: found.chosen for name, found in findings(plan, records).items()}
    return replace(plan, rates={name: rate for name, rate in chosen.items() if rate is not None})


def findings(plan: Plan, records: Sequence[RunRecord]) -> dict[str, Tuning]:
    """By lane what its trials found; empty for a race that is not tuned.

    See `select` for the rule, on the clock that counts examples. Under the fitted protocol trials are made at the
    greatest budget and judged by their end, as runs of that protocol are. A trial that broke off has no end; where it
    had not reached the target it counts as long as the longest of its lane, as breaking off early saves nothing.
    """
    searches = _searches(plan)
    made = {(record.lane, record.seed): record for record in records if is_trial(plan, record)}
    seeds = range(plan.seed + SEARCH, plan.seed + SEARCH + plan.rules.tune_seeds)
    complete = all((trial.name, seed) in made for search in searches for trial in search.trials for seed in seeds)
    found = {}
    for search in searches:
        ended = [[made[trial.name, seed] for seed in seeds if (trial.name, seed) in made] for trial in search.trials]
        found[search.lane.name] = _found(plan, search, ended, complete=complete)
    return found


def _found(plan: Plan, search: _Search, ended: Sequence[Sequence[RunRecord]], *, complete: bool) -> Tuning:
    runs = [[run_of(record, plan.target) for record in records] for records in ended]
    ends = [[_end(run) for run in of_rate] for of_rate in runs]
    by_end = plan.rules.protocol == "fitted"
    whole = max((run.examples for of_rate in runs for run in of_rate), default=0)
    times = [[_time(run, plan.target, whole, by_end=by_end) for run in of_rate] for of_rate in runs]
    chosen = select(times, ends, by="metric" if by_end else "reached") if complete else None
    own = [record for records in ended for record in records if record.lane in search.own]
    return Tuning(
        own=rate_of(search.lane),
        chosen=plan.rates.get(search.lane.name, None if chosen is None else search.rates[chosen.place]),
        trials=[
            Trial(
                rate=rate,
                runs=len(records),
                hits=sum(not time.censored for time in times[place]),
                examples=expected_running_time(times[place]),
                metric=sum(ends[place]) / len(records) if records and all(map(math.isfinite, ends[place])) else None,
                near=chosen is not None and place in chosen.near,
            )
            for place, (rate, records) in enumerate(zip(search.rates, ended, strict=True))
        ],
        seeds=plan.rules.tune_seeds,
        by=chosen.by if chosen else "metric" if by_end else "reached",
        apart=chosen.apart if chosen else None,
        runs=len(own),
        seconds=sum(max(record.seconds, sum(record.phases.values())) for record in own),
    )


def _time(run: Run, target: float, whole: int, *, by_end: bool) -> Time:
    time = Time(run.examples, censored=_end(run) < target) if by_end else trajectory(run, "examples").time(target)
    return Time(whole, censored=True) if time.censored and run.stopped is not None else time


def _end(run: Run) -> float:
    metric = run.final_metric
    return metric if run.stopped is None and metric is not None and math.isfinite(metric) else -math.inf


def _searches(plan: Plan) -> list[_Search]:
    """What each lane is tried at; trials of lanes that would train alike are made once, under the first one's name."""
    if not plan.rules.tune:
        return []
    rates = grids(plan.lanes, plan.rules.tune_rates)
    alike: dict[str, PlannedLane] = {}
    searches = []
    for lane in plan.lanes:
        at_greatest = _at_greatest(lane, plan.rungs)
        named = [
            replace(at_rate(at_greatest, rate), name=name_at(lane.name, f"{_RATE}{rate:.12g}"))
            for rate in rates[lane.name]
        ]
        trials = tuple(alike.setdefault(_training(trial), trial) for trial in named)
        own = frozenset(trial.name for trial in named if trial in trials)
        searches.append(_Search(lane, rates[lane.name], trials, own))
    return searches


def _at_greatest(lane: PlannedLane, rungs: Sequence[str]) -> PlannedLane:
    return replace(lane, entry=lane.entry.at(rungs[-1])) if rungs else lane


def _training(lane: PlannedLane) -> str:
    """All of its recipe that changes how it trains."""
    return json.dumps({**lane.recipe.to_dict(), "name": "", "summary": ""}, sort_keys=True)

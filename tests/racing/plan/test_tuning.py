"""The trials of a race that is tuned, and what it races then."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from sooner.racing.plan.agenda import agenda, at_most
from sooner.racing.plan.confirming import FRESH
from sooner.racing.plan.lanes import PlannedLane, PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.plan.tuning import SEARCH, findings, is_trial, lane_of, planned, trial_of, tuned, without_trials
from sooner.racing.record import RunRecord
from tests.racing.made import plan, recipe, record, steady

BEST = {"baseline": 0.1, "fast": 0.025}  # the rates at which these lanes, written with 0.05, are fastest


def rate(run: PlannedRun) -> float:
    return float(run.lane.recipe.optimizer.options["lr"])


def made(run: PlannedRun) -> RunRecord:
    """A run that takes the longer, the further its rate is from its lane's best; "fast" takes half as long."""
    lane = lane_of(run.lane.name) or run.lane.name.partition("@")[0]
    off = abs(math.log2(rate(run) / BEST[lane]))
    seconds = (1 + 0.3 * off) * (5.0 if lane == "fast" else 10.0) * (1 + 0.01 * (run.seed % 7))
    return steady(record(run.lane.name, run.seed, seconds))


def raced(race: Plan, most: int = 10_000) -> list[RunRecord]:
    """The records of the race, made one at a time, each after asking what is next."""
    records: list[RunRecord] = []
    while len(records) < most and (missing := agenda(race, records)):
        records.append(made(missing[0]))
    return records


def names(runs: Sequence[PlannedRun]) -> list[tuple[str, int]]:
    return [(run.lane.name, run.seed) for run in runs]


def test_every_lane_is_tried_as_often_before_the_race_on_seeds_that_it_does_not_use() -> None:
    race = plan("fast", tune=True)
    trials = agenda(race, [])
    assert trials == planned(race)
    assert len(trials) == 2 * 5 * 2
    for lane in ("baseline", "fast"):
        mine = [run for run in trials if lane_of(run.lane.name) == lane]
        assert sorted({rate(run) for run in mine}) == [0.0125, 0.025, 0.05, 0.1, 0.2]
        assert {run.seed for run in mine} == {SEARCH, SEARCH + 1}
        assert {run.lane.name for run in mine} == {f"{lane}@lr={rate(run):g}" for run in mine}
    assert [run.seed for run in trials] == sorted(run.seed for run in trials)
    assert at_most(race) == trials + race.runs


def test_the_race_is_run_at_the_rates_that_the_trials_chose() -> None:
    race = plan("fast", tune=True)
    records = raced(race)
    assert not agenda(race, records)
    assert len(records) == 20 + 12
    for before, after in pairwise(records):
        assert is_trial(race, before) or not is_trial(race, after)
    trials = [record for record in records if is_trial(race, record)]
    first = agenda(race, trials)
    assert names(first) == names(race.runs)
    assert {run.lane.name: rate(run) for run in first} == BEST
    assert {name: lane.recipe.optimizer.options["lr"] for name, lane in tuned(race, records).items()} == BEST
    found = findings(race, records)
    assert {name: each.chosen for name, each in found.items()} == BEST
    assert {each.own for each in found.values()} == {0.05}
    assert [trial.hits for trial in found["fast"].trials] == [2] * 5
    assert found["fast"].runs == 10
    assert found["fast"].seconds == pytest.approx(sum(r.seconds for r in trials if r.lane.startswith("fast@")))


def test_a_race_killed_at_any_moment_goes_on_as_if_it_had_not_been() -> None:
    race = plan("fast", tune=True)
    whole = raced(race)
    for ended in range(len(whole) + 1):
        missing = agenda(race, whole[:ended])
        assert (missing[0].lane.name, missing[0].seed) == (whole[ended].lane, whole[ended].seed) if missing else True
        assert bool(missing) == (ended < len(whole))
        assert [made(run) for run in missing] == whole[ended : ended + len(missing)]
    # Where trials ended in another order, as on a cluster, the same rates are chosen.
    trials = whole[:20]
    assert tuned(race, trials[::-1]) == tuned(race, trials)


def test_until_trials_are_missing_lanes_are_as_planned() -> None:
    race = plan("fast", tune=True)
    records = raced(race, 19)
    assert list(tuned(race, records).values()) == list(race.lanes)
    assert {each.chosen for each in findings(race, records).values()} == {None}
    assert sum(trial.runs for each in findings(race, records).values() for trial in each.trials) == 19


def test_what_is_not_tuned_has_no_trials() -> None:
    race = plan("fast")
    assert planned(race) == []
    assert findings(race, []) == {}
    assert not is_trial(race, record("fast", SEARCH, 1.0))
    assert tuned(race, []) == {lane.name: lane for lane in race.lanes}


def test_a_race_until_decided_and_its_confirmation_are_run_at_the_tuned_rates() -> None:
    race = plan("fast", pairs=12, until="decided", confirm=True, tune=True)
    records: list[RunRecord] = []
    while missing := agenda(race, records):
        records += map(made, missing)
    after = without_trials(race, records)
    assert {record.seed >= FRESH for record in after} == {True, False}
    assert all(record.seed < SEARCH for record in after)
    for each in after:
        assert each.seconds < 11  # at the planned rate of 0.05 the baseline takes 13
    shown = agenda(race, [each for each in records if each.seed < FRESH or is_trial(race, each)])
    assert {run.lane.name: rate(run) for run in shown} == BEST


def test_a_fitted_race_is_tuned_at_the_greatest_budget_by_the_end() -> None:
    race = plan("fast", rungs=("1ep", "2ep"), protocol="fitted", pairs=2, tune=True)
    trials = agenda(race, [])
    assert {run.lane.recipe.budget for run in trials} == {"2ep"}
    # The quickest to the target ends lower than another.
    records = [
        record(run.lane.name, run.seed, 1.0, metric=0.95)
        if rate(run) == 0.2
        else record(run.lane.name, run.seed, 9.0, metric=0.99 if rate(run) == 0.1 else 0.92)
        for run in trials
    ]
    found = findings(race, records)
    assert {(each.chosen, each.by) for each in found.values()} == {(0.1, "metric")}
    assert {(run.lane.recipe.budget, rate(run)) for run in agenda(race, records)} == {("1ep", 0.1), ("2ep", 0.1)}


def test_lanes_that_would_train_alike_share_their_trials_and_come_out_alike() -> None:
    written = {"name": "sgd", "lr": 0.4, "momentum": 0.9, "weight_decay": 5e-4, "nesterov": True}
    lanes = (
        PlannedLane("baseline", "baseline", recipe("baseline", optimizer=written)),
        PlannedLane("better", "lane", recipe("better", optimizer={**written, "lr": 0.05})),
    )
    race = replace(plan(tune=True), lanes=lanes)
    trials = planned(race)
    assert {lane_of(run.lane.name) for run in trials} == {"baseline"}
    assert len(trials) == 8 * 2
    records = [made(run) for run in trials]
    found = findings(race, records)
    assert found["better"].chosen == found["baseline"].chosen == 0.1
    assert found["better"].trials == found["baseline"].trials
    assert (found["baseline"].runs, found["better"].runs, found["better"].seconds) == (16, 0, 0)
    one, other = (lane.recipe.to_dict() for lane in tuned(race, records).values())
    assert {**one, "name": ""} == {**other, "name": ""}


def test_a_trial_that_broke_off_is_no_reason_to_take_its_rate() -> None:
    race = plan(tune=True)
    records = [
        record(run.lane.name, run.seed, 0.5, metric=0.99, stopped="the loss became nan at step 3")
        if rate(run) == 0.2
        else made(run)
        for run in planned(race)
    ]
    (found,) = findings(race, records).values()
    assert found.chosen == 0.1
    assert found.trials[-1].metric is None


def test_a_trial_that_breaks_off_early_saves_nothing_by_it() -> None:
    race = plan(tune=True)

    def trial(run: PlannedRun) -> RunRecord:
        if rate(run) != 0.2:  # two hits at 10,000 examples and more
            return made(run)
        if run.seed == SEARCH:
            return steady(record(run.lane.name, run.seed, 9.0))
        return steady(record(run.lane.name, run.seed, 0.1, metric=0.1, stopped="the loss became nan at step 3"))

    (found,) = findings(race, [trial(run) for run in planned(race)]).values()
    assert found.trials[-1].hits == 1
    assert found.trials[-1].examples is not None
    assert found.trials[-1].examples > 9_000 + 15_000  # as long as the slowest rate's
    assert found.chosen == 0.1


def test_a_trial_is_known_by_its_name() -> None:
    race = plan("fast", tune=True)
    for run in planned(race):
        lane = next(lane for lane in race.lanes if lane.name == lane_of(run.lane.name))
        assert trial_of(lane, run.lane.name, ()) == run.lane
    assert trial_of(race.lanes[0], "fast@lr=0.1", ()) is None
    assert trial_of(race.lanes[0], "baseline@2ep", ()) is None


def test_a_busy_machine_has_no_part_in_the_choice() -> None:
    race = plan("fast", tune=True)
    quiet = [made(run) for run in planned(race)]
    busy = [
        replace(
            each,
            seconds=each.seconds * (1 + 9 * (place % 3)),
            looks=[replace(look, seconds=look.seconds * (1 + 9 * (place % 3))) for look in each.looks],
        )
        for place, each in enumerate(quiet)
    ]
    assert tuned(race, busy) == tuned(race, quiet)
    assert sum(each.seconds for each in findings(race, busy).values()) > sum(each.seconds for each in quiet)

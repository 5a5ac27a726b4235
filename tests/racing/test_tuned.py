"""Races whose learning rates are searched first: run, stopped, amended and scored."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sooner.racing import race as racing
from sooner.racing.amending import Amendment, amend
from sooner.racing.plan.agenda import agenda
from sooner.racing.plan.confirming import FRESH
from sooner.racing.plan.lanes import PlannedLane, PlannedRun
from sooner.racing.plan.plan import Plan
from sooner.racing.plan.rules import Rules
from sooner.racing.plan.tuning import SEARCH, is_trial, lane_of, tuned
from sooner.racing.record import RunRecord
from sooner.racing.store import Store
from sooner.recipes import Recipe
from sooner.results.kinds import between, kind, taken_out
from sooner.results.records import Results
from sooner.results.verdict import Finding
from sooner.tasks import Data
from tests.racing.conftest import Silent, go
from tests.racing.made import plan, recipe, record, steady
from tests.racing.test_race import substance

MakeRace = Callable[..., tuple[Path, Plan]]
TUNED = Rules(tune=True, tune_rates=3, tune_seeds=1)


def rate(entry: Recipe) -> float:
    return float(entry.optimizer.options["lr"])


def scored(folder: Path, race: Plan, seconds: Callable[[PlannedRun], float]) -> Results:
    """The race run to its end, each run reaching the target after these seconds."""
    racing.start(folder, race)
    store, records = Store(folder), list[RunRecord]()
    while missing := agenda(race, records):
        records += [
            steady(record(run.lane.name, run.seed, seconds(run) * (1 + 0.01 * (run.seed % 7)))) for run in missing
        ]
    for each in records:
        store.add(each)
    store.close()
    return racing.results(folder)


def away(run: PlannedRun, best: float) -> float:
    """How much longer a run takes than at its best rate."""
    ratio = rate(run.lane.recipe) / best
    return max(ratio, 1 / ratio) ** 0.5


def test_a_race_tries_rates_and_then_races_at_the_best(make_race: MakeRace, digits: Data) -> None:
    folder, planned = make_race(rules=TUNED, budget="1ep")
    watcher = Silent()
    go(folder, digits, watcher)
    searched, raced = watcher.started[:9], watcher.started[9:]
    assert {(lane_of(name), seed) for name, seed in searched} == {(lane.name, SEARCH) for lane in planned.lanes}
    assert sorted(raced) == sorted((lane.name, seed) for lane in planned.lanes for seed in (0, 1))
    found = racing.results(folder)
    assert found.complete
    for lane in found.lanes:
        assert lane.tuning is not None
        assert lane.recipe["optimizer"]["lr"] == lane.tuning.chosen
        assert [trial.rate for trial in lane.tuning.trials] == [0.0125, 0.025, 0.05]
        assert [run.seed for run in lane.runs] == [0, 1]
    assert Results.from_json(found.to_json()) == found
    kept = racing.load_plan(folder)
    assert kept.rates == {lane.name: lane.recipe["optimizer"]["lr"] for lane in found.lanes}
    # Runs rest on these, whatever a later version would choose by the same trials.
    other = {name: {0.0125: 0.025, 0.025: 0.05, 0.05: 0.0125}[chosen] for name, chosen in kept.rates.items()}
    records = racing.finished(folder)
    assert {name: rate(lane.recipe) for name, lane in tuned(replace(kept, rates=other), records).items()} == other


def test_a_race_stopped_among_its_trials_goes_on_to_the_same_end(make_race: MakeRace, digits: Data) -> None:
    fields: dict[str, Any] = {"rules": TUNED, "budget": "640ex"}
    whole, _ = make_race("whole", **fields)
    go(whole, digits, Silent())
    broken, _ = make_race("broken", **fields)
    for steps in (5, 11, 9, 7):

        def press(left: list[int] = [steps]) -> None:  # noqa: B006  one counter per round of the loop
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGINT)

        with pytest.raises(KeyboardInterrupt):
            go(broken, digits, Silent(press), save_every=0.0)
        stopped = racing.results(broken)
        assert not stopped.complete
        assert not any(lane.runs for lane in stopped.lanes)
    go(broken, digits, Silent())
    ended, same = racing.results(broken), racing.results(whole)
    assert [lane.recipe for lane in ended.lanes] == [lane.recipe for lane in same.lanes]
    assert substance(ended) == substance(same)
    made = [(each.lane, each.seed, each.looks[-1].metric) for each in racing.finished(broken)]
    assert made == [(each.lane, each.seed, each.looks[-1].metric) for each in racing.finished(whole)]


def test_no_trial_is_in_a_figure_of_the_race(tmp_path: Path) -> None:
    race = plan("fast", tune=True, confirm=True)
    found = scored(tmp_path / "r", race, lambda run: away(run, 0.1) * (5 if run.lane.name.startswith("fast") else 10))
    assert found.complete
    assert {run.seed for lane in found.lanes for run in lane.runs} == set(range(6))
    assert {run.seed for runs in found.confirmation.values() for run in runs} == set(range(FRESH, FRESH + 6))
    assert set(found.confirmation) == {"baseline", "fast"}
    (wall, fresh) = [c for c in found.comparisons if c.clock == "wall"]
    assert (wall.pairs, fresh.pairs) == (6, 6)
    assert wall.ratio == pytest.approx(2.0)  # both at 0.1
    assert wall.finding is Finding.FASTER


def test_a_recipe_that_is_the_baseline_at_a_better_rate_gains_nothing(tmp_path: Path) -> None:
    sgd = recipe("baseline").to_dict()["optimizer"]
    lanes = (
        PlannedLane("baseline", "baseline", recipe("baseline", optimizer={**sgd, "lr": 0.4})),
        PlannedLane("better", "lane", recipe("better", optimizer={**sgd, "lr": 0.05})),
    )
    found = scored(tmp_path / "t", replace(plan(tune=True), lanes=lanes), lambda run: 10 * away(run, 0.05))
    (wall,) = [c for c in found.comparisons if c.clock == "wall"]
    assert wall.finding is Finding.NO_DIFFERENCE
    untuned = scored(tmp_path / "u", replace(plan(), lanes=lanes), lambda run: 10 * away(run, 0.05))
    (wall,) = [c for c in untuned.comparisons if c.clock == "wall"]
    assert wall.finding is Finding.FASTER


def test_what_lanes_are_to_each_other_does_not_depend_on_their_rates(tmp_path: Path) -> None:
    short = PlannedLane("baseline@6ep", "control", recipe("baseline@6ep", budget="6ep"), ("ema",))
    ema = PlannedLane("ema", "lane", recipe("ema", budget="6ep", averaging="ema"))
    race = plan(tune=True)
    race = replace(race, lanes=(race.lanes[0], ema, short))
    best = {"baseline": 0.1, "ema": 0.05, "baseline@6ep": 0.025}

    def seconds(run: PlannedRun) -> float:
        lane = lane_of(run.lane.name) or run.lane.name
        return away(run, best[lane]) * (5 if lane == "ema" else 10)

    found = scored(tmp_path / "r", race, seconds)
    baseline, lane, control = found.lanes
    assert [each.recipe["optimizer"]["lr"] for each in found.lanes] == list(best.values())
    assert kind(found.lanes, control) == "fitted"
    assert lane.opponents == ["baseline", "baseline@6ep"]
    assert [change.method for change in between(lane, control)] == ["ema"]
    assert taken_out(lane, control, baseline) == ("ema",)
    assert [change.field for change in between(lane, baseline)] == ["budget", "averaging"]


def test_a_rate_at_the_end_of_what_was_tried_is_a_difference(tmp_path: Path) -> None:
    race = plan("fast", tune=True)
    best = {"baseline": 0.8, "fast": 0.05}
    found = scored(tmp_path / "r", race, lambda run: away(run, best[lane_of(run.lane.name) or run.lane.name]))
    baseline, lane = found.lanes
    assert baseline.tuning is not None
    assert (baseline.tuning.chosen, baseline.tuning.edge) == (0.2, "highest")
    assert [change.option for change in between(lane, baseline)] == ["lr", "label_smoothing"]
    assert [change.option for change in between(baseline, lane)] == ["label_smoothing"]


def test_failed_trials_are_repeated_until_a_run_rests_on_what_they_chose(tmp_path: Path) -> None:
    race = plan("fast", tune=True, pairs=2)
    folder = tmp_path / "r"
    racing.start(folder, race)
    store = Store(folder)
    trials = [record(run.lane.name, run.seed, 5.0) for run in agenda(race, [])]
    crashed = replace(trials[3], stopped="ValueError: no")
    for each in [*trials[:3], crashed, *trials[4:]]:
        store.add(each)
    store.close()
    assert amend(folder, Amendment(retry="failed"), {}).repeat == (crashed,)
    assert [(run.lane.name, run.seed) for run in agenda(race, racing.finished(folder))] == [
        (crashed.lane, crashed.seed)
    ]
    store = Store(folder)
    store.add(crashed)
    first = agenda(race, store.records())[0]
    lost = replace(record(first.lane.name, first.seed, 5.0), stopped="ValueError: no")
    store.add(lost)
    store.close()
    assert amend(folder, Amendment(retry="failed"), {}).repeat == (lost,)
    assert sum(is_trial(race, each) for each in racing.finished(folder)) == len(trials)


def test_pairs_are_added_at_the_same_rates(tmp_path: Path) -> None:
    race = plan("fast", tune=True)
    found = scored(tmp_path / "r", race, lambda run: away(run, 0.1))
    more = amend(tmp_path / "r", Amendment(pairs=8), {}).plan
    missing = agenda(more, racing.finished(tmp_path / "r"))
    assert {run.seed for run in missing} == {6, 7}
    assert {rate(run.lane.recipe) for run in missing} == {0.1}
    assert [lane.recipe for lane in racing.results(tmp_path / "r").lanes] == [lane.recipe for lane in found.lanes]
    assert more.looked == (6,)

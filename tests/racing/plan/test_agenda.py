from pathlib import Path

import pytest

from sooner.budget import Budget
from sooner.racing import race as racing
from sooner.racing.plan.agenda import agenda, at_most
from sooner.racing.plan.plan import Plan
from sooner.racing.record import RunRecord
from sooner.racing.store import Store
from sooner.results.records import Results
from sooner.results.verdict import Finding
from tests.racing.made import plan, record

RUNGS = ("1ep", "2ep", "4ep", "8ep")


def end(lane: str, budget: str, seed: int) -> RunRecord:
    """A run that costs its budget in seconds; twice the baseline's budget buys what "fast" has."""
    spent = Budget.parse(budget).amount
    worth = spent * (2 if lane == "fast" else 1)
    return record(f"{lane}@{budget}", seed, spent, metric=1 - 0.3 / worth - 0.001 * (seed % 3))


def raced(race: Plan) -> list[RunRecord]:
    records: list[RunRecord] = []
    while planned := agenda(race, records):
        records += [end(run.lane.name.split("@")[0], run.lane.entry.budget or "", run.seed) for run in planned]
    return records


def scored(folder: Path, race: Plan, records: list[RunRecord]) -> Results:
    racing.start(folder, race)
    store = Store(folder)
    for each in records:
        store.add(each)
    store.close()
    return racing.results(folder)


def test_a_race_of_fixed_pairs_asks_for_what_is_missing_in_its_order() -> None:
    race = plan("fast", pairs=3)
    assert agenda(race, []) == race.runs
    done = [record(run.lane.name, run.seed, 1.0) for run in race.runs[:4]]
    assert agenda(race, done) == race.runs[4:]
    assert not agenda(race, [record(run.lane.name, run.seed, 1.0) for run in race.runs])


def test_each_run_of_a_fitted_race_has_its_schedule_fitted_to_its_budget() -> None:
    race = plan("fast", rungs=RUNGS, protocol="fitted", pairs=6)
    planned = agenda(race, [])
    assert {run.lane.name for run in planned} == {f"{lane}@{rung}" for lane in ("baseline", "fast") for rung in RUNGS}
    assert all(run.lane.recipe.budget == run.lane.name.split("@")[1] for run in planned)
    assert len(at_most(race)) == 2 * 4 * 6


def test_a_fitted_race_finds_the_smallest_budget_and_spends_less_than_every_run(tmp_path: Path) -> None:
    race = plan("fast", rungs=RUNGS, protocol="fitted", pairs=6)
    records = raced(race)
    assert len(records) < len(at_most(race))
    found = scored(tmp_path / "r", race, records)
    assert found.complete
    assert found.protocol == "fitted"
    # 1 - 0.3 / worth - 0.001 or so is 0.9 or more from a worth of 4 on.
    assert [lane.smallest_budget for lane in found.lanes] == ["4ep", "2ep"]
    assert [rung.budget for rung in found.lanes[0].rungs] == list(RUNGS)
    (wall,) = [c for c in found.comparisons if c.clock == "wall"]
    assert wall.pairs == 6
    assert wall.ratio == pytest.approx(2.0, rel=0.05)
    assert wall.finding is Finding.FASTER
    assert Results.from_json(found.to_json()) == found


def test_a_run_that_broke_off_is_a_miss_at_its_rung(tmp_path: Path) -> None:
    race = plan("fast", rungs=RUNGS, protocol="fitted", pairs=2)
    records = [
        record(each.lane, each.seed, each.seconds, metric=0.99, stopped="the loss became nan")
        if each.lane == "baseline@8ep"
        else each
        for each in raced(race)
    ]
    found = scored(tmp_path / "r", race, records)
    (top,) = [rung for rung in found.lanes[0].rungs if rung.budget == "8ep"]
    assert top.hits == 0

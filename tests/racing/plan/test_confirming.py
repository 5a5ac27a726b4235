from sooner.racing.plan.agenda import agenda
from sooner.racing.plan.confirming import FRESH, winner
from sooner.racing.record import RunRecord
from tests.racing.made import plan, record

SECONDS = {"baseline": 10.0, "fast": 5.0, "faster": 4.0, "slow": 12.0}


def runs(*lanes: str, pairs: int = 6) -> list[RunRecord]:
    return [record(lane, seed, SECONDS[lane] * (1 + 0.01 * seed)) for seed in range(pairs) for lane in lanes]


def test_the_fastest_winner_and_the_baseline_run_again_on_fresh_seeds() -> None:
    race = plan("fast", "faster", "slow", confirm=True, pairs=8)  # three lanes share the 5%
    records = runs("baseline", "fast", "faster", "slow", pairs=8)
    found = winner(race, records)
    assert found is not None
    assert found.name == "faster"
    planned = agenda(race, records)
    assert {run.lane.name for run in planned} == {"baseline", "faster"}
    assert {run.seed for run in planned} == set(range(FRESH, FRESH + 8))
    assert len(planned) == 16
    # What the confirmation shows changes nothing about who won.
    records += [record(run.lane.name, run.seed, 100.0 if run.lane.name == "faster" else 1.0) for run in planned]
    assert winner(race, records) == found
    assert not agenda(race, records)


def test_without_a_winner_there_is_nothing_to_confirm() -> None:
    assert not agenda(plan("slow", confirm=True), runs("baseline", "slow"))


def test_without_being_asked_nothing_is_confirmed() -> None:
    assert not agenda(plan("fast"), runs("baseline", "fast"))

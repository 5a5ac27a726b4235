import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from sooner.errors import RecipeError
from sooner.racing.plan.agenda import agenda
from sooner.racing.plan.confirming import winner
from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.plan.plan import Plan
from sooner.racing.plan.stopping import level, standing
from sooner.racing.record import RunRecord
from sooner.statistics import sequential
from sooner.training.evaluation import Evaluation
from tests.racing.made import plan, recipe, record, smoothed


def played(race: Plan, seconds: Callable[[str, int], float]) -> list[RunRecord]:
    """The records of a race whose every run takes what `seconds` says of its lane and seed."""
    records: list[RunRecord] = []
    while planned := agenda(race, records):
        records += [record(run.lane.name, run.seed, seconds(run.lane.name, run.seed)) for run in planned]
    return records


def noise(seed: int) -> float:
    return 1 + 0.02 * ((seed * 7) % 5 - 2)


def test_a_race_ends_as_soon_as_its_verdict_is_in() -> None:
    race = plan("fast", pairs=20, until="decided")
    records = played(race, lambda lane, seed: (5 if lane == "fast" else 10) * noise(seed))
    pairs = len(records) // 2
    assert pairs == sequential.looks(20)[0]
    found = standing(race, records)
    assert found.stopped == {"fast": pairs, "baseline": pairs}
    assert not found.hopeless


def test_a_lane_that_cannot_win_is_stopped_and_the_others_go_on() -> None:
    race = plan("slow", "same", pairs=16, until="decided", detect=0.02)
    # "same" is within noise of the baseline, and the noise is larger than the difference asked for.
    times = {"baseline": lambda s: 10 * noise(s), "slow": lambda s: 20 * noise(s), "same": lambda s: 10 * noise(s + 3)}
    records = played(race, lambda lane, seed: times[lane](seed))
    runs = {name: sum(each.lane == name for each in records) for name in times}
    assert runs["slow"] == sequential.looks(16)[0]
    assert runs["same"] == runs["baseline"] == 16
    found = standing(race, records)
    assert found.hopeless == {"slow"}
    assert found.stopped["slow"] == runs["slow"]


def test_the_race_waits_for_every_run_up_to_a_look() -> None:
    race = plan("fast", pairs=20, until="decided")
    first = sequential.looks(20)[0]
    seconds = {"baseline": 10, "fast": 5}
    records = [record(lane, seed, seconds[lane]) for seed in range(first) for lane in seconds]
    assert [(run.lane.name, run.seed) for run in agenda(race, records[:-1])] == [("fast", first - 1)]
    assert not agenda(race, records)


def test_what_runs_next_does_not_depend_on_the_order_in_which_runs_ended() -> None:
    race = plan("slow", "same", pairs=12, until="decided")
    records = played(race, lambda lane, seed: (20 if lane == "slow" else 10) * noise(seed))
    for cut in (1, 5, len(records) // 2):
        assert agenda(race, records[:cut]) == agenda(race, list(reversed(records[:cut])))


def test_a_race_of_fixed_pairs_claims_95_percent_and_one_until_decided_less_at_each_look() -> None:
    assert level(plan("a"), 6) == (0.05, 1)
    alpha, looks = level(plan("a", pairs=20, until="decided"), 12)
    assert 0 < alpha < 0.05
    assert looks > 1
    assert level(plan("a", pairs=20, until="decided"), 2) == (0.0, 0)


@pytest.mark.parametrize("rules", [{"until": "never"}, {"detect": 0.0}, {"share": 1.5}, {"price": -1.0}])
def test_rules_out_of_range_are_refused(rules: dict[str, object]) -> None:
    with pytest.raises(RecipeError, match=next(iter(rules))):
        plan("a", **rules)


def test_a_lane_whose_verdict_is_in_runs_on_as_long_as_another_is_held_against_it() -> None:
    """As `dynamic-random` does, when it is both a lane and the control of a lane that picks by score."""
    baseline, half = recipe("baseline"), {"budget": "20ep"}
    shorter = recipe("shorter", **half)  # the fitted control of the other one
    other = recipe("other", loss=smoothed(0.1), **half)
    lanes = (
        PlannedLane("baseline", "baseline", baseline),
        PlannedLane("shorter", "lane", shorter),
        PlannedLane("other", "lane", other),
    )
    race = replace(plan("x", pairs=16, until="decided", detect=0.02), lanes=lanes)
    seconds = {"baseline": 20.0, "shorter": 10.0, "other": 10.0}
    shift = {"baseline": 0, "shorter": 0, "other": 3}
    records = played(race, lambda lane, seed: seconds[lane] * noise(seed + shift[lane]))
    runs = {name: sum(each.lane == name for each in records) for name in seconds}
    found = standing(race, records)
    assert found.stopped["shorter"] == sequential.looks(16)[0]
    assert runs["shorter"] == runs["other"] == 16


def test_a_noisy_lane_that_only_touches_the_target_is_stopped_as_one_that_cannot_win() -> None:
    race = plan("touching", pairs=12, until="decided")

    def looked(lane: str, seed: int) -> RunRecord:
        rising = [0.05 * place for place in range(21)]
        # At 0.9 twice in a row after three looks, and below it on the whole.
        wild = random.Random(seed)
        touching = [0.91 if place in (3, 4) else 0.87 + wild.gauss(0, 0.015) for place in range(21)]
        metrics = rising if lane == "baseline" else touching
        pace = noise(seed)
        looks = [Evaluation(pace * at, 10 * at, 640 * at, metric) for at, metric in enumerate(metrics)]
        return replace(record(lane, seed, 20 * pace), looks=looks)

    first = sequential.looks(12)[0]
    records = [looked(lane, seed) for lane in ("baseline", "touching") for seed in range(first)]
    assert standing(race, records).hopeless == {"touching"}
    assert winner(race, records) is None

"""What a fitted race runs next, on hand-made outcomes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sooner.racing.plan.fitted import agenda, ends, name_at
from sooner.racing.plan.ordering import balanced_orders
from sooner.racing.record import RunRecord
from sooner.racing.scoring import per_seed
from sooner.results.budgets import counted
from sooner.statistics.comparison import compare
from sooner.statistics.times import Time, Trajectory
from sooner.training.evaluation import Evaluation

RUNGS = ("1ep", "2ep", "4ep", "8ep", "16ep")
TARGET = 0.5
Outcome = Callable[[str, int, int], float]  # metric of (lane, position on the ladder, seed); -inf breaks off


def made(lane: str, rung: str, seed: int, metric: float, seconds: float = 1.0) -> RunRecord:
    broke_off = metric == -math.inf
    return RunRecord(
        lane=name_at(lane, rung),
        seed=seed,
        started="",
        finished="",
        steps=10,
        examples=100,
        seconds=seconds,
        looks=[Evaluation(0.0, 0, 0, 0.99)]
        if broke_off
        else [Evaluation(0.0, 0, 0, 0.1), Evaluation(seconds, 10, 100, metric)],
        phases={},
        stopped="loss became nan at step 7" if broke_off else None,
    )


def carried_out(wanted: list[tuple[str, str, int]], outcome: Outcome) -> list[RunRecord]:
    return [
        made(lane, rung, seed, outcome(lane, RUNGS.index(rung), seed), float(rung[:-2])) for lane, rung, seed in wanted
    ]


def race(lanes: list[str], seeds: int, outcome: Outcome, **options: float) -> list[list[tuple[str, str, int]]]:
    """What was asked for, call by call."""
    records: list[RunRecord] = []
    calls = []
    while wanted := agenda(lanes, RUNGS, range(seeds), records, TARGET, **options):  # type: ignore[arg-type]
        calls.append(wanted)
        records += carried_out(wanted, outcome)
    return calls


def crossing_at(place: int) -> Outcome:
    return lambda lane, rung, seed: 0.6 if rung >= place else 0.4


def ran(calls: list[list[tuple[str, str, int]]], lane: str, seed: int) -> list[str]:
    there = {rung for call in calls for name, rung, number in call if (name, number) == (lane, seed)}
    return [rung for rung in RUNGS if rung in there]


def test_the_scan_runs_two_seeds_of_every_lane_at_every_rung() -> None:
    first = agenda(["a", "b"], RUNGS, [7, 8, 9], [], TARGET)
    assert sorted(first) == sorted((lane, rung, seed) for lane in "ab" for rung in RUNGS for seed in (7, 8))


@pytest.mark.parametrize("rungs", [4, 5])
def test_lanes_follow_each_other_as_evenly_as_the_pairs_of_a_race(rungs: int) -> None:
    lanes, outcome = list("abcd"), crossing_at(2)
    calls: list[list[tuple[str, str, int]]] = []
    records: list[RunRecord] = []
    while wanted := agenda(lanes, RUNGS[:rungs], range(12), records, TARGET):
        calls.append(wanted)
        records += carried_out(wanted, outcome)
    runs = [run for call in calls for run in call]
    budgets = [runs[start : start + 4] for start in range(0, len(runs), 4)]
    assert all(len({each[1:] for each in budget}) == 1 for budget in budgets)
    orders = [[lanes.index(each[0]) for each in budget] for budget in budgets]
    assert orders == balanced_orders(4, 2 * rungs + 2 * 10, 0)


def test_a_seed_that_climbs_alone_has_its_lanes_in_the_orders_that_come_next() -> None:
    calls = race(["a", "b"], 3, lambda lane, rung, seed: crossing_at(0 if seed < 2 else 9)(lane, rung, seed))
    assert [len(call) for call in calls] == [20, 2, 2, 2, 2, 2]  # the scan, then the third seed rung by rung
    leads = ["ab".index(call[0][0]) for call in calls[1:]]
    assert leads == [order[0] for order in balanced_orders(2, 15, 0)[10:]]


def test_a_race_that_was_stopped_within_a_budget_goes_on_in_the_order_that_it_had() -> None:
    lanes = ["a", "b", "c"]
    whole = agenda(lanes, RUNGS, range(3), [], TARGET)
    for ended in (1, 4, 8):
        assert agenda(lanes, RUNGS, range(3), carried_out(whole[:ended], crossing_at(2)), TARGET) == whole[ended:]


def test_the_other_seeds_run_the_two_rungs_around_the_crossing() -> None:
    calls = race(["a"], 6, crossing_at(3))
    assert len(calls) == 2
    assert [ran(calls, "a", seed) for seed in range(6)] == [list(RUNGS)] * 2 + [["4ep", "8ep"]] * 4


def test_a_seed_that_is_faster_or_slower_than_the_scan_goes_on_until_it_is_bracketed() -> None:
    calls = race(["a"], 4, lambda lane, rung, seed: crossing_at({2: 1, 3: 4}.get(seed, 3))(lane, rung, seed))
    assert ran(calls, "a", 2) == ["1ep", "2ep", "4ep", "8ep"]
    assert ran(calls, "a", 3) == ["4ep", "8ep", "16ep"]


def test_all_lanes_start_where_the_fastest_one_crossed() -> None:
    calls = race(
        ["slow", "fast"], 3, lambda lane, rung, seed: crossing_at(3 if lane == "slow" else 1)(lane, rung, seed)
    )
    assert ran(calls, "fast", 2) == ["1ep", "2ep"]
    assert ran(calls, "slow", 2) == ["1ep", "2ep", "4ep", "8ep"]
    assert sorted(calls[1]) == [("fast", "1ep", 2), ("fast", "2ep", 2), ("slow", "1ep", 2), ("slow", "2ep", 2)]


def test_beyond_an_end_of_the_ladder_one_run_a_seed_is_enough() -> None:
    assert ran(race(["a"], 3, crossing_at(0)), "a", 2) == ["1ep"]
    assert ran(race(["a"], 3, crossing_at(len(RUNGS))), "a", 2) == ["16ep"]


def test_a_run_that_broke_off_misses_whatever_it_had_shown() -> None:
    # The scan crosses at 4ep; seed 2 breaks off there, though its only look was at 0.99.
    calls = race(["a"], 3, lambda *cell: -math.inf if cell[1:] == (2, 2) else crossing_at(2)(*cell))
    assert ran(calls, "a", 2) == ["2ep", "4ep", "8ep"]


def test_a_metric_that_is_no_number_misses() -> None:
    assert ends("a", RUNGS, [made("a", "4ep", 0, math.nan)]) == {0: {2: -math.inf}}


def test_the_end_of_a_run_counts_not_its_best_look() -> None:
    record = made("a", "4ep", 0, 0.4)
    record.looks.insert(1, Evaluation(0.5, 5, 50, 0.9))
    assert ends("a", RUNGS, [record]) == {0: {2: 0.4}}


def test_the_share_moves_where_the_others_start() -> None:
    def outcome(lane: str, rung: int, seed: int) -> float:
        return crossing_at(1 if seed == 0 else 3)(lane, rung, seed)

    # Of two scanned seeds one crosses at 2ep, both at 8ep. Seed 2 crosses at 8ep, too.
    assert ran(race(["a"], 3, outcome, share=0.5), "a", 2) == ["1ep", "2ep", "4ep", "8ep"]
    assert ran(race(["a"], 3, outcome, share=1.0), "a", 2) == ["4ep", "8ep"]


def test_a_scan_of_all_seeds_is_the_full_grid() -> None:
    calls = race(["a", "b"], 3, crossing_at(2), scan=3)
    assert [len(call) for call in calls] == [2 * 3 * len(RUNGS)]


def test_records_of_others_are_passed_over() -> None:
    others = [made("ab", rung, seed, 0.6) for rung in RUNGS for seed in range(2)]
    others.append(made("a", "3ep", 0, 0.6))
    assert agenda(["a"], RUNGS, range(2), others, TARGET) == agenda(["a"], RUNGS, range(2), [], TARGET)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_race_stopped_anywhere_makes_the_runs_of_one_that_was_not(data: st.DataObject) -> None:
    """Every call's runs end in any order and the race is stopped after any of them: the union is the same."""
    table = {
        (lane, rung, seed): data.draw(st.sampled_from([0.3, 0.45, 0.55, 0.7, -math.inf]))
        for lane in "ab"
        for rung in range(len(RUNGS))
        for seed in range(4)
    }
    whole = {run for call in race(["a", "b"], 4, lambda *cell: table[cell]) for run in call}
    records: list[RunRecord] = []
    while wanted := agenda(["a", "b"], RUNGS, range(4), records, TARGET):
        ended = data.draw(st.permutations(wanted))[: data.draw(st.integers(1, len(wanted)))]
        records += carried_out(ended, lambda *cell: table[cell])
        assert len(records) <= len(whole)
    assert {(*record.lane.split("@"), record.seed) for record in records} == whole


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_every_seed_of_every_lane_ends_bracketed(data: st.DataObject) -> None:
    table = {(rung, seed): data.draw(st.floats(0.3, 0.7)) for rung in range(len(RUNGS)) for seed in range(4)}
    calls = race(["a"], 4, lambda lane, rung, seed: table[rung, seed])
    records = carried_out([run for call in calls for run in call], lambda lane, rung, seed: table[rung, seed])
    for climb in per_seed("a", RUNGS, records).values():
        reached = [metric >= TARGET for metric in counted(climb)]
        places = [RUNGS.index(str(each.budget)) for each in climb]
        assert places == list(range(places[0], places[-1] + 1))
        assert not reached[0] or places[0] == 0
        assert reached[-1] or places[-1] == len(RUNGS) - 1


def test_equal_lanes_in_strong_noise_keep_to_five_percent() -> None:
    """150 races of 12 seeds; each rung adds a third of a standard deviation. At 5%, 14 verdicts are exceeded in 1%."""
    draw, verdicts = np.random.default_rng(0), 0
    for _ in range(150):
        noise = draw.normal(0.0, 0.3, (2, len(RUNGS), 12))

        def outcome(lane: str, rung: int, seed: int, noise: np.ndarray = noise) -> float:
            return float(0.1 * rung + 0.3 + noise["ab".index(lane), rung, seed])

        records = carried_out([run for call in race(["a", "b"], 12, outcome) for run in call], outcome)
        found = compare(times("a", records), times("b", records))
        verdicts += found.p_value is not None and found.p_value < 0.05
    assert verdicts <= 14


def times(lane: str, records: list[RunRecord]) -> list[Time]:
    climbs = per_seed(lane, RUNGS, records)
    return [
        Trajectory([each.seconds for each in climb], counted(climb), climb[-1].seconds).time(TARGET)
        for _, climb in sorted(climbs.items())
    ]


def test_impossible_races_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one lane"):
        agenda([], RUNGS, [0], [], TARGET)
    with pytest.raises(ValueError, match="share"):
        agenda(["a"], RUNGS, [0], [], TARGET, share=0)
    with pytest.raises(ValueError, match="every rung"):
        agenda(["a"], RUNGS, [0], [], TARGET, scan=0)

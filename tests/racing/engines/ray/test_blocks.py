from sooner.racing.engines.ray.blocks import Blocks
from sooner.racing.plan.lanes import PlannedRun
from sooner.racing.plan.tuning import is_trial, planned
from tests.racing.made import plan

LANES = plan("a", "b").lanes
CELLS = [PlannedRun(lane, seed) for seed in (5, 6, 7) for lane in LANES]


def names(planned: list[PlannedRun | None]) -> list[tuple[str, int] | None]:
    return [run and (run.lane.name, run.seed) for run in planned]


def test_a_worker_makes_the_runs_of_a_seed_in_their_order_before_those_of_another() -> None:
    blocks = Blocks(CELLS, {})
    taken = [blocks.take(worker, "H200") for worker in ("x", "y", "x", "y", "x", "y", "x", "y")]
    assert names(taken[::2]) == [("baseline", 5), ("a", 5), ("b", 5), ("baseline", 7)]
    assert names(taken[1::2]) == [("baseline", 6), ("a", 6), ("b", 6), None]  # seed 7 belongs to x
    assert len(blocks) == 2


def test_a_lost_workers_block_goes_on_where_it_was_on_the_same_kind_of_machine_only() -> None:
    blocks = Blocks(CELLS[:6], {})
    blocks.take("x", "H200")
    lost = blocks.take("x", "H200")
    assert lost is not None
    blocks.leave("x")
    blocks.give_back(lost)
    assert names([blocks.take("y", "A100")]) == [("baseline", 6)]
    assert names([blocks.take("z", "A100")]) == [None]
    assert blocks.unfinished() == {5: "H200", 6: "A100"}
    assert names([blocks.take("z", "H200"), blocks.take("z", "H200")]) == [("a", 5), ("b", 5)]


def test_runs_whose_times_are_compared_with_none_go_to_any_worker_on_any_machine() -> None:
    race = plan("a", "b", tune=True, tune_seeds=1)
    trials = planned(race)
    blocks = Blocks([*trials, *CELLS], {}, lambda run: is_trial(race, run))
    taken = [blocks.take(worker, kind) for worker, kind in zip(range(15), ["A100", "H200"] * 8, strict=False)]
    assert taken == trials
    lost = taken[3]
    assert lost is not None
    blocks.leave(3)
    blocks.give_back(lost)
    assert blocks.take(16, "A100") == lost
    assert blocks.unfinished() == {5: None, 6: None, 7: None}
    assert names([blocks.take(17, "A100"), blocks.take(17, "A100")]) == [("baseline", 5), ("a", 5)]


def test_a_seed_begun_earlier_stays_on_its_kind() -> None:
    blocks = Blocks(CELLS, {5: "A100", 6: "H200"})
    assert names([blocks.take("x", "H200")]) == [("baseline", 6)]
    assert blocks.unfinished() == {5: "A100", 6: "H200", 7: None}

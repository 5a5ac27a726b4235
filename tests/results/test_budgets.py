"""Climbs, rungs, smallest budgets and frontiers of hand-made runs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sooner.results.budgets import counted, frontier, rungs_of, smallest_budget
from sooner.results.records import Evaluation
from sooner.statistics.times import Time, Trajectory

RUNGS = ("1ep", "2ep", "4ep", "8ep")


def climb(**metrics: float) -> list[Evaluation]:
    """Runs at rungs of 1, 2, 4 and 8 epochs, each 10 s and 100 examples: climb(r1=0.2, r4=0.8)."""
    sizes = {int(name[1:]): metric for name, metric in metrics.items()}
    return [Evaluation(10.0 * n, n, 100 * n, metric, f"{n}ep") for n, metric in sizes.items()]


def test_a_lane_of_which_no_run_came_to_its_end_has_no_rungs() -> None:
    climbs: dict[int, list[Evaluation]] = {0: []}
    assert rungs_of(climbs, RUNGS, 0.5) == []
    assert smallest_budget(climbs, RUNGS, 0.5) is None
    assert frontier(climbs, RUNGS).budget == []


def test_a_climb_counts_monotone_other_evaluations_as_they_are() -> None:
    lucky = climb(r1=0.25, r2=0.75, r4=0.5, r8=0.75)
    assert counted(lucky) == [0.25, 0.625, 0.625, 0.75]
    assert counted([replace(each, budget=None) for each in lucky]) == [0.25, 0.75, 0.5, 0.75]
    assert counted([]) == []


def test_the_time_of_a_climb_lies_between_the_rungs_around_its_crossing() -> None:
    there = climb(r1=0.25, r2=0.75, r4=0.5, r8=0.75)
    run = Trajectory([each.seconds for each in there], counted(there), there[-1].seconds)
    assert run.time(0.5).value == pytest.approx(10 + 10 * 2 / 3)
    assert run.time(0.7).value == pytest.approx(40 + 40 * 0.6)
    assert run.time(0.2) == Time(10.0, first_look=True)
    assert run.time(0.9) == Time(80.0, censored=True)


def test_rungs_tell_of_all_seeds_or_of_those_that_ran_the_whole_ladder() -> None:
    climbs = {
        0: climb(r1=0.1, r2=0.4, r4=0.7, r8=0.8),
        1: climb(r1=0.2, r2=0.3, r4=0.4, r8=0.9),
        2: climb(r2=0.5, r4=0.6),
        3: climb(r1=0.6, r2=0.7, r4=0.8),  # is at 1ep because it hit at 2ep: no fair sample of that rung
    }
    found = {rung.budget: rung for rung in rungs_of(climbs, RUNGS, 0.5)}
    assert [rung.runs for rung in found.values()] == [2, 4, 4, 2]
    assert [rung.hits for rung in found.values()] == [0, 2, 3, 2]
    assert found["4ep"].metric == pytest.approx(0.65)
    assert (found["4ep"].low, found["4ep"].high) == (0.4, 0.8)
    assert (found["1ep"].low, found["1ep"].high) == (0.1, 0.2)
    assert (found["4ep"].seconds, found["4ep"].examples) == (40.0, 400)


def test_a_rung_nobody_ran_is_left_out() -> None:
    assert [rung.budget for rung in rungs_of({0: climb(r1=0.1, r8=0.9)}, RUNGS, 0.5)] == ["1ep", "8ep"]


def test_the_smallest_budget_reaches_the_target_in_the_share_of_seeds() -> None:
    climbs = {
        0: climb(r1=0.1, r2=0.6, r4=0.7, r8=0.8),
        1: climb(r1=0.1, r2=0.2, r4=0.7, r8=0.8),
        2: climb(r2=0.4, r4=0.7),
        3: climb(r4=0.4, r8=0.7),
    }
    assert smallest_budget(climbs, RUNGS, 0.5, share=0.25) == "2ep"
    assert smallest_budget(climbs, RUNGS, 0.5) == "4ep"
    assert smallest_budget(climbs, RUNGS, 0.5, share=0.75) == "4ep"
    assert smallest_budget(climbs, RUNGS, 0.5, share=1.0) == "8ep"
    assert smallest_budget(climbs, RUNGS, 0.85) is None
    assert smallest_budget({}, RUNGS, 0.5) is None


def test_at_another_target_the_seeds_of_the_whole_ladder_decide_where_the_others_did_not_look() -> None:
    climbs = {seed: climb(r1=0.1, r2=0.4, r4=0.7, r8=0.8) for seed in range(2)}
    climbs |= {seed: climb(r4=0.5, r8=0.8) for seed in range(2, 6)}  # bracketed at 0.6, not at 0.3
    assert smallest_budget(climbs, RUNGS, 0.6) == "8ep"
    assert smallest_budget(climbs, RUNGS, 0.3) == "2ep"
    assert smallest_budget({2: climbs[2]}, RUNGS, 0.3) == "4ep"


def test_a_lucky_end_does_not_make_a_budget_the_smallest() -> None:
    climbs = {seed: climb(r1=0.1, r2=0.55, r4=0.3, r8=0.8) for seed in range(2)}
    assert smallest_budget(climbs, RUNGS, 0.5) == "8ep"


def test_the_frontier_is_what_a_share_of_the_seeds_reaches() -> None:
    climbs = {seed: climb(r1=0.1 * seed, r2=0.1 * seed + 0.4, r4=0.1 * seed + 0.5) for seed in range(5)}
    half, most = (frontier(climbs, RUNGS, share=share) for share in (0.5, 0.8))
    assert half.budget == ["1ep", "2ep", "4ep"]
    assert half.metric == pytest.approx([0.2, 0.6, 0.7])
    assert most.metric == pytest.approx([0.1, 0.5, 0.6])
    assert half.low == pytest.approx([0.04, 0.44, 0.54])
    assert half.high == pytest.approx([0.36, 0.76, 0.86])
    assert (half.seconds, half.runs) == ([10.0, 20.0, 40.0], [5, 5, 5])


def test_a_frontier_gives_the_time_to_every_target_between_its_ends() -> None:
    found = frontier({0: climb(r1=0.2, r2=0.6, r4=0.7)}, RUNGS)
    np.testing.assert_allclose(found.time([0.1, 0.4, 0.65, 0.7, 0.8]), [math.nan, 15.0, 30.0, 40.0, math.nan])
    np.testing.assert_allclose(found.time(0.4, "examples"), 150.0)

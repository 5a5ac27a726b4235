"""Which lane is ahead within a budget: by hand, against the plain test, and by simulation where runs are cut."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sooner.statistics.direction import Spans, direction, lean_of, told_of
from sooner.statistics.times import Time


def hits(*seconds: float) -> list[Time]:
    return [Time(value) for value in seconds]


def cut(at: float, number: int) -> list[Time]:
    return [Time(at, censored=True)] * number


def test_six_pairs_that_lean_one_way() -> None:
    found = direction(hits(5, 6, 7, 5, 6, 7), hits(10, 11, 12, 10.5, 11.5, 12.5))
    assert (found.p_value, found.ahead, found.pairs, found.within) == (2 / 64, 1, 6, None)
    assert direction(hits(10, 11, 12, 10.5, 11.5, 12.5), hits(5, 6, 7, 5, 6, 7)).ahead == -1


def test_a_pair_of_which_neither_arrived_is_left_out() -> None:
    lane = [*hits(5, 6, 7, 5, 6, 7), *cut(20, 2)]
    against = [*hits(10, 11, 12, 10.5, 11.5, 12.5), *cut(20, 2)]
    found = direction(lane, against)
    assert (found.p_value, found.ahead, found.pairs, found.within) == (2 / 64, 1, 6, 20.0)


def test_a_cut_run_has_spent_the_budget() -> None:
    # Pair by pair log(20 / 10) five times, and log(12 / 20), the smallest in size: rank 1 of 6 against it.
    lane, against = [*hits(10, 10.1, 10.2, 10.3, 10.4), *cut(20, 1)], [*cut(20, 5), *hits(12)]
    found = direction(lane, against)
    assert (found.ahead, found.pairs) == (1, 6)
    assert found.p_value == pytest.approx(2 * 2 / 64)


def test_a_run_that_ended_long_before_the_budget_is_not_taken_to_arrive_by_its_end() -> None:
    lane, against = [*hits(10, 10.1, 10.2, 10.3, 10.4), *cut(6, 1)], hits(20, 20, 20, 20, 20, 19)
    found = direction(lane, against)
    # It may never arrive: the largest rank of all is against the lane, and 6 of 21 or more are in 28 of 64 cases.
    assert found.p_value == pytest.approx(2 * 14 / 64)


def test_nothing_is_told_without_a_hit_and_without_a_pair() -> None:
    nothing = direction(cut(5, 6), cut(5, 6))
    assert (nothing.p_value, nothing.ahead, nothing.pairs, nothing.within) == (1.0, 0, 0, 5.0)
    assert direction([], []).p_value == 1.0
    with pytest.raises(ValueError, match="2 do not match 1"):
        direction(hits(1, 2), hits(1))


def test_a_first_look_is_a_bound() -> None:
    early = [Time(5.0, first_look=True)] * 6
    assert direction(early, hits(*[10.0] * 6)).ahead == 1
    assert direction(hits(*[4.0] * 6), early).p_value == 1.0


def test_it_is_at_least_as_sure_as_the_interval() -> None:
    from sooner.statistics.comparison import compare

    rng = np.random.default_rng(0)
    for _ in range(300):
        n = int(rng.integers(6, 14))
        lane, against = np.exp(0.3 * rng.standard_normal((2, n)) + np.array([[0.0], [0.3]]))
        both = [[Time(min(t, 1.2), censored=bool(t > 1.2)) for t in times] for times in (lane, against)]
        found = compare(*both)
        if found.ci_low is not None and found.ci_low > 1:
            assert found.ahead == 1
        if found.ci_high is not None and found.ci_high < 1:
            assert found.ahead == -1


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.7])
def test_equal_lanes_are_told_apart_in_at_most_5_percent_whatever_is_cut(share: float) -> None:
    rng = np.random.default_rng(1)
    lane, against = 0.075 * rng.standard_normal((2, 4000, 12))
    budget = float(np.quantile([lane, against], 1 - share)) if share else math.inf
    differences = np.minimum(against, budget) - np.minimum(lane, budget)
    p_value, _ = lean_of(differences, (lane <= budget) | (against <= budget))
    assert np.mean(p_value <= 0.05) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 4000)


def test_a_tenth_of_speed_is_found_though_half_of_the_runs_are_cut() -> None:
    rng = np.random.default_rng(2)
    lane, against = 0.075 * rng.standard_normal((2, 2000, 20)) + np.array([0.0, math.log(1.1)])[:, None, None]
    budget = float(np.quantile([lane, against], 0.5))
    found = 0
    for mine, theirs in zip(lane[:200], against[:200], strict=True):
        times = [[Time(math.exp(min(t, budget)), censored=t > budget) for t in logs] for logs in (mine, theirs)]
        one = direction(*times)
        found += one.p_value <= 0.05 and one.ahead > 0
    assert found >= 170


def test_bounds_hold_the_capped_difference() -> None:
    lane = Spans(np.array([5.0, 9.0, 10.0]), np.array([5.0, np.inf, np.inf]), np.array([5.0, 9.0, 10.0]))
    against = Spans(np.array([10.0, 8.0, 10.0]), np.array([np.inf, 8.0, np.inf]), np.array([10.0, 8.0, 10.0]))
    low, high, told = told_of(lane, against)
    assert low[:2] == pytest.approx([math.log(2), math.log(8 / 10)])
    assert high[:2] == pytest.approx([math.log(2), math.log(8 / 9)])
    assert told.tolist() == [True, True, False]


def test_a_target_that_was_touched_may_have_been_reached_from_then_on() -> None:
    lane, against = [Time(20.0, censored=True, touched=15.0)] * 6, hits(18, 18.1, 18.2, 18.3, 18.4, 18.5)
    assert direction(lane, against).p_value == 1.0  # reached at 15, or not before the budget ended
    assert direction([Time(20.0, censored=True)] * 6, against).ahead == -1

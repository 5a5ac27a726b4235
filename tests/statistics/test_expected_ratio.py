"""The ratio of expected running times: by hand, against Student's t, and in races whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sooner.statistics.comparison import compare
from sooner.statistics.expected_ratio import MIN_HITS, expected_ratio, linearised
from sooner.statistics.signed_rank import MIN_PAIRS
from sooner.statistics.times import Time, expected_running_time


def times(*values: float, missed: tuple[int, ...] = ()) -> list[Time]:
    return [Time(value, censored=place in missed) for place, value in enumerate(values)]


def test_two_lanes_by_hand() -> None:
    # Means 10 and 15. Differences of influences -0.2, 0.2, 0.2, -0.2, 0.4, -0.4: sd sqrt(0.48 / 5), t(5) = 2.5706.
    lane = times(10, 8, 10, 12, 8, 12)
    against = times(12, 15, 18, 15, 18, 12)
    found = expected_ratio(lane, against)
    assert found.ratio == pytest.approx(1.5)
    reach = 2.570582 * math.sqrt(0.48 / 5 / 6)
    assert (found.low, found.high) == (pytest.approx(1.5 * math.exp(-reach)), pytest.approx(1.5 * math.exp(reach)))


def test_without_misses_it_is_students_interval_of_the_relative_times() -> None:
    rng = np.random.default_rng(4)
    lane, against = rng.lognormal(sigma=0.3, size=(2, 9))
    found = expected_ratio(times(*lane), times(*against))
    interval = stats.ttest_1samp(against / against.mean() - lane / lane.mean(), 0).confidence_interval(0.95)
    ratio = against.mean() / lane.mean()
    assert found.ratio == pytest.approx(ratio)
    assert (found.low, found.high) == (
        pytest.approx(ratio * math.exp(interval.low)),
        pytest.approx(ratio * math.exp(interval.high)),
    )


def test_a_miss_counts_with_the_time_that_it_spent_and_as_no_hit() -> None:
    lane, against = times(*[10.0] * 8), times(*[10.0] * 8, missed=(0, 1))
    found = expected_ratio(lane, against)
    assert found.ratio == pytest.approx((expected_running_time(against) or 0) / 10)
    # Influences 1 - 4/3 of a hit and 1 of a miss, six and two of eight: sd sqrt((6 / 9 + 2) / 7).
    reach = 2.364624 * math.sqrt((6 / 9 + 2) / 7 / 8)
    assert (found.low, found.high) == (
        pytest.approx(4 / 3 * math.exp(-reach)),
        pytest.approx(4 / 3 * math.exp(reach)),
    )


def test_a_target_reached_by_the_first_look_enters_as_its_upper_bound() -> None:
    first = [Time(5.0, first_look=True)] * 6
    before = [Time(0.0, first_look=True, within=2.0)] * 6
    assert expected_ratio(before, first).ratio == pytest.approx(2.5)
    unknown = [Time(0.0, first_look=True)] * 6
    found = expected_ratio(unknown, first)
    assert (found.ratio, found.low, found.high) == (None, None, None)


@pytest.mark.parametrize("missing", ["lane", "against"])
def test_a_lane_without_a_hit_has_no_ratio(missing: str) -> None:
    missed, hit = times(*[9.0] * 6, missed=tuple(range(6))), times(*[7.0] * 6)
    found = expected_ratio(missed, hit) if missing == "lane" else expected_ratio(hit, missed)
    assert (found.ratio, found.low, found.high) == (None, None, None)


def test_with_too_few_pairs_or_hits_the_interval_is_open() -> None:
    def known(pairs: int, hits: int) -> bool:
        lane = times(*np.linspace(5, 6, pairs), missed=tuple(range(pairs - hits)))
        found = expected_ratio(lane, times(*np.linspace(8, 7, pairs)))
        assert found.ratio is not None
        assert (found.low is None) == (found.high is None)
        return found.low is not None

    assert not known(1, 1)
    assert not known(MIN_PAIRS - 1, MIN_PAIRS - 1)
    assert known(MIN_PAIRS, MIN_PAIRS)
    assert known(10, MIN_HITS)
    assert not known(10, MIN_HITS - 1)
    assert expected_ratio([], []).ratio is None


def test_at_a_lower_level_it_is_wider_and_at_none_open() -> None:
    lane, against = times(10, 8, 10, 12, 8, 12), times(12, 15, 18, 15, 18, 12)
    wide, narrow = (expected_ratio(lane, against, alpha=alpha) for alpha in (0.01, 0.05))
    assert None not in (wide.low, wide.high, narrow.low, narrow.high)
    assert (wide.low or 0) < (narrow.low or 0) < (narrow.high or 0) < (wide.high or 0)
    for other in (against, lane):  # with and without any spread
        found = expected_ratio(lane, other, alpha=0.0)
        assert found.ratio is not None
        assert (found.low, found.high) == (None, None)


def test_lanes_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"in pairs: 2 of the lane do not match 1"):
        expected_ratio(times(1, 2), times(1))


@given(st.lists(st.tuples(st.floats(0.1, 100), st.floats(0.1, 100), st.booleans()), min_size=6, max_size=12))
def test_swapping_the_lanes_inverts_it_and_units_do_not_matter(runs: list[tuple[float, float, bool]]) -> None:
    missed = tuple(place for place, run in enumerate(runs) if run[2])
    lane, against = times(*(run[0] for run in runs), missed=missed), times(*(run[1] for run in runs))
    scaled = times(*(60 * run[0] for run in runs), missed=missed), times(*(60 * run[1] for run in runs))
    one, other, third = expected_ratio(lane, against), expected_ratio(against, lane), expected_ratio(*scaled)
    for mine, theirs in ((one.ratio, other.ratio), (one.low, other.high), (one.high, other.low)):
        assert (mine is None) == (theirs is None)
        if mine is not None and theirs is not None:
            assert mine * theirs == pytest.approx(1)
    if one.ratio is not None:
        assert third.ratio == pytest.approx(one.ratio)
        assert third.low is None or third.low == pytest.approx(one.low)


def test_times_of_any_size_give_a_ratio_or_none() -> None:
    found = expected_ratio(times(*[1e-300] * 6), times(*[1e300] * 6))
    assert (found.ratio, found.low, found.high) == (None, None, None)


def test_a_lane_that_mostly_wins_may_cost_more() -> None:
    lane = times(8.0, 8.1, 7.9, 8.0, 8.2, 8.1, 7.8, 60.0)
    found = compare(lane, times(10.0, 10.1, 9.9, 10.2, 10.0, 9.8, 10.1, 10.0))
    assert found.ratio == pytest.approx(1.25, abs=0.02)
    assert found.cost_ratio == pytest.approx(80.1 / 116.1)
    assert found.cost_low is not None
    assert found.cost_low < (found.cost_ratio or 0) < (found.cost_high or 0)


@pytest.mark.parametrize("spread", [1.0, 3.0])
@pytest.mark.parametrize("pairs", [6, 12])
def test_the_interval_holds_the_truth_in_95_of_100_races_with_lognormal_times(spread: float, pairs: int) -> None:
    races, sd = 4000, 0.2
    rng = np.random.default_rng(pairs)
    logs = rng.standard_normal((races, 2, pairs)) * np.array([[spread * sd], [sd]])
    logarithm, reach = linearised(np.exp(logs), np.ones(logs.shape, dtype=np.bool_))
    truth = sd**2 / 2 - (spread * sd) ** 2 / 2
    assert 0.925 <= (np.abs(logarithm - truth) <= reach).mean() <= 0.965

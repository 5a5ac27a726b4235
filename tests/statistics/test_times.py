"""What a run tells of its time to target."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sooner.statistics.times import Time, Trajectory, expected_running_time


def test_bounds_say_what_is_known() -> None:
    assert Time(3.0).bounds == (3.0, 3.0)
    assert Time(3.0, censored=True).bounds == (3.0, math.inf)
    assert Time(3.0, first_look=True).bounds == (0.0, 3.0)
    assert Time(0.0, censored=True).bounds == (0.0, math.inf)
    assert Time(0.0, first_look=True).bounds == (0.0, math.inf)
    assert Time(0.0, first_look=True, within=2.0).bounds == (0.0, 2.0)


@pytest.mark.parametrize("value", [-1.0, math.inf, math.nan])
def test_a_time_that_is_none_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="at least 0 and finite"):
        Time(value)


def test_a_hit_at_0_that_is_not_by_the_first_look_is_refused() -> None:
    with pytest.raises(ValueError, match="reached by the first look"):
        Time(0.0)
    with pytest.raises(ValueError, match="within must be above 0"):
        Time(0.0, first_look=True, within=0.0)


def test_censored_and_reached_at_once_is_refused() -> None:
    with pytest.raises(ValueError, match="not both"):
        Time(1.0, censored=True, first_look=True)


def test_a_trajectory_gives_hits_misses_and_first_looks() -> None:
    run = Trajectory([10.0, 20.0, 30.0], [0.25, 0.75, 0.8], end=32.0)
    assert run.time(0.5) == Time(15.0)
    assert run.time(0.9) == Time(32.0, censored=True)
    assert run.time(0.2) == Time(10.0, first_look=True)
    low, high = run.bounds([0.2, 0.5, 0.9])
    np.testing.assert_allclose(low, [0.0, 15.0, 32.0])
    np.testing.assert_allclose(high, [10.0, 15.0, np.inf])


def test_a_target_met_at_time_0_is_within_the_first_time_that_the_clock_shows() -> None:
    run = Trajectory([0.0, 0.0, 4.0], [0.25, 0.5, 1.0], end=4.0)
    assert run.time(0.25) == Time(0.0, first_look=True, within=4.0)
    assert run.time(0.375) == Time(0.0, first_look=True, within=4.0)  # crossed between two looks at time 0
    assert run.time(0.75) == Time(2.0)
    low, high = run.bounds([0.25, 0.375, 0.75])
    np.testing.assert_allclose(low, [0.0, 0.0, 2.0])
    np.testing.assert_allclose(high, [4.0, 4.0, 2.0])
    assert Trajectory([0.0], [0.5], end=3.0).time(0.4).bounds == (0.0, 3.0)
    assert Trajectory([0.0], [0.5], end=0.0).time(0.4).bounds == (0.0, math.inf)
    assert Trajectory([], [], end=0.0).time(0.4).bounds == (0.0, math.inf)


def test_a_run_that_broke_off_must_confirm_its_last_look() -> None:
    assert Trajectory([10.0, 20.0], [0.25, 0.75], end=25.0).time(0.5) == Time(15.0)
    broken = Trajectory([10.0, 20.0], [0.25, 0.75], end=25.0, broke_off=True)
    assert broken.time(0.5) == Time(25.0, censored=True, touched=15.0)
    assert broken.time(0.8) == Time(25.0, censored=True)


def test_a_run_that_touches_the_target_by_no_more_than_its_noise_may_have_reached_it_from_there_on() -> None:
    run = Trajectory([10.0, 20.0, 30.0], [0.25, 0.75, 0.75], end=32.0, noise=0.5)
    assert run.time(0.5) == Time(32.0, censored=True, touched=15.0)
    assert run.time(0.5).bounds == (15.0, math.inf)
    assert run.time(0.8).bounds == (32.0, math.inf)
    assert run.time(0.2) == Time(32.0, censored=True, touched=0.0)
    low, high = run.bounds([0.2, 0.5, 0.8])
    assert low.tolist() == [0.0, 15.0, 32.0]
    assert high.tolist() == [math.inf] * 3


def test_only_a_miss_touches_and_not_after_its_end() -> None:
    for wrong in ({"censored": False, "touched": 1.0}, {"censored": True, "touched": 4.0}):
        with pytest.raises(ValueError, match="only a censored run touches a target"):
            Time(3.0, **wrong)


def test_a_run_that_broke_off_before_its_first_look_is_censored() -> None:
    run = Trajectory([], [], end=4.0, broke_off=True)
    assert run.time(0.6) == Time(4.0, censored=True)
    low, high = run.bounds([0.1, 0.6])
    assert low.tolist() == [4.0, 4.0]
    assert high.tolist() == [math.inf, math.inf]


def test_an_impossible_trajectory_is_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        Trajectory([1.0, 2.0], [0.5], end=3.0)
    for seconds, end in (([2.0, 1.0], 3.0), ([1.0, 2.0], 1.5), ([-1.0, 2.0], 3.0), ([1.0, math.nan], 3.0)):
        with pytest.raises(ValueError, match="backwards"):
            Trajectory(seconds, [0.1, 0.2], end=end)
    with pytest.raises(ValueError, match=r"one number or one a look, not of shape \(3,\)"):
        Trajectory([1.0, 2.0], [0.1, 0.2], end=3.0, noise=[0.1, 0.1, 0.1])


def test_expected_running_time_spreads_failed_runs_over_the_hits() -> None:
    assert expected_running_time([Time(10.0), Time(14.0)]) == 12.0
    assert expected_running_time([Time(10.0), Time(14.0), Time(30.0, censored=True)]) == 27.0
    assert expected_running_time([Time(30.0, censored=True)]) is None
    assert expected_running_time([]) is None

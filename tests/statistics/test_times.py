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


@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan])
def test_a_time_that_is_none_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="above 0 and finite"):
        Time(value)


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


def test_a_run_that_broke_off_must_confirm_its_last_look() -> None:
    assert Trajectory([10.0, 20.0], [0.25, 0.75], end=25.0).time(0.5) == Time(15.0)
    assert Trajectory([10.0, 20.0], [0.25, 0.75], end=25.0, broke_off=True).time(0.5) == Time(25.0, censored=True)


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


def test_expected_running_time_spreads_failed_runs_over_the_hits() -> None:
    assert expected_running_time([Time(10.0), Time(14.0)]) == 12.0
    assert expected_running_time([Time(10.0), Time(14.0), Time(30.0, censored=True)]) == 27.0
    assert expected_running_time([Time(30.0, censored=True)]) is None
    assert expected_running_time([]) is None

"""The first confirmed crossing, by hand and against a plain reading of its definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sooner.statistics.crossing import at, first_crossing


def test_the_time_is_interpolated_between_the_looks_around_the_crossing() -> None:
    position = first_crossing([0.2, 0.6, 0.8, 0.9], 0.7)
    assert position == pytest.approx(1.5)
    assert at(position, [10.0, 20.0, 40.0, 50.0]) == pytest.approx(30.0)
    assert at(position, [100, 200, 300, 400]) == pytest.approx(250)


def test_a_look_exactly_at_the_target_is_the_crossing() -> None:
    assert first_crossing([0.2, 0.7, 0.8], 0.7) == 1.0


def test_one_lucky_look_is_no_crossing() -> None:
    spike = [0.2, 0.75, 0.6, 0.8, 0.85]
    assert first_crossing(spike, 0.7) == pytest.approx(2.5)


def test_the_last_look_counts_by_itself_unless_the_run_broke_off() -> None:
    late = [0.2, 0.6, 0.8]
    assert first_crossing(late, 0.7) == pytest.approx(1.5)
    assert np.isnan(first_crossing(late, 0.7, confirm_last=True))
    assert first_crossing([0.2, 0.8, 0.9], 0.7, confirm_last=True) == pytest.approx(5 / 6)


def test_a_target_reached_by_the_first_look_has_position_zero() -> None:
    assert first_crossing([0.8, 0.9], 0.7) == 0.0
    assert first_crossing([0.8], 0.7) == 0.0
    assert np.isnan(first_crossing([0.8], 0.7, confirm_last=True))


def test_a_target_never_reached_is_nan_on_every_axis() -> None:
    position = first_crossing([0.2, 0.3], [0.25, 0.5])
    np.testing.assert_allclose(position, [0.5, math.nan])
    np.testing.assert_allclose(at(position, [10.0, 20.0]), [15.0, math.nan])


def test_a_run_without_evaluations_reaches_nothing() -> None:
    position = first_crossing([], [0.1, 0.2])
    assert np.isnan(position).all()
    assert np.isnan(at(position, [])).all()


def test_nan_is_below_every_target_and_is_not_interpolated_from() -> None:
    assert first_crossing([0.2, math.nan, 0.8, 0.9], 0.7) == 2.0
    assert first_crossing([0.8, math.nan, 0.2, 0.9], 0.7) == pytest.approx(2 + 5 / 7)


def test_metrics_of_several_runs_at_once_are_refused() -> None:
    with pytest.raises(ValueError, match=r"one run's evaluations, not of shape \(2, 3\)"):
        first_crossing(np.zeros((2, 3)), 0.5)


def _by_definition(metric: list[float], target: float) -> float:
    for i, value in enumerate(metric):
        if value >= target and (i == len(metric) - 1 or metric[i + 1] >= target):
            return 0.0 if i == 0 else i - 1 + (target - metric[i - 1]) / (value - metric[i - 1])
    return math.nan


@given(
    st.lists(st.integers(0, 20).map(lambda k: k / 20), min_size=1, max_size=12),
    st.lists(st.integers(-1, 42).map(lambda k: k / 40), min_size=1, max_size=8),
)
def test_all_targets_at_once_agree_with_the_definition_one_by_one(metric: list[float], targets: list[float]) -> None:
    expected = [_by_definition(metric, target) for target in targets]
    np.testing.assert_allclose(first_crossing(metric, targets), expected, rtol=0, atol=1e-12)

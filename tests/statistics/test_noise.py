"""The noise of a metric from look to look."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sooner.statistics.noise import noise_of, scatter_of


def test_by_hand() -> None:
    # The best fit that never falls is 0.2, 0.7, 0.7: two looks 0.05 off one level, which leaves one degree of freedom.
    # The second difference is 0.2 - 2 * 0.75 + 0.65 = -0.65, which would say 0.65 / sqrt(6) = 0.27.
    np.testing.assert_allclose(noise_of([[0.2, 0.75, 0.65]]), math.sqrt(2) * 0.05)
    # Far from a straight line, but the fit sees nothing wrong with a rise.
    np.testing.assert_allclose(noise_of([[0.0, 0.5, 3.0]]), 0.0)


def test_a_curve_with_few_looks_has_no_noise_because_it_bends() -> None:
    assert noise_of([1 - np.exp(-np.arange(1.0, 6.0))]).tolist() == [0.0] * 5


def test_a_lasting_fall_is_no_noise() -> None:
    fall = np.linspace(0.9, 0.6, 30)
    assert noise_of([fall]).max() < 1e-6


def test_what_is_unknown_is_0() -> None:
    assert noise_of([]).shape == (0,)
    assert noise_of([[], []]).shape == (0,)
    assert noise_of([[0.5]]).tolist() == [0.0]
    assert noise_of([[math.nan, math.nan]]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("looks", [12, 40, 100])
def test_on_a_plateau_it_is_what_it_was_made_with(looks: int) -> None:
    rng = np.random.default_rng(1)
    found = [noise_of(0.01 * rng.standard_normal((8, looks))) for _ in range(40)]
    assert np.mean(found) == pytest.approx(0.01, rel=0.15)


def test_a_quiet_end_is_quiet_whatever_came_before() -> None:
    rng = np.random.default_rng(2)
    sd = np.concatenate([np.full(20, 0.05), np.full(10, 0.002)])
    found = noise_of(np.linspace(0, 0.1, 30) + sd * rng.standard_normal((8, 30)))
    assert found[:15].mean() == pytest.approx(0.05, rel=0.25)
    assert found[-3:].max() < 0.004


def test_runs_of_unequal_length_and_looks_that_are_missing() -> None:
    found = noise_of([[0.2, 0.75, 0.65], [0.2, 0.75, math.nan, 0.65], [0.1]])
    assert found.shape == (4,)
    assert np.isfinite(found).all()
    assert found[0] > 0


def test_the_scatter_on_a_climb_is_measured_against_the_bend_that_all_runs_share() -> None:
    rng = np.random.default_rng(3)
    seconds = np.linspace(8, 40, 5)
    rate = 0.115 * np.exp(0.05 * rng.standard_normal((12, 1)))
    runs = 1 - np.exp(-rate * seconds) + 0.003 * rng.standard_normal((12, 5))
    assert scatter_of(runs).mean() == pytest.approx(0.003, rel=0.35)
    assert scatter_of(runs[:2]).mean() > 0.02  # two runs do not say how the curve bends
    assert scatter_of([[0.1, 0.2]]).tolist() == [0.0, 0.0]


def test_a_run_that_breaks_down_does_not_make_the_others_noisy() -> None:
    rng = np.random.default_rng(4)
    runs = 0.9 + 0.002 * rng.standard_normal((6, 30))
    runs[0, 10:13] -= [0.3, 0.5, 0.2]
    assert noise_of(runs).max() < 0.006
    assert noise_of(runs[:1]).max() > 0.1

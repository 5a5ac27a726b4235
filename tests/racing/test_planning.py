"""The number of pairs to plan, against the textbook formula and against simulated races."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sooner.racing.planning import log_ratio_sd, pairs_needed
from sooner.racing.signed_rank import signed_rank


@pytest.mark.parametrize("cv", [0.02, 0.05, 0.075, 0.10, 0.15])
@pytest.mark.parametrize("difference", [0.05, 0.10, 0.20])
def test_a_little_above_the_normal_formula(cv: float, difference: float) -> None:
    # Two arms at 5% and power 0.8: n = 2 (2.80 s / ln(1 + d))^2; ranks and a small n cost up to 5% and 3 pairs more.
    normal = 2 * (2.80 / math.log1p(difference)) ** 2 * math.log1p(cv**2)
    planned = pairs_needed(math.sqrt(2 * math.log1p(cv**2)), difference)
    assert max(6, normal) <= planned <= max(6, 1.05 * normal + 3)


@pytest.mark.parametrize("sd", [0.05, 0.075, 0.109, 0.14, 0.2])
def test_the_planned_pairs_have_the_promised_power(sd: float) -> None:
    pairs, races = pairs_needed(sd), 4000
    rng = np.random.default_rng(pairs)

    def power(n: int) -> float:
        differences = math.log(1.1) + sd * rng.standard_normal((races, n))
        return float(np.mean(signed_rank(differences, differences).p_value < 0.05))

    error = 4 * math.sqrt(0.8 * 0.2 / races)
    assert power(pairs + 1) >= 0.8 - error
    assert pairs == 6 or power(pairs - 2) <= 0.8 + error


def test_by_hand() -> None:
    # (2.8016 * 0.2 / ln 1.1)^2 = 34.56 pairs for a normal mean; over 3 / pi = 36.19; plus 1.96^2 / 2 = 38.11.
    assert pairs_needed(0.2) == 39


def test_never_fewer_than_six_pairs() -> None:
    assert pairs_needed(0.0) == 6
    assert pairs_needed(0.001, 0.5) == 6


def test_without_pairs_the_prior_noise_stands() -> None:
    assert log_ratio_sd() == pytest.approx(math.sqrt(2 * math.log(1 + 0.077**2)))
    assert log_ratio_sd([0.3]) == log_ratio_sd()
    assert pairs_needed(log_ratio_sd()) == 13


def test_a_race_of_its_own_soon_outweighs_the_prior() -> None:
    prior = log_ratio_sd() ** 2
    assert log_ratio_sd([0.1, 0.1, 0.1]) == pytest.approx(math.sqrt(prior / 3))
    assert log_ratio_sd([-0.3, 0.0, 0.3]) == pytest.approx(math.sqrt((prior + 0.18) / 3))
    noisy = np.random.default_rng(0).normal(0.2, 0.4, 500)
    assert log_ratio_sd(noisy) == pytest.approx(noisy.std(ddof=1), rel=0.01)


def test_impossible_plans_are_refused() -> None:
    with pytest.raises(ValueError, match="sd must be"):
        pairs_needed(-0.1)
    with pytest.raises(ValueError, match="sd must be"):
        pairs_needed(math.nan)
    with pytest.raises(ValueError, match="difference must be above 0"):
        pairs_needed(0.1, 0.0)

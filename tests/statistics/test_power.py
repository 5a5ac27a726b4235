"""The number of pairs to plan, against the textbook formula and against simulated races; races until decided."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from sooner.statistics.power import RaceLength, log_ratio_sd, max_pairs_needed, pairs_needed, power, race_length
from sooner.statistics.signed_rank import signed_rank


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


@pytest.mark.parametrize(("pairs", "sd", "difference"), [(6, 0.109, 0.2), (6, 0.05, 0.05), (12, 0.109, 0.1)])
def test_power_is_the_share_of_races_with_a_verdict(pairs: int, sd: float, difference: float) -> None:
    races = 6000
    log_ratios = math.log1p(difference) + sd * np.random.default_rng(3).standard_normal((races, pairs))
    found = float(np.mean(signed_rank(log_ratios, log_ratios).p_value < 0.05))
    assert power(sd, difference, pairs) == pytest.approx(found, abs=4 * math.sqrt(0.25 / 2000))


def test_power_at_the_ends() -> None:
    assert power(0.109, 0.10, 5) == 0.0
    assert power(0.0, 0.10, 6) == 1.0
    assert power(0.109, 0.10, 13) > power(0.109, 0.10, 13, alpha=0.02)
    # Six pairs decide when all lean the same way: Phi(ln 1.1 / 0.1)^6, and next to never the wrong one.
    assert power(0.1, 0.10, 6) == pytest.approx(NormalDist().cdf(math.log(1.1) / 0.1) ** 6, abs=0.045)


@pytest.mark.parametrize("sd", [0.07, 0.109, 0.15])
def test_a_race_until_decided_keeps_the_power_and_runs_fewer_pairs(sd: float) -> None:
    most = max_pairs_needed(sd)
    assert pairs_needed(sd) < most <= 1.2 * pairs_needed(sd) + 1
    found = race_length(sd, 1.1, most)
    assert found.found >= 0.8 - 3 * math.sqrt(0.8 * 0.2 / 2000)
    assert found.found <= found.decided <= 1
    assert found.expected < pairs_needed(sd) + 1
    assert found.maximal == most


def test_the_length_of_a_race() -> None:
    assert race_length(0.0, 1.3, 12) == RaceLength(expected=7.0, maximal=12, decided=1.0, found=1.0)
    assert race_length(0.0, 1.0, 12) == RaceLength(expected=7.0, maximal=12, decided=1.0, found=0.0)
    equal, open_ended = race_length(0.109, 1.0, 24), race_length(0.109, 1.0, 24, detect=0.01)
    assert equal.found <= 0.05
    assert equal.decided > 0.9
    assert open_ended.expected > equal.expected
    assert race_length(0.109, 1 / 1.3, 24).expected == pytest.approx(race_length(0.109, 1.3, 24).expected, abs=0.2)


def test_impossible_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="ratio must be"):
        race_length(0.1, 0.0, 12)
    with pytest.raises(ValueError, match="at least 6"):
        race_length(0.1, 1.1, 5)
    with pytest.raises(ValueError, match="difference must be above 0"):
        power(0.1, -0.1, 12)

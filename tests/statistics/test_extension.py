"""Pairs added after a look: levels by hand, and error rates by simulation of equal lanes."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from sooner.statistics.extension import attained, extended
from sooner.statistics.sequential import Look
from sooner.statistics.signed_rank import signed_rank


def test_levels_by_hand() -> None:
    assert extended([]) == Look(1, 0.05)
    assert extended([6]) == Look(2, pytest.approx((0.05 - 2 / 64) / 2))
    # Of seven pairs 4 in 128 have a statistic of at most 1, two more one of 2: 6 in 128 are below 5%.
    assert extended([7]) == Look(2, pytest.approx((0.05 - 6 / 128) / 2))
    # At 0.0094 of twelve pairs: counts of subsets of ranks with sums 0, 1, 2, ... are 1, 1, 1, 2, 2, 3, 4, 5, 6, 8.
    spent = 2 * (1 + 1 + 1 + 2 + 2 + 3 + 4 + 5) / 2**12
    assert spent == pytest.approx(0.00928, abs=1e-5)
    assert extended([6, 12]) == Look(3, pytest.approx((0.05 - 2 / 64 - spent) / 2))


def test_a_look_that_can_decide_nothing_is_none() -> None:
    assert extended([3]) == Look(1, 0.05)
    assert extended([3, 5, 6]) == extended([6])


def test_looks_at_numbers_that_do_not_ascend_are_refused() -> None:
    with pytest.raises(ValueError, match=r"ascending numbers of pairs, not at \[6, 6\]"):
        extended([6, 6])


def test_what_a_level_attains() -> None:
    assert [attained(pairs, 0.05) for pairs in (5, 6, 7, 8)] == [0.0, 2 / 64, 6 / 128, 10 / 256]


def _decides(differences: np.ndarray, alpha: float) -> np.ndarray:
    test = signed_rank(differences, differences, alpha=alpha)
    return (test.low > 0) | (test.high < 0)


@pytest.mark.parametrize(
    "looks", [(6, 12), (8, 16), (10, 20), (12, 24), (6, 12, 18, 24), (10, 12, 14, 16, 18), tuple(range(6, 16))]
)
def test_at_most_5_of_100_races_between_equal_lanes_end_in_a_verdict_however_often_pairs_are_added(
    looks: tuple[int, ...],
) -> None:
    races = 20_000
    noise = np.random.default_rng(sum(looks)).standard_normal((races, looks[-1]))
    open_ones = np.arange(races)  # pairs are added until there is a verdict
    for place, pairs in enumerate(looks):
        verdicts = _decides(noise[open_ones, :pairs], extended(looks[:place]).alpha)
        open_ones = open_ones[~verdicts]
    false = 1 - len(open_ones) / races
    assert false <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / races)
    # What the level of one look would make of it, each time again.
    naive = np.any([_decides(noise[:, :pairs], 0.05) for pairs in looks], axis=0)
    assert np.mean(naive) > 0.05 + 3 * math.sqrt(0.05 * 0.95 / races)


@pytest.mark.parametrize("first", [6, 8, 12])
def test_choosing_how_many_pairs_to_add_by_what_was_seen_does_not_pay(first: int) -> None:
    """Whoever adds pairs adds as many as make a verdict most likely, were the lanes equal, up to three times."""
    races, most = 4_000, 60
    noise = np.random.default_rng(first).standard_normal((races, most))
    verdicts = 0
    for race in noise:
        seen: list[int] = []
        pairs = first
        while pairs <= most and len(seen) < 4:
            alpha = extended(seen).alpha
            test = signed_rank(race[:pairs], race[:pairs], alpha=alpha)
            if test.low > 0 or test.high < 0:
                verdicts += 1
                break
            seen.append(pairs)
            lean = abs(NormalDist().inv_cdf(min(float(test.p_value) / 2, 0.4999)))
            needed = NormalDist().inv_cdf(1 - extended(seen).alpha / 2)
            pairs = max(pairs + 1, min(most, round(pairs * (needed / lean) ** 2))) if pairs < most else most + 1
    assert verdicts / races <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / races)


def test_all_intervals_hold_the_truth_together() -> None:
    races, ratio, looks = 10_000, math.log(1.2), (6, 12, 24)
    log_ratios = ratio + 0.1 * np.random.default_rng(5).standard_normal((races, looks[-1]))
    held = np.ones(races, dtype=bool)
    for place, pairs in enumerate(looks):
        test = signed_rank(log_ratios[:, :pairs], log_ratios[:, :pairs], alpha=extended(looks[:place]).alpha)
        held &= (test.low <= ratio) & (ratio <= test.high)
    assert np.mean(held) >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / races)

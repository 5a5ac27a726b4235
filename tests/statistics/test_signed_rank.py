"""The exact test and its interval: by hand, against SciPy, by counting all sign flips, and over all completions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from sooner.statistics.signed_rank import MIN_PAIRS, min_pairs, signed_rank

Array = NDArray[np.float64]


def test_eight_pairs_by_hand() -> None:
    # 36 Walsh averages; P(T <= 3) = 5 / 256 and P(T <= 4) = 7 / 256, so the limits are the 4th from either end:
    # of 1, 1.5, 2, 2, ... below, and of 8, 7.5, 7, 7, ... above.
    differences = np.arange(1.0, 9.0)
    found = signed_rank(differences, differences)
    assert (found.low, found.high) == (2.0, 7.0)
    assert found.estimate_low == found.estimate_high == 4.5
    assert found.p_value == 2 / 256


def test_six_pairs_are_the_first_that_can_exclude_zero() -> None:
    six, five = np.arange(1.0, 7.0), np.arange(1.0, 6.0)
    found = signed_rank(six, six)
    assert (found.low, found.high, found.p_value) == (1.0, 6.0, 2 / 64)
    found = signed_rank(five, five)
    assert (found.low, found.high, found.p_value) == (-np.inf, np.inf, 2 / 32)


@pytest.mark.parametrize("pairs", [6, 8, 12, 20])
def test_p_values_are_those_of_scipy_without_ties(pairs: int) -> None:
    differences = np.random.default_rng(pairs).standard_normal((50, pairs)) + 0.5
    expected = stats.wilcoxon(differences, method="exact", axis=1).pvalue
    np.testing.assert_allclose(signed_rank(differences, differences).p_value, expected, rtol=1e-12)


def test_p_values_are_those_of_all_sign_flips_of_scipy() -> None:
    differences = np.random.default_rng(1).standard_normal(8) + 0.7

    def ranks_of_positive(values: Array, axis: int) -> Array:
        return np.sum(stats.rankdata(np.abs(values), axis=axis) * np.sign(values), axis=axis)

    exact = stats.permutation_test((differences,), ranks_of_positive, permutation_type="samples", n_resamples=np.inf)
    assert signed_rank(differences, differences).p_value == pytest.approx(exact.pvalue, rel=1e-12)


def test_a_batch_of_races_is_each_race_by_itself() -> None:
    rng = np.random.default_rng(2)
    low = rng.standard_normal((2, 3, 7))
    high = low + rng.exponential(size=low.shape)
    batch = signed_rank(low, high)
    one = signed_rank(low[1, 2], high[1, 2])
    for name in ("p_value", "low", "high", "estimate_low", "estimate_high"):
        assert getattr(batch, name).shape == (2, 3)
        assert getattr(batch, name)[1, 2] == getattr(one, name)


@pytest.mark.parametrize("magnitudes", [(0, 0, 1, 1, 2, 2, 3), (1,) * 8, (0,) * 6, (1, 1, 1, 2, 3, 3, 5, 8)])
def test_ties_and_zeros_keep_the_test_valid(magnitudes: tuple[int, ...]) -> None:
    # All sign patterns are equally likely under the null: at most 5% of them may be called significant.
    flips = np.array(list(itertools.product((-0.1, 0.1), repeat=len(magnitudes)))) * np.array(magnitudes)
    found = signed_rank(flips, flips)
    assert np.mean(found.p_value < 0.05) <= 0.05
    for level in np.unique(found.p_value):
        assert np.mean(found.p_value <= level) <= level + 1e-12


def test_a_tie_that_rounding_has_split_stays_a_tie() -> None:
    exact = np.array([0.0, 1, 1, 2, 3, 4, 5])
    nudged = exact + np.array([1e-16, 0, 0, 0, 0, 0, 0])
    assert signed_rank(nudged, nudged).p_value == signed_rank(exact, exact).p_value


def test_one_unbounded_pair_is_outvoted_from_twelve_pairs_on() -> None:
    for pairs, bounded in ((8, False), (11, False), (12, True)):
        low = np.linspace(0.2, 0.4, pairs)
        high = low.copy()
        low[0] = -np.inf
        found = signed_rank(low, high)
        assert np.isfinite(found.low) == bounded
        assert np.isfinite(found.high)
        assert (found.p_value < 0.05) == bounded


_numbers = st.integers(-8, 8).map(lambda k: k / 4)


@st.composite
def _censored(draw: st.DrawFn) -> tuple[Array, Array, Array]:
    """Differences, and bounds around them that may be open on either side."""
    differences = np.array(draw(st.lists(_numbers, min_size=1, max_size=14)))
    open_sides = st.sampled_from(("none", "low", "high", "both"))
    sides = draw(st.lists(open_sides, min_size=len(differences), max_size=len(differences)))
    slack = st.integers(0, 4).map(lambda k: k / 4)
    gaps = np.array(draw(st.lists(slack, min_size=len(differences), max_size=len(differences))))
    low = np.array([-np.inf if side in ("low", "both") else d for d, side in zip(differences, sides, strict=True)])
    high = np.array([np.inf if side in ("high", "both") else d for d, side in zip(differences, sides, strict=True)])
    low = np.where(np.isposinf(high), low - gaps, low)
    high = np.where(np.isneginf(low), high + gaps, high)
    return low, differences, high


@given(_censored())
def test_bounds_are_valid_whatever_the_censored_values_are(case: tuple[Array, Array, Array]) -> None:
    low, differences, high = case
    bounded, completed = signed_rank(low, high), signed_rank(differences, differences)
    assert bounded.low <= completed.low
    assert completed.high <= bounded.high
    assert bounded.p_value >= completed.p_value
    assert bounded.estimate_low <= completed.estimate_low <= bounded.estimate_high


@given(_censored())
def test_p_is_below_five_per_cent_exactly_when_the_interval_excludes_zero(case: tuple[Array, Array, Array]) -> None:
    low, _, high = case
    found = signed_rank(low, high)
    assert (found.p_value < 0.05) == (found.low > 0 or found.high < 0)
    assert found.low <= found.estimate_low
    assert found.estimate_high <= found.high


@given(_censored())
def test_swapping_the_lanes_mirrors_everything(case: tuple[Array, Array, Array]) -> None:
    low, _, high = case
    found, mirrored = signed_rank(low, high), signed_rank(-high, -low)
    assert mirrored.p_value == found.p_value
    assert (mirrored.low, mirrored.high) == (-found.high, -found.low)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="n of 1 or more"):
        signed_rank([], [])
    with pytest.raises(ValueError, match="same shape"):
        signed_rank([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="low <= high"):
        signed_rank([1.0, 2.0], [1.0, 1.5])
    with pytest.raises(ValueError, match="NaN"):
        signed_rank([1.0, np.nan], [1.0, np.nan])


@pytest.mark.parametrize(("alpha", "low", "high"), [(0.05, 2.0, 7.0), (0.02, 1.5, 7.5), (2 / 256, 1.0, 8.0)])
def test_another_level_by_hand(alpha: float, low: float, high: float) -> None:
    # Of eight pairs P(T <= 0, 1, 2, 3) = 1, 2, 3, 5 / 256: a level of 2 / 256 takes the outermost averages, 0.02 the
    # second from either end (2 x 2 / 256 = 0.0156), 0.05 the fourth.
    differences = np.arange(1.0, 9.0)
    found = signed_rank(differences, differences, alpha=alpha)
    assert (found.low, found.high) == (low, high)
    assert found.p_value == 2 / 256


def test_a_level_that_no_outcome_reaches_leaves_the_interval_open() -> None:
    differences = np.arange(1.0, 9.0)
    for alpha in (0.0, 0.007):
        found = signed_rank(differences, differences, alpha=alpha)
        assert (found.low, found.high) == (-np.inf, np.inf)


@given(_censored(), st.sampled_from([0.005, 2 / 256, 0.02, 2 / 64, 0.1, 0.5]))
def test_p_is_at_most_the_level_exactly_when_the_interval_excludes_zero(
    case: tuple[Array, Array, Array], alpha: float
) -> None:
    low, _, high = case
    found = signed_rank(low, high, alpha=alpha)
    assert (found.p_value <= alpha) == (found.low > 0 or found.high < 0)


def test_the_fewest_pairs_that_reach_a_level() -> None:
    assert min_pairs() == MIN_PAIRS == 6
    assert [min_pairs(alpha) for alpha in (1 / 32, 0.03, 1 / 64, 0.001)] == [6, 7, 7, 11]
    assert min_pairs(0.0) is None
    for alpha in (-0.1, 1.0, float("nan")):
        with pytest.raises(ValueError, match="alpha must be"):
            min_pairs(alpha)
        with pytest.raises(ValueError, match="alpha must be"):
            signed_rank([1.0], [1.0], alpha=alpha)

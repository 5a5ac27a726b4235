"""One lane's times with censored runs: a textbook case, cases by hand, and lanes whose truth is known."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sooner.statistics.survival import Survival, common_horizon, survival
from sooner.statistics.times import Time, expected_running_time

# Weeks of remission of the 21 patients who were given 6-MP (Freireich et al., 1963), the usual example of the curve.
_REMISSION = [6, 6, 6, 7, 10, 13, 16, 22, 23]
_CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def _describe(hits: list[float], censored: list[float], horizon: float | None = None) -> Survival:
    times = [*(Time(t) for t in hits), *(Time(t, censored=True) for t in censored)]
    found = survival(times, clock="wall", horizon=horizon)
    assert found is not None
    return found


def test_the_textbook_curve() -> None:
    found = _describe([*map(float, _REMISSION)], [*map(float, _CENSORED)])
    assert found.times == [0, 6, 7, 10, 13, 16, 22, 23]
    left = [1, 0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert found.reached == pytest.approx([1 - share for share in left], abs=5e-5)
    # The area by hand: 6 + 0.8571 + 3 x 0.8067 + 3 x 0.7529 + 3 x 0.6902 + 6 x 0.6275 + 0.5378 + 12 x 0.4482 = 23.29.
    assert found.horizon == 35
    assert found.rmst == pytest.approx(23.29, abs=0.01)
    assert found.ert == (112 - 3 + 250 - 0) / 9


def test_five_runs_by_hand() -> None:
    # At risk 5, 4 and 2 at the hits: 4/5, x 3/4, x 1/2 are left. A run cut off at a hit's time was still in it.
    found = _describe([1.0, 2.0, 4.0], [2.0, 5.0])
    assert found.times == [0, 1, 2, 4]
    assert found.reached == pytest.approx([0, 0.2, 0.4, 0.7])
    # Areas 1 + 0.8 + 2 x 0.6 + 0.3; to the right of the hits 2.3, 1.5 and 0.3, and d / (n (n - d)) is 1/20, 1/12, 1/2.
    assert found.rmst == pytest.approx(3.3)
    variance = (2.3**2 / 20 + 1.5**2 / 12 + 0.3**2 / 2) * 5 / 4
    assert found.rmst_low == pytest.approx(3.3 - 2.7764 * math.sqrt(variance), abs=1e-3)
    assert found.rmst_high == 5  # never above the horizon
    assert found.ert == 14 / 3


@pytest.mark.parametrize("runs", [2, 6, 12])
def test_without_censoring_the_band_is_exact_and_the_mean_is_students(runs: int) -> None:
    value = np.sort(np.random.default_rng(runs).lognormal(sigma=0.1, size=runs))
    found = _describe(value.tolist(), [], horizon=10.0)
    for count, (low, high) in enumerate(zip(found.low, found.high, strict=True)):
        exact = stats.binomtest(count, runs).proportion_ci(0.95, method="exact")
        assert (low, high) == pytest.approx((exact.low, exact.high))
    assert found.horizon == 10.0  # the curve is known for ever once all have hit
    mean = stats.ttest_1samp(value, 0).confidence_interval(0.95)
    assert found.rmst == pytest.approx(value.mean())
    if mean.low > 0:
        assert (found.rmst_low, found.rmst_high) == pytest.approx((mean.low, mean.high))


def test_the_band_of_a_censored_curve_by_the_product_of_beta_variables() -> None:
    # After the hit at 4: Beta(5, 1) Beta(4, 1) Beta(2, 1) above, and one more Beta(1, 1) below, by simulation. The
    # product is only close to a beta variable where runs are censored between its factors.
    found = _describe([1.0, 2.0, 4.0], [2.0, 5.0])
    rng = np.random.default_rng(0)
    product = rng.beta(5, 1, 400_000) * rng.beta(4, 1, 400_000) * rng.beta(2, 1, 400_000)
    assert 1 - found.low[3] == pytest.approx(np.quantile(product, 0.975), abs=0.01)
    assert 1 - found.high[3] == pytest.approx(np.quantile(product * rng.random(400_000), 0.025), abs=0.005)


def test_no_hit() -> None:
    found = _describe([], [3.0] * 6)
    assert (found.times, found.reached, found.low) == ([0.0], [0.0], [0.0])
    assert found.high == [pytest.approx(1 - 0.025 ** (1 / 6))]  # six of six is as rare as 2.5% where this many hit
    assert found.horizon == 3.0
    assert (found.rmst, found.rmst_low, found.rmst_high) == (None, None, None)
    assert (found.ert, found.ert_low, found.ert_high) == (None, None, None)


def test_a_lane_that_gives_up_early_has_no_mean_beside_one_that_arrives() -> None:
    never = [Time(0.0365, censored=True)] * 6
    arrives = [Time(t) for t in (0.29, 0.291, 0.295, 0.297, 0.3, 0.303)]
    horizon = common_horizon([never, arrives])
    gave_up, arrived = (survival(times, clock="wall", horizon=horizon) for times in (never, arrives))
    assert gave_up is not None
    assert gave_up.rmst is None
    assert arrived is not None
    assert arrived.rmst == pytest.approx(0.296)


def test_no_hit_before_the_horizon() -> None:
    # Six of six watched to 3: the share that would hit by then is at most 1 - 0.025^(1/6), with 97.5% confidence.
    found = _describe([4.0] * 6, [], horizon=3.0)
    assert (found.rmst, found.rmst_high) == (3.0, 3.0)
    assert found.rmst_low == pytest.approx(3 * 0.025 ** (1 / 6))


def test_a_target_that_was_met_before_the_training_began() -> None:
    at_once = [Time(0.0, first_look=True)] * 3
    found = survival([*at_once, Time(2.0)], clock="wall")
    assert found is not None
    assert (found.times, found.reached) == ([0.0, 2.0], [0.75, 1.0])
    assert (found.rmst, found.ert) == (0.5, 0.5)
    assert common_horizon([at_once]) == 0
    alone = survival(at_once, clock="wall", horizon=0.0)
    assert alone is not None
    assert (alone.reached[-1], alone.rmst, alone.rmst_low, alone.rmst_high, alone.ert) == (1.0, 0.0, 0.0, 0.0, 0.0)


def test_one_run() -> None:
    hit, missed = _describe([3.0], []), _describe([], [3.0])
    assert (hit.times, hit.reached, hit.rmst, hit.ert) == ([0.0, 3.0], [0.0, 1.0], 3.0, 3.0)
    assert (hit.ert_low, hit.ert_high) == (None, None)
    assert (missed.times, missed.rmst, missed.ert) == ([0.0], None, None)
    later = _describe([3.0], [], horizon=8.0)
    assert (later.rmst, later.rmst_low, later.rmst_high) == (3.0, 0.0, 8.0)


def test_no_run() -> None:
    assert survival([], clock="wall") is None


def test_a_hit_by_the_first_look_counts_where_it_was_seen() -> None:
    early = [Time(2.0, first_look=True), Time(4.0)]
    assert survival(early, clock="wall") == survival([Time(2.0), Time(4.0)], clock="wall")


def test_a_crash_does_not_shorten_the_horizon() -> None:
    found = _describe([20.0, 25.0, 30.0], [1.0, 40.0])
    assert found.horizon == 40
    assert found.reached == pytest.approx([0, 0.25, 0.5, 0.75])


def test_the_horizon_that_lanes_have_in_common() -> None:
    done = [Time(30.0), Time(35.0)]
    cut = [Time(20.0), Time(60.0, censored=True)]
    shorter = [Time(25.0), Time(50.0, censored=True)]
    never = [Time(5.0, censored=True)]
    assert common_horizon([done, cut, shorter, never]) == 50
    assert common_horizon([done, cut]) == 60
    assert common_horizon([done, done[:1]]) == 35
    assert common_horizon([never]) is None
    assert common_horizon([]) is None
    for lane, mean in ((done, 32.5), (cut, 35.0), (shorter, 37.5)):
        found = survival(lane, clock="wall", horizon=50.0)
        assert found is not None
        assert (found.horizon, found.rmst) == (50, mean)


def test_a_horizon_beyond_the_last_run_ends_with_it() -> None:
    assert _describe([2.0], [5.0], horizon=9.0) == _describe([2.0], [5.0])
    with pytest.raises(ValueError, match="at least 0"):
        _describe([2.0], [], horizon=-1.0)


def test_expected_running_time_by_all_resamples() -> None:
    # Of two runs, 10 s to a hit and 30 s without one: (10 + 30) / 1. Resamples: 10, 40 twice, and one without a hit.
    found = _describe([10.0], [30.0])
    assert (found.ert, found.ert_low, found.ert_high) == (40.0, 10.0, None)
    # All equal: nothing varies.
    found = _describe([7.0] * 6, [])
    assert (found.ert, found.ert_low, found.ert_high) == (7.0, 7.0, 7.0)


def test_without_censoring_the_resampled_interval_is_as_wide_as_students() -> None:
    value = stats.norm.ppf((np.arange(12) + 0.5) / 12) + 20
    found = _describe(value.tolist(), [])
    expected = stats.ttest_1samp(value, 0).confidence_interval(0.95)
    assert (found.ert_low, found.ert_high) == pytest.approx((expected.low, expected.high), rel=0.005)


_lanes = st.lists(
    st.builds(
        lambda ticks, missed: Time(ticks / 4, censored=missed, first_look=not (ticks or missed)),
        st.integers(0, 40),
        st.booleans(),
    ),
    min_size=1,
    max_size=15,
)


@given(_lanes)
def test_whatever_the_runs_it_is_plain_data_in_order(times: list[Time]) -> None:
    found = survival(times, clock="examples")
    assert found is not None
    assert Survival(**json.loads(json.dumps(asdict(found), allow_nan=False))) == found
    assert found == survival(times[::-1], clock="examples")
    for shares in (found.low, found.reached, found.high):
        assert len(shares) == len(found.times)
        assert all(0 <= a <= b + 1e-12 <= 1 + 1e-9 for a, b in zip(shares, [*shares[1:], 1.0], strict=True))
    assert all(a <= b <= c for a, b, c in zip(found.low, found.reached, found.high, strict=True))
    assert found.times == sorted(set(found.times))
    assert (found.rmst is None) == (found.ert is None) == (not any(found.reached))
    if found.rmst is not None and found.rmst_low is not None and found.rmst_high is not None:
        assert 0 <= found.rmst_low <= found.rmst + 1e-9
        assert found.rmst <= found.rmst_high + 1e-9
        assert found.rmst_high <= found.horizon
    assert found.ert == expected_running_time(times)
    if found.ert is not None and found.ert_low is not None:
        assert found.ert_low <= found.ert + 1e-9
        assert found.ert_high is None or found.ert <= found.ert_high + 1e-9


@pytest.mark.parametrize("cut", [math.inf, 1.0])
def test_the_intervals_hold_the_truth(cut: float) -> None:
    # Lognormal times of median 1; with a budget there half of all runs miss the target.
    lanes, runs, sd = 400, 12, 0.25
    rng = np.random.default_rng(1)
    value = np.exp(sd * rng.standard_normal((lanes, runs)))
    many = np.exp(sd * rng.standard_normal(400_000))
    running = np.minimum(many, cut).mean() / np.mean(many <= cut)
    band = mean = spent = 0
    for row in value:
        found = survival([Time(min(t, cut), censored=t > cut) for t in row.tolist()], clock="wall")
        assert found is not None
        now = int(np.searchsorted(found.times, np.exp(sd * stats.norm.ppf(0.25)), side="right")) - 1
        band += found.low[now] <= 0.25 <= found.high[now]
        mean += found.rmst_low <= np.minimum(many, found.horizon).mean() <= found.rmst_high
        spent += (found.ert_low or 0) <= running <= (found.ert_high or math.inf)
    error = 3 * math.sqrt(0.95 * 0.05 / lanes)
    assert band / lanes >= 0.95 - error
    assert mean / lanes >= (0.95 if math.isinf(cut) else 0.90) - error  # too narrow with half censored
    assert spent / lanes >= 0.95 - error

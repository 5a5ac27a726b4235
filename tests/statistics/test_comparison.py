"""Comparisons of lanes: by hand, at every target, and in simulated races whose truth is known."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from numpy.typing import NDArray

from sooner.results.verdict import Finding, judge
from sooner.statistics.comparison import compare, curve
from sooner.statistics.signed_rank import signed_rank
from sooner.statistics.times import Time, Trajectory

Array = NDArray[np.float64]


def _times(values: list[float], missed: tuple[int, ...] = ()) -> list[Time]:
    return [Time(value, censored=i in missed) for i, value in enumerate(values)]


def test_eight_pairs_by_hand() -> None:
    # The log-ratios are ln 2 times 1 to 8; the limits are the 4th Walsh averages from either end, 2 and 7.
    figures = compare(_times([1.0] * 8), _times([2.0**k for k in range(1, 9)]))
    assert figures.ratio == pytest.approx(2**4.5)
    assert figures.ci_low == pytest.approx(2**2)
    assert figures.ci_high == pytest.approx(2**7)
    assert figures.p_value == 2 / 256
    assert (figures.pairs, figures.hits, figures.against_hits) == (8, 8, 8)


def test_swapping_the_lanes_inverts_the_ratio() -> None:
    rng = np.random.default_rng(3)
    lane, against = _times(rng.uniform(5, 9, 7).tolist(), (2,)), _times(rng.uniform(6, 9, 7).tolist(), (4,))
    one, other = compare(lane, against), compare(against, lane)
    assert one.ratio is not None
    assert one.ratio * (other.ratio or 0.0) == pytest.approx(1)
    assert (one.p_value, one.hits, one.against_hits) == (other.p_value, other.against_hits, other.hits)


def test_a_censored_opponent_leaves_a_lower_bound() -> None:
    figures = compare(_times([1.0] * 6), _times([2.0] * 6, missed=(0, 1, 2, 3, 4, 5)))
    assert figures.ratio is None
    assert figures.ci_low == pytest.approx(2.0)
    assert figures.ci_high is None
    assert figures.p_value == 2 / 64
    assert figures.against_hits == 0


def test_a_censored_lane_leaves_an_upper_bound() -> None:
    figures = compare(_times([4.0] * 6, missed=(5,)), _times([2.0, 2.1, 1.9, 2.0, 2.0, 2.0]))
    assert figures.ci_low is None
    assert figures.ci_high == pytest.approx(2.1 / 4)
    assert figures.ratio == pytest.approx(0.5, abs=0.001)  # one run of six hardly moves the middle


def test_two_lanes_that_never_hit_leave_everything_open() -> None:
    missed = (0, 1, 2, 3, 4, 5)
    figures = compare(_times([3.0] * 6, missed), _times([2.0] * 6, missed))
    assert (figures.ratio, figures.ci_low, figures.ci_high, figures.p_value) == (None, None, None, 1.0)


def test_a_target_reached_by_the_first_look_tells_no_speed() -> None:
    first = [Time(5.0, first_look=True)] * 6
    figures = compare(first, first)
    assert (figures.ratio, figures.ci_low, figures.ci_high, figures.p_value) == (None, None, None, 1.0)
    faster = compare(first, _times([8.0] * 6))
    assert (faster.ci_low, faster.ci_high) == (pytest.approx(1.6), None)


def test_a_target_met_before_the_training_began_gives_what_its_next_look_allows() -> None:
    pretrained = [Time(0.0, first_look=True, within=2.0)] * 6
    figures = compare(pretrained, _times([8.0] * 6))
    assert (figures.ratio, figures.ci_low, figures.ci_high) == (None, pytest.approx(4.0), None)
    figures = compare(_times([8.0] * 6), pretrained)
    assert (figures.ratio, figures.ci_low, figures.ci_high) == (None, None, pytest.approx(0.25))
    figures = compare(pretrained, pretrained)
    assert (figures.ratio, figures.ci_low, figures.ci_high, figures.p_value) == (None, None, None, 1.0)
    unknown = [Time(0.0, first_look=True)] * 6
    assert compare(unknown, _times([8.0] * 6)).ci_low is None


def test_equal_times_are_no_difference() -> None:
    figures = compare(_times([3.0, 4.0, 5.0, 6.0, 7.0, 8.0]), _times([3.0, 4.0, 5.0, 6.0, 7.0, 8.0]))
    assert (figures.ratio, figures.ci_low, figures.ci_high, figures.p_value) == (1.0, 1.0, 1.0, 1.0)


def test_under_six_pairs_there_is_an_estimate_and_no_interval() -> None:
    figures = compare(_times([1.0] * 3), _times([2.0, 2.0, 2.0]))
    assert figures.ratio == pytest.approx(2.0)
    assert (figures.ci_low, figures.ci_high) == (None, None)
    assert figures.p_value == 0.25


def test_a_look_widens_the_interval() -> None:
    # Level 2 / 256: the outermost Walsh averages, 1 and 8.
    lane, against = _times([1.0] * 8), _times([2.0**k for k in range(1, 9)])
    figures = compare(lane, against, alpha=2 / 256, looks=3)
    assert (figures.ci_low, figures.ci_high) == (pytest.approx(2), pytest.approx(2**8))
    assert (figures.looks, figures.alpha, figures.p_value) == (3, 2 / 256, 2 / 256)
    runs = [[Trajectory([t.value, 2 * t.value], [0.5, 0.6], 2 * t.value) for t in lane] for lane in (lane, against)]
    (point,) = curve(*runs, [0.55], alpha=2 / 256)
    assert (point.ci_low, point.ci_high) == (pytest.approx(2), pytest.approx(2**8))
    (plain,) = curve(*runs, [0.55])
    assert (plain.ci_low, plain.ci_high) == (pytest.approx(2**2), pytest.approx(2**7))


def test_no_pairs_at_all() -> None:
    figures = compare([], [])
    assert (figures.ratio, figures.pairs, figures.p_value, figures.pairs_needed) == (None, 0, None, 13)


def test_figures_are_json() -> None:
    text = json.dumps(asdict(compare(_times([1.0] * 6, missed=(1,)), _times([2.0] * 6))), allow_nan=False)
    assert json.loads(text)["ci_low"] is None


def test_runs_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="2 of the lane do not match 3"):
        compare(_times([1.0, 2.0]), _times([1.0, 2.0, 3.0]))
    run = Trajectory([1.0], [0.5], end=1.0)
    with pytest.raises(ValueError, match="not 0 of the lane"):
        curve([], [], [0.5])
    with pytest.raises(ValueError, match="not 1 of the lane and 2"):
        curve([run], [run, run], [0.5])


def _races(rng: np.random.Generator, pairs: int, speed: float) -> list[Trajectory]:
    """Noisy learning curves, 1 - exp(-rate t) seen forty times."""
    seconds = np.arange(1.0, 41.0)
    rates = 0.115 * speed * np.exp(0.075 * rng.standard_normal((pairs, 1)))
    metric = 1 - np.exp(-rates * seconds) + 0.003 * rng.standard_normal((pairs, len(seconds)))
    return [Trajectory(seconds, row, 40.0) for row in metric]


def test_the_curve_is_the_comparison_at_every_target() -> None:
    rng = np.random.default_rng(5)
    fast, slow = _races(rng, 8, 1.3), _races(rng, 8, 1.0)
    targets = np.linspace(0.0, 1.0, 41)
    for point, target in zip(curve(fast, slow, targets), targets, strict=True):
        figures = compare([run.time(target) for run in fast], [run.time(target) for run in slow])
        assert point.target == target
        assert (point.ratio, point.ci_low, point.ci_high) == pytest.approx(
            (figures.ratio, figures.ci_low, figures.ci_high), nan_ok=False
        )


def test_the_curve_is_open_where_looks_or_budgets_end() -> None:
    rng = np.random.default_rng(6)
    points = curve(_races(rng, 8, 1.3), _races(rng, 8, 1.0), [0.01, 0.8, 1.1])
    assert (points[0].ratio, points[0].ci_low, points[0].ci_high) == (None, None, None)
    assert (points[2].ratio, points[2].ci_low, points[2].ci_high) == (None, None, None)
    assert points[1].ci_low is not None
    assert points[1].ci_low > 1


def test_a_target_reached_before_the_clock_moves_is_open_too() -> None:
    untrained = [Trajectory([0.0, 5.0], [0.1, 0.6], end=5.0)] * 6
    selecting = [Trajectory([2.0, 5.0], [0.1, 0.6], end=5.0)] * 6
    point, later = curve(selecting, untrained, [0.05, 0.35])
    assert (point.ratio, point.ci_low, point.ci_high) == (None, None, None)
    assert later.ratio == pytest.approx(2.5 / 3.5)


# Simulated races. A share p of S races has the standard error sqrt(p (1 - p) / S); four of them are allowed.


def _log_ratios(rng: np.random.Generator, races: int, pairs: int, ratio: float, censored: str) -> tuple[Array, Array]:
    """Bounds of the log-ratios of lanes whose times have 7.5% noise, under one of the ways runs are censored."""
    kind, _, percent = censored.partition(" ")
    sd = math.sqrt(math.log1p(0.075**2))
    lane, against = sd * rng.standard_normal((2, races, pairs))
    against += math.log(ratio)
    if kind == "none":
        return against - lane, against - lane
    share = float(percent) / 100
    if kind == "budget":  # one for both lanes
        budget = float(np.quantile(np.concatenate([lane, against]), 1 - share))
    else:
        budget = math.log(1.5 * ratio)
        for times in (lane, against):
            times[rng.random(times.shape) < share] = np.inf
    low = np.where(lane > budget, -np.inf, np.minimum(against, budget) - lane)
    high = np.where(against > budget, np.inf, against - np.minimum(lane, budget))
    return low, high


_CENSORED = ["none", "budget 15", "budget 30", "failure 15", "failure 30"]


@pytest.mark.parametrize("pairs", [6, 8, 12])
@pytest.mark.parametrize("censored", _CENSORED)
@pytest.mark.parametrize("ratio", [1.0, 1.3])
def test_the_interval_covers_the_truth_in_94_of_100_races(pairs: int, censored: str, ratio: float) -> None:
    races = 4000
    found = signed_rank(*_log_ratios(np.random.default_rng(pairs), races, pairs, ratio, censored))
    coverage = np.mean((found.low <= math.log(ratio)) & (math.log(ratio) <= found.high))
    assert coverage >= 0.94 - 4 * math.sqrt(0.94 * 0.06 / races)
    if ratio == 1.0:
        assert np.mean(found.p_value < 0.05) <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / races)


def _findings(rng: np.random.Generator, ratio: float, races: int) -> list[Finding]:
    """What whole races of eight pairs show: from looks to verdicts."""
    found = []
    for _ in range(races):
        fast, slow = _races(rng, 8, ratio), _races(rng, 8, 1.0)
        found.append(judge(compare([run.time(0.9) for run in fast], [run.time(0.9) for run in slow])).finding)
    return found


def test_a_false_verdict_in_at_most_5_of_100_races() -> None:
    found = _findings(np.random.default_rng(8), 1.0, races=1000)
    false = sum(finding in (Finding.FASTER, Finding.SLOWER) for finding in found)
    assert found.count(Finding.NO_DIFFERENCE) + false == 1000
    assert false / 1000 <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 1000)


def test_lanes_apart_by_1_3_are_told_apart_in_95_of_100_races() -> None:
    found = _findings(np.random.default_rng(9), 1.3, races=500)
    assert found.count(Finding.FASTER) / 500 >= 0.95
    assert Finding.SLOWER not in found

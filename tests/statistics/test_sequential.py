"""Looks at a race that goes on: error rates by counting every course of a small race, and by simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from sooner.statistics.comparison import ComparisonFigures, cannot_win, compare, decided
from sooner.statistics.sequential import Look, levels, look, looks, settled
from sooner.statistics.signed_rank import signed_rank
from sooner.statistics.times import Time

Array = NDArray[np.float64]


def _intervals(log_ratios: Array, max_pairs: int) -> list[tuple[Array, Array]]:
    """Lower and upper limits at every look."""
    found = []
    for pairs, alpha in zip(looks(max_pairs), levels(max_pairs), strict=True):
        test = signed_rank(log_ratios[..., :pairs], log_ratios[..., :pairs], alpha=alpha)
        found.append((test.low, test.high))
    return found


def _false_verdicts(log_ratios: Array, max_pairs: int) -> float:
    """Share of races (S, max_pairs) whose interval excludes 1 at any look."""
    return float(np.mean(np.any([(low > 0) | (high < 0) for low, high in _intervals(log_ratios, max_pairs)], axis=0)))


@pytest.mark.parametrize("max_pairs", [6, 7, 8, 12, 24, 40])
def test_looks_go_from_the_first_that_can_decide_to_the_last_pair(max_pairs: int) -> None:
    counts, nominal = looks(max_pairs), levels(max_pairs)
    assert counts == tuple(range(counts[0], max_pairs + 1))
    assert len(nominal) == len(counts)
    for pairs, alpha in zip(counts, nominal, strict=True):
        assert 2 / 2**pairs <= alpha <= 0.05
        assert look(pairs, max_pairs) == Look(pairs - counts[0] + 1, alpha)
    assert look(counts[0] - 1, max_pairs) == Look(0, 0.0)


def test_the_first_looks() -> None:
    assert [looks(max_pairs)[0] for max_pairs in (6, 7, 8, 12, 24, 40)] == [6, 6, 6, 7, 8, 9]


def test_a_race_of_seven_pairs_by_counting_all_of_its_courses() -> None:
    # Six pairs that lean one way end it: 2 of 64 courses. Seven that do leant so at six, too. The smallest against the
    # other six, 2 of 128, leant so at six only if it came last: 6 in 7 of these are new.
    assert levels(7) == (2 / 64, 4 / 128)
    orders = np.array(list(itertools.permutations(range(1, 8))), dtype=np.float64)
    signs = np.array([(1, *rest) for rest in itertools.product((-1, 1), repeat=6)])  # the other half mirrors it
    false = np.mean([_false_verdicts(orders * sign, 7) for sign in signs])
    assert false == pytest.approx(2 / 64 + 2 / 128 * 6 / 7)
    assert false <= 0.05


@pytest.mark.parametrize("max_pairs", [8, 12, 24])
@pytest.mark.parametrize("noise", ["normal", "heavy", "ties"])
def test_at_most_5_of_100_races_between_equal_lanes_end_in_a_verdict_at_any_look(max_pairs: int, noise: str) -> None:
    races = 4_000
    rng = np.random.default_rng(max_pairs)
    log_ratios = (
        rng.standard_normal((races, max_pairs)) if noise != "heavy" else rng.standard_cauchy((races, max_pairs))
    )
    if noise == "ties":
        log_ratios = np.round(log_ratios * 2) / 2
    false = _false_verdicts(log_ratios, max_pairs)
    assert false <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / races)
    if noise == "normal":
        assert false >= 0.03  # looking costs, but not everything


def test_all_intervals_of_a_race_hold_the_truth_together() -> None:
    races, ratio = 10_000, math.log(1.2)
    log_ratios = ratio + 0.1 * np.random.default_rng(4).standard_normal((races, 16))
    held = np.all([(low <= ratio) & (ratio <= high) for low, high in _intervals(log_ratios, 16)], axis=0)
    assert np.mean(held) >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / races)


def test_looking_at_every_pair_at_the_plain_level_is_what_this_prevents() -> None:
    log_ratios = np.random.default_rng(5).standard_normal((4_000, 24))
    plain = [signed_rank(log_ratios[:, :n], log_ratios[:, :n]).p_value < 0.05 for n in range(6, 25)]
    assert np.mean(np.any(plain, axis=0)) > 0.10


def _figures(ci_low: float | None, ci_high: float | None) -> ComparisonFigures:
    return ComparisonFigures(None, ci_low, ci_high, 12, 0.5, 12, 12, 19, 3, 0.02)


@pytest.mark.parametrize(
    ("ci_low", "ci_high", "over", "hopeless"),
    [
        (1.01, 1.30, True, False),  # faster
        (1.01, 1.05, True, True),  # faster, by less than matters
        (0.70, 0.99, True, True),  # slower
        (0.95, 1.05, True, True),  # no difference above 10%
        (0.9092, 1.0999, True, True),
        (0.9089, 1.0999, False, True),
        (0.90, 1.05, False, True),
        (0.95, 1.11, False, False),
        (1.20, None, True, False),
        (0.95, None, False, False),
        (None, 0.90, True, True),
        (None, 1.05, False, True),
        (None, 1.50, False, False),
        (None, None, False, False),
    ],
)
def test_when_it_is_over(ci_low: float | None, ci_high: float | None, over: bool, hopeless: bool) -> None:
    assert decided(_figures(ci_low, ci_high), detect=0.10) == over
    assert cannot_win(_figures(ci_low, ci_high), detect=0.10) == hopeless
    low = -math.inf if ci_low is None else math.log(ci_low)
    high = math.inf if ci_high is None else math.log(ci_high)
    assert settled([low], [high], 0.10).tolist() == [over]


def test_nothing_is_decided_before_the_first_look() -> None:
    now = look(7, 24)
    figures = compare([Time(1.0)] * 7, [Time(9.0)] * 7, alpha=now.alpha, looks=now.number)
    assert (figures.ci_low, figures.ci_high) == (None, None)
    assert not decided(figures, detect=0.10)
    assert not cannot_win(figures, detect=0.10)


def test_a_lane_that_never_hits_is_soon_hopeless() -> None:
    now = look(8, 24)
    figures = compare([Time(9.0, censored=True)] * 8, [Time(5.0)] * 8, alpha=now.alpha, looks=now.number)
    assert figures.ci_high == pytest.approx(5 / 9)
    assert decided(figures, detect=0.10)
    assert cannot_win(figures, detect=0.10)


def test_impossible_races_are_refused() -> None:
    for attempt in (levels, looks):
        with pytest.raises(ValueError, match="at least 6"):
            attempt(5)
    for pairs in (-1, 25):
        with pytest.raises(ValueError, match="cannot have"):
            look(pairs, 24)
    with pytest.raises(ValueError, match="detect must be above 0"):
        decided(_figures(1.1, 1.2), detect=0.0)

"""The level of a comparison at every target at once."""

from __future__ import annotations

import numpy as np
import pytest

from sooner.statistics.anywhere import level_anywhere
from sooner.statistics.comparison import CurvePoint, curve
from sooner.statistics.times import Trajectory

TARGETS = np.linspace(0.2, 0.9, 30)


def learning(rng: np.random.Generator, speed: float = 1.0) -> Trajectory:
    seconds = np.linspace(1, 40, 40)
    rate = 0.115 * speed * np.exp(0.05 * rng.standard_normal())
    return Trajectory(seconds, 1 - np.exp(-rate * seconds) + 0.01 * rng.standard_normal(40), 40.0)


def lanes(rng: np.random.Generator, pairs: int, speed: float = 1.0) -> tuple[list[Trajectory], list[Trajectory]]:
    return [learning(rng, speed) for _ in range(pairs)], [learning(rng) for _ in range(pairs)]


def test_where_every_pair_leans_one_way_all_along_nothing_is_lost() -> None:
    lane, against = lanes(np.random.default_rng(0), 6, speed=2.0)
    assert level_anywhere(lane, against, TARGETS) == 2 / 64


def test_at_one_target_it_is_the_level_that_the_test_attains() -> None:
    lane, against = lanes(np.random.default_rng(1), 8)
    # Of eight pairs the sum of ranks is at most 3 in 5 of 256 swaps, and at most 4 in 7 (5.5%).
    assert level_anywhere(lane, against, [0.5]) == pytest.approx(2 * 5 / 256)
    assert level_anywhere(lane, against, [0.5], alpha=2 / 256) == pytest.approx(2 / 256)
    assert level_anywhere(lane, against, [0.5], alpha=1 / 256) == 0.0


@pytest.mark.parametrize(("pairs", "races"), [(6, 200), (8, 150), (12, 80)])
def test_equal_lanes_are_told_apart_anywhere_in_at_most_5_percent(pairs: int, races: int) -> None:
    rng = np.random.default_rng(pairs)
    plain, allowed = 0, 0
    for _ in range(races):
        lane, against = lanes(rng, pairs)
        level = level_anywhere(lane, against, TARGETS)
        plain += any(map(tells, curve(lane, against, TARGETS)))
        allowed += any(map(tells, curve(lane, against, TARGETS, alpha=level)))
    assert allowed <= 0.05 * races + 3 * np.sqrt(0.05 * 0.95 * races)
    assert plain > 0.07 * races  # what it is for


def tells(point: CurvePoint) -> bool:
    return (point.ci_low or 0) > 1 or (point.ci_high or 9) < 1


def test_runs_that_ended_early_and_late_hits_are_bounds() -> None:
    lane, against = lanes(np.random.default_rng(3), 8, speed=1.5)
    short = [Trajectory(np.asarray(run.seconds)[:15], np.asarray(run.metric)[:15], 15.0) for run in lane]
    assert 0 <= level_anywhere(short, against, TARGETS) <= 0.05


def test_a_lane_needs_as_many_runs_as_the_other() -> None:
    lane, against = lanes(np.random.default_rng(4), 6)
    with pytest.raises(ValueError, match="6 do not match 5"):
        level_anywhere(lane, against[:5], TARGETS)

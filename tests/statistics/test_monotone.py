"""Climbs made monotone, by hand and by what must hold for all."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sooner.statistics.monotone import monotone

METRICS = st.lists(st.floats(0, 1), min_size=1, max_size=9)


def test_what_rises_is_left_alone() -> None:
    assert monotone([0.2, 0.5, 0.5, 0.9]) == [0.2, 0.5, 0.5, 0.9]
    assert monotone([]) == []


def test_two_in_the_wrong_order_meet_in_the_middle() -> None:
    assert monotone([0.25, 0.75, 0.5, 1.0]) == [0.25, 0.625, 0.625, 1.0]


def test_one_lucky_end_among_misses_is_outvoted() -> None:
    # Position 1 is in the stretch 0.75, 0.25, 0.5 of median 0.5, and in no better one that starts at or before it.
    assert monotone([0.25, 0.75, 0.25, 0.5, 1.0]) == [0.25, 0.5, 0.5, 0.5, 1.0]


def test_a_run_that_broke_off_is_outvoted_by_the_hits_around_it() -> None:
    assert monotone([0.5, 0.875, 0.875, -math.inf, 0.875]) == [0.5, 0.875, 0.875, 0.875, 0.875]
    assert monotone([0.5, 0.875, 0.9375, -math.inf]) == [0.5, 0.875, 0.875, 0.875]


def test_a_run_that_broke_off_at_the_smallest_budget_is_a_miss() -> None:
    assert monotone([-math.inf, 0.5, 0.9]) == [-math.inf, 0.5, 0.9]


@given(METRICS)
def test_it_never_falls_stays_in_range_and_changes_nothing_twice(metric: list[float]) -> None:
    curve = monotone(metric)
    assert len(curve) == len(metric)
    assert all(low <= high for low, high in pairwise(curve))
    assert min(metric) <= curve[0]
    assert curve[-1] <= max(metric)
    assert monotone(curve) == curve


@given(METRICS, st.data())
def test_a_better_end_never_makes_a_curve_worse(metric: list[float], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(metric) - 1))
    better = [*metric[:place], data.draw(st.floats(metric[place], 1)), *metric[place + 1 :]]
    assert all(old <= new for old, new in zip(monotone(metric), monotone(better), strict=True))

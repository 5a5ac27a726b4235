"""Looks that all runs had."""

from __future__ import annotations

import numpy as np

from sooner.statistics.grid import nearest, spacing


def test_the_usual_spacing_of_a_lane() -> None:
    assert spacing([[1.0, 2.0, 3.0, 9.0], [2.0, 4.0]]) == 1.5
    assert spacing([[4.0], [], [1.0, 4.0]]) == 3.0
    assert spacing([[4.0], []]) is None
    assert spacing([]) is None


def test_one_look_for_each_point_of_a_regular_grid_and_the_end() -> None:
    seconds = np.arange(1.0, 21.0)
    assert seconds[nearest(seconds, 5.0)].tolist() == [1.0, 5.0, 10.0, 15.0, 20.0]
    assert seconds[nearest(seconds[:17], 5.0)].tolist() == [1.0, 5.0, 10.0, 17.0]  # 17 is nearer than half of 5 to 15
    assert nearest([], 5.0).tolist() == []
    assert nearest([3.0], 5.0).tolist() == [0]


def test_a_point_without_a_look_near_it_is_not_read() -> None:
    seconds = np.array([4.0, 5.5, 21.0, 30.0])
    assert seconds[nearest(seconds, 5.0)].tolist() == [5.5, 21.0, 30.0]

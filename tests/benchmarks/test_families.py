"""The fast form of the test that benchmarks/statistics/families.py simulates with is the race's own."""

from __future__ import annotations

import numpy as np
from benchmarks._sooner import lean_of
from benchmarks.statistics.families import SD, World, p_values, races_of


def test_ranks_give_the_p_values_of_the_race() -> None:
    logs, told = races_of(World(spread=2.0, cut=0.5), 3, 12, 50)
    flat, kept = logs.reshape(-1, 12), told.reshape(-1, 12)
    assert not kept.all()
    np.testing.assert_allclose(p_values(flat, kept), lean_of(flat, kept)[0])


def test_equal_lanes_are_equal_by_what_is_tested() -> None:
    shift, budget = World(spread=3.0, cut=0.5).centred()
    assert shift < -0.5 * SD  # the noisier lane arrives sooner within the budget, so its baseline is made quicker
    assert World().centred()[0] == 0 or abs(World().centred()[0]) < 0.01 * SD
    assert np.isfinite(budget)

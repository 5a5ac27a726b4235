"""Runs begun again, by hand."""

import numpy as np
import pytest

from sooner.results.records import Lane
from sooner.results.starts import notices
from sooner.results.suspicions import StartedAgain
from tests.reporting.races import run


def lanes(theirs: list[int], mine: list[int], *, holds: str = "function") -> list[Lane]:
    """Runs that were taken up again so often."""
    of = [[run([0.1, 0.9], seed=seed, resumed=again) for seed, again in enumerate(each)] for each in (theirs, mine)]
    return [
        Lane("baseline", "baseline", {holds: "a"}, of[0]),
        Lane("x", "lane", {holds: "b"}, of[1], opponents=["baseline"]),
    ]


@pytest.mark.parametrize("holds", ["function", "model"])
def test_a_lane_that_was_interrupted_more_often_is_told(holds: str) -> None:
    often = [1, 0, 2, 1, 1, 0, 0, 3, 1, 0]
    told = StartedAgain("x", 6, 10, "baseline", 0, 10)
    assert notices(lanes([0] * 10, often, holds=holds)) == [told]
    assert [(each.lane, each.than) for each in notices(lanes(often, [0] * 10))] == [("baseline", "x")]


def test_of_functions_it_is_told_from_a_third_of_the_runs_on() -> None:
    third = [1, 1, 1, 0, 0, 0]
    assert notices(lanes([0] * 6, third)) == [StartedAgain("x", 3, 6, "baseline", 0, 6)]
    assert notices(lanes([1, 0, 0, 0, 0, 0], third)) == [StartedAgain("x", 3, 6, "baseline", 1, 6)]
    assert notices(lanes([0] * 6, third, holds="model")) == []  # goes on from where it was saved


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [([0] * 6, [0] * 6), ([0] * 6, [1, 1, 0, 0, 0, 0]), ([1] * 6, [1] * 6), ([0, 0], [1, 1])],
)
def test_what_chance_may_do_is_no_sign(theirs: list[int], mine: list[int]) -> None:
    assert notices(lanes(theirs, mine)) == []


def test_races_that_are_stopped_now_and_then_are_seldom_suspected() -> None:
    """Each run is interrupted with a chance of 15%, whichever lane it is of."""
    rng = np.random.default_rng(6)
    found = [notices(lanes(*(list(rng.binomial(1, 0.15, 12)) for _ in range(2)))) for _ in range(200)]
    assert sum(map(bool, found)) <= 10

"""Metrics before any training, by hand."""

import numpy as np
import pytest

from sooner.results.beginnings import notices
from sooner.results.records import Evaluation, Lane, Run
from sooner.results.suspicions import HeadStart
from tests.reporting.races import run


def lanes(theirs: list[float], mine: list[float], *, examples: int = 0) -> list[Lane]:
    """Runs whose first evaluation gives these metrics, after so many examples."""

    def runs(first: list[float]) -> list[Run]:
        made = [run([metric, 0.7, 0.9], seed=seed) for seed, metric in enumerate(first)]
        later = [[Evaluation(0.0, 1, examples, each.evaluations[0].metric), *each.evaluations[1:]] for each in made]
        return [Run(**{**vars(each), "evaluations": looks}) for each, looks in zip(made, later, strict=True)]

    return [
        Lane("baseline", "baseline", {"function": "a"}, runs(theirs)),
        Lane("x", "lane", {"function": "b"}, runs(mine), opponents=["baseline"]),
    ]


CHANCE = [0.1, 0.12, 0.08, 0.11, 0.09, 0.1]
AHEAD = [0.6, 0.62, 0.58, 0.61, 0.59, 0.6]


def test_a_lane_that_was_trained_before_is_told() -> None:
    assert notices(lanes(CHANCE, AHEAD), 0.8) == [HeadStart("x", "baseline", pytest.approx(0.6), pytest.approx(0.1))]  # type: ignore[arg-type]
    assert [(told.lane, told.than) for told in notices(lanes(AHEAD, CHANCE), 0.8)] == [("baseline", "x")]


@pytest.mark.parametrize(
    ("theirs", "mine", "examples"),
    [
        (CHANCE, AHEAD, 64),  # it has seen examples by then
        (CHANCE[:5], AHEAD[:5], 0),
        (CHANCE, [each + 0.05 for each in CHANCE], 0),  # by less than a tenth of the way
        (CHANCE, [0.6, 0.05, 0.6, 0.05, 0.6, 0.05], 0),
    ],
)
def test_less_than_that_is_no_sign(theirs: list[float], mine: list[float], examples: int) -> None:
    assert notices(lanes(theirs, mine, examples=examples), 0.8) == []


def test_beyond_the_target_no_lane_is_ahead() -> None:
    assert notices(lanes(CHANCE, [each + 0.05 for each in CHANCE]), 0.1) == []


def test_honest_lanes_begin_alike() -> None:
    rng = np.random.default_rng(5)
    found = [notices(lanes(*(list(rng.normal(0.1, 0.03, 8)) for _ in range(2))), 0.8) for _ in range(200)]
    assert sum(map(bool, found)) == 0

"""Seconds off the clock, by hand."""

import numpy as np
import pytest

from sooner.results.evaluating import notices
from sooner.results.records import Lane, Run
from sooner.results.suspicions import EvaluationLonger
from tests.reporting.races import run


def lanes(theirs: list[float], mine: list[float]) -> list[Lane]:
    """Runs of 10 looks, 9 seconds on the clock, that take these seconds off it for each look."""

    def runs(each: list[float]) -> list[Run]:
        return [
            run([0.1 * place for place in range(10)], seed=seed, phases={"run": 9.0, "evaluate": 10 * seconds})
            for seed, seconds in enumerate(each)
        ]

    return [
        Lane("baseline", "baseline", {"function": "a"}, runs(theirs)),
        Lane("x", "lane", {"function": "b"}, runs(mine), opponents=["baseline"]),
    ]


SHORT = [0.1, 0.11, 0.12, 0.1, 0.09, 0.1]


def test_a_lane_that_evaluates_much_longer_is_told_whichever_it_is() -> None:
    long = [0.8, 0.81, 0.79, 0.85, 0.8, 0.7]
    assert notices(lanes(SHORT, long)) == [
        EvaluationLonger("x", "baseline", pytest.approx(0.8), pytest.approx(0.1), pytest.approx(7 / 9))  # type: ignore[arg-type]
    ]
    assert [(told.lane, told.than) for told in notices(lanes(long, SHORT))] == [("baseline", "x")]


def test_evaluations_of_the_other_lane_may_take_no_time() -> None:
    (told,) = notices(lanes([0.0] * 6, [0.5] * 6))
    assert (told.than_seconds, told.share) == (0.0, pytest.approx(5 / 9))


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        (SHORT, [0.15] * 6),  # not twice as long
        ([0.001] * 6, [0.02] * 6),  # not a tenth of the run
        (SHORT[:5], [0.8] * 5),  # too few pairs
        (SHORT, [0.8, 0.05, 0.8, 0.05, 0.8, 0.05]),  # not in all pairs
        ([0.0] * 6, [0.0] * 6),
    ],
)
def test_less_than_that_is_no_sign(theirs: list[float], mine: list[float]) -> None:
    assert notices(lanes(theirs, mine)) == []


def test_on_a_noisy_machine_honest_lanes_are_not_suspected() -> None:
    rng = np.random.default_rng(4)
    found = [notices(lanes(*(list(0.5 * rng.lognormal(0, 0.5, 8)) for _ in range(2)))) for _ in range(200)]
    assert sum(map(bool, found)) <= 2

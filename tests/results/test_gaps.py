"""Validation above test: a lane that has seen the validation examples, against honest ones that differ a little."""

import numpy as np
import pytest

from sooner.results.gaps import excess, notices
from sooner.results.records import Lane, Results, Run
from sooner.results.rescoring import rescore
from sooner.results.suspicions import MetricInflated
from sooner.results.verdict import Cause, Finding, Reason
from tests.reporting.races import race, run


def climbing(seed: int, end: float, gap: float, *, slow: float = 1.0, **more: object) -> Run:
    """Ten looks from 0.1 to `end`, on a straight line."""
    metrics = [float(metric) for metric in np.linspace(0.1 + 0.001 * seed, end, 10)]
    return run(metrics, seed=seed, slow=slow * (1 + 0.002 * seed), test_metric=metrics[-1] - gap, **more)


def scored(theirs: list[Run], mine: list[Run], target: float = 0.8) -> Results:
    lanes = [
        Lane("baseline", "baseline", {"a": 1}, theirs),
        Lane("x", "lane", {"a": 2}, mine, opponents=["baseline"]),
    ]
    return rescore(race(lanes, target=target), curves=False)


def gaps(around: float, spread: float = 0.003) -> list[float]:
    return [around + spread * step for step in (-1, 0.4, 1, -0.6, 0.2, 0, 0.8, -0.9)]


HONEST = [climbing(seed, 0.9, gap) for seed, gap in enumerate(gaps(0.01))]


def test_a_lane_whose_validation_metric_alone_is_high_is_told_and_gets_no_verdict() -> None:
    results = scored(HONEST, [climbing(seed, 0.99, gap, slow=1.0) for seed, gap in enumerate(gaps(0.1))])
    (told,) = notices(results.lanes)
    assert (told.lane, told.than) == ("x", "baseline")
    assert told.by == pytest.approx(0.09, abs=0.002)
    assert told.ci_low < told.by < told.ci_high
    assert {(c.finding, c.reasons) for c in results.comparisons} == {
        (Finding.WITHHELD, (Reason(Cause.METRIC_INFLATED, ("x",)),))
    }


def test_it_is_the_same_for_a_baseline() -> None:
    peeking = [climbing(seed, 0.99, gap, slow=1.0) for seed, gap in enumerate(gaps(0.1))]
    results = scored(peeking, HONEST)
    assert [(told.lane, told.than) for told in notices(results.lanes)] == [("baseline", "x")]
    assert results.comparisons[0].reasons == (Reason(Cause.METRIC_INFLATED, ("baseline",)),)


def test_a_lead_that_it_does_not_explain_stands() -> None:
    results = scored(HONEST, [climbing(seed, 0.99, gap, slow=0.3) for seed, gap in enumerate(gaps(0.09))])
    assert isinstance(notices(results.lanes)[0], MetricInflated)
    assert results.comparisons[0].finding is Finding.FASTER


def test_what_the_other_lane_never_reached_is_withheld_too() -> None:
    results = scored(HONEST, [climbing(seed, 0.99, gap) for seed, gap in enumerate(gaps(0.09))], target=0.95)
    assert results.comparisons[0].finding is Finding.WITHHELD


@pytest.mark.parametrize("gap", [0.01, 0.018])
def test_less_than_a_point_is_no_sign(gap: float) -> None:
    assert excess([climbing(seed, 0.95, each) for seed, each in enumerate(gaps(gap))], HONEST) is None
    assert excess([climbing(seed, 0.95, each) for seed, each in enumerate(gaps(gap + 0.02))], HONEST) is not None


def test_gaps_that_vary_as_much_from_seed_to_seed_are_no_sign() -> None:
    assert excess([climbing(seed, 0.95, each) for seed, each in enumerate(gaps(0.04, 0.025))], HONEST) is None


def test_runs_without_a_test_metric_and_too_few_pairs_say_nothing() -> None:
    high = [climbing(seed, 0.99, gap) for seed, gap in enumerate(gaps(0.09))]
    assert excess(high[:5], HONEST) is None
    assert excess([climbing(seed, 0.99, 0.09, stopped="loss became nan") for seed in range(8)], HONEST) is None


@pytest.mark.parametrize("pairs", [6, 10])
def test_honest_lanes_are_seldom_suspected(pairs: int) -> None:
    """1,000 validation and test examples each, split anew by seed, and methods that differ by half a point."""
    rng = np.random.default_rng(pairs)

    def lane(more: float) -> list[Run]:
        return [climbing(seed, 0.9, float(rng.normal(0.01 + more, 0.013))) for seed in range(pairs)]

    found = [excess(lane(0.005), lane(0.0)) for _ in range(200)]
    assert sum(each is not None for each in found) <= 2

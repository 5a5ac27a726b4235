"""Runs that are one run, against runs that only look alike."""

import numpy as np
import pytest

from sooner.results.records import Lane, Results, Run
from sooner.results.rescoring import rescore
from sooner.results.seeds import distinct, notices
from sooner.results.suspicions import SeedIgnored
from sooner.results.verdict import Cause, Finding, Reason
from tests.reporting.races import race, run

LUCKY = [0.1, 0.22, 0.31, 0.45, 0.58, 0.71, 0.8]


def honest(seed: int, *, slow: float = 1.0) -> Run:
    noise = np.random.default_rng([7, seed]).normal(scale=0.01, size=len(LUCKY))
    return run([float(metric) for metric in LUCKY + noise], seed=seed, slow=slow)


def repeated(seed: int, *, slow: float = 0.5) -> Run:
    return run(LUCKY, seed=seed, slow=slow * (1 + 0.001 * seed))


def scored(theirs: list[Run], mine: list[Run]) -> Results:
    lanes = [
        Lane("baseline", "baseline", {"function": "a"}, theirs),
        Lane("x", "lane", {"function": "b"}, mine, opponents=["baseline"]),
    ]
    return rescore(race(lanes), curves=False)


def test_a_lane_that_ignores_its_seed_is_told_and_gets_no_verdict() -> None:
    results = scored([honest(seed, slow=1.5) for seed in range(8)], [repeated(seed) for seed in range(8)])
    assert notices(results.lanes) == [SeedIgnored("x", 8, 1)]
    assert {c.clock for c in results.comparisons} == {"wall", "examples"}
    wall = results.comparisons[0]
    assert (wall.finding, wall.reasons) == (Finding.WITHHELD, (Reason(Cause.SEED_IGNORED, ("x",)),))
    assert wall.ratio == pytest.approx(3.0, rel=0.1)  # the figures stay


def test_a_baseline_that_ignores_its_seed_is_no_better() -> None:
    results = scored([repeated(seed, slow=1.5) for seed in range(8)], [honest(seed) for seed in range(8)])
    assert notices(results.lanes) == [SeedIgnored("baseline", 8, 1)]
    assert results.comparisons[0].reasons == (Reason(Cause.SEED_IGNORED, ("baseline",)),)


def test_a_few_lucky_seeds_in_turn_are_as_few_runs() -> None:
    mine = [repeated(seed) if seed % 2 else honest(0) for seed in range(8)]
    mine = [run([look.metric for look in each.evaluations], seed=seed) for seed, each in enumerate(mine)]
    assert distinct(mine) == 2
    assert notices(scored([honest(seed) for seed in range(8)], mine).lanes) == [SeedIgnored("x", 8, 2)]


def test_a_run_that_ends_sooner_is_the_same_run_so_far() -> None:
    assert distinct([run(LUCKY[: 5 + seed % 3], seed=seed) for seed in range(6)]) == 1


@pytest.mark.parametrize(("noise", "runs"), [(1e-7, 1), (1e-5, 1), (1e-3, 8)])
def test_sums_that_a_device_rounds_otherwise_make_no_other_run(noise: float, runs: int) -> None:
    rng = np.random.default_rng(3)
    rounded = [run([metric + noise * rng.uniform() for metric in LUCKY], seed=seed) for seed in range(8)]
    assert distinct(rounded) == runs
    flat = [run([0.5 + noise * rng.uniform() for _ in range(10)], seed=seed) for seed in range(8)]
    assert distinct(flat) == 8  # nothing but the noise


def test_lanes_that_train_alike_differ_in_speed_alone() -> None:
    results = scored([repeated(seed, slow=1.0) for seed in range(6)], [repeated(seed) for seed in range(6)])
    assert notices(results.lanes) == []
    assert results.comparisons[0].finding is Finding.FASTER


@pytest.mark.parametrize(
    "metrics",
    [
        [0.0, 1.0, 1.0, 1.0, 1.0, 1.0],  # solved at once
        [0.1, 0.5, 0.9, 0.9, 0.9],  # three values
        [0.5] * 10,
        [],
    ],
)
def test_a_metric_of_few_values_is_no_sign(metrics: list[float]) -> None:
    assert distinct([run(metrics, seed=seed) for seed in range(8)]) == 8


def test_two_runs_of_a_coarse_metric_may_be_alike_by_chance() -> None:
    runs = [run([0.1, 0.3, 0.5, 0.7, 0.8, 0.9], seed=0), run([0.1, 0.3, 0.5, 0.7, 0.8, 0.9], seed=1)]
    assert distinct(runs) == 2
    assert distinct([*runs, run([0.1, 0.3, 0.5, 0.7, 0.8, 0.9], seed=2)]) == 3
    assert distinct([run([0.1, 0.3, 0.5, 0.7, 0.8, 0.9], seed=seed) for seed in range(4)]) == 1


def coarse(rng: np.random.Generator, examples: int, seed: int) -> Run:
    """Ten looks at a metric of so many examples, as it climbs from 10% to 97%."""
    share = 0.97 - 0.87 * np.exp(-np.linspace(0, 4, 10))
    return run([float(metric) for metric in rng.binomial(examples, share) / examples], seed=seed)


@pytest.mark.parametrize("examples", [20, 40, 200])
def test_honest_lanes_with_a_coarse_metric_are_not_suspected(examples: int) -> None:
    rng = np.random.default_rng(examples)
    lanes = [[coarse(rng, examples, seed) for seed in range(12)] for _ in range(200)]
    assert sum(distinct(runs) < 12 for runs in lanes) == 0

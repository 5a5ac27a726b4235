from __future__ import annotations

import dataclasses
from itertools import pairwise

import pytest

from sooner.reporting.page.targets import FEWEST, MOST, amount, choices, moments
from sooner.results.records import Lane, Results
from sooner.results.rescoring import rescore
from tests.reporting.races import fitted, race, realistic, run


def test_targets_are_round_ascending_and_closest_at_the_top() -> None:
    found = choices(realistic(), 40)
    assert found == sorted(set(found))
    assert 30 < len(found) <= 41
    assert all(round(target, 4) == target for target in found)
    gaps = [after - before for before, after in pairwise(found)]
    assert sum(gaps[:5]) > 5 * sum(gaps[-5:])


def test_they_reach_from_the_untrained_metric_to_the_best_and_have_the_races_own() -> None:
    results = realistic()
    found = choices(results, 40)
    metrics = [[e.metric for e in each.evaluations] for lane in results.lanes for each in lane.runs]
    assert max(each[0] for each in metrics) < found[0] < 0.2
    assert max(max(each) for each in metrics) - 0.01 < found[-1] <= max(max(each) for each in metrics)
    assert results.target in found
    odd = dataclasses.replace(results, target=0.89873)
    assert 0.89873 in choices(odd, 40)
    assert 0.99 in choices(dataclasses.replace(results, target=0.99), 40), "one that nobody reached is there, too"


@pytest.mark.parametrize("metrics", [[], [0.1], [0.1, 0.1], [0.5, 0.2]])
def test_without_any_progress_there_is_the_races_own_target_alone(metrics: list[float]) -> None:
    assert choices(race([Lane("baseline", "baseline", {}, [run(metrics)])]), 40) == [0.5]


@pytest.mark.parametrize("results", [realistic(), fitted()], ids=["first-hit", "fitted"])
def test_each_moment_is_the_race_rescored(results: Results) -> None:
    found = moments(results)
    assert found.race == results
    for at in (found.results[3], found.results[-2]):
        assert at.target != results.target
        assert at == rescore(results, at.target, curves=False)


@pytest.mark.parametrize(("lanes", "expected"), [(0, MOST), (3, MOST), (20, 41), (31, 26), (1000, FEWEST)])
def test_large_races_have_fewer_targets(lanes: int, expected: int) -> None:
    runs = [run([0.1, 0.6], seed=seed) for seed in range(6)]
    assert amount(race([Lane(f"lane-{i}", "lane", {}, runs) for i in range(lanes)])) == expected


def test_results_of_an_older_version_get_what_they_lack() -> None:
    results = realistic()
    lanes = [dataclasses.replace(lane, opponents=[], survival=[]) for lane in results.lanes]
    wall = [c for c in results.comparisons if c.clock == "wall"]
    older = dataclasses.replace(results, lanes=lanes, comparisons=wall)
    assert moments(older).results == moments(results).results

from __future__ import annotations

import pytest

from sooner.reporting.summary import Median, Spread, kind, median_to_target, on_the_clock, spread, summarise
from sooner.results.records import Lane
from tests.reporting.races import compared, race, run


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], None),
        ([(2.0, 9.0), (4.0, 9.0), (3.0, 9.0)], Median(3.0)),
        # One miss of three counts as latest: the median is the slower hit, not the mean of the hits.
        ([(2.0, 9.0), (4.0, 9.0), (None, 1.0)], Median(4.0)),
        # Half missed: the middle lies between the slower hit and something unknown past 9.
        ([(2.0, 9.0), (4.0, 9.0), (None, 9.0), (None, 9.0)], Median(6.5, at_least=True)),
        ([(None, 5.0), (None, 7.0)], Median(6.0, at_least=True)),
    ],
)
def test_a_run_that_missed_is_later_than_all_that_hit(
    pairs: list[tuple[float | None, float]], expected: Median | None
) -> None:
    assert median_to_target(pairs) == expected


def test_spread_of_the_values_that_exist() -> None:
    assert spread([0.2, None, 0.6, 0.3]) == Spread(0.3, 0.2, 0.6)
    assert spread([None]) is None


def test_summary_of_a_lane_with_a_miss() -> None:
    runs = [run([0.1, 0.3, 0.7], seed=0, slow=2.0), run([0.1, 0.9], seed=1), run([0.1, 0.2], seed=2)]
    (found,) = summarise(race([Lane("baseline", "baseline", {}, runs)]))
    assert found.hits == 2
    assert found.wall == Median(3.0)  # 1.5 looks at 2 s each
    assert found.examples == Median(150.0)
    assert found.final == Spread(0.7, 0.2, 0.9)


def test_a_lane_without_runs_has_no_figures() -> None:
    (found,) = summarise(race([Lane("x", "lane", {}, [])]))
    assert (found.wall, found.examples, found.final, found.test, found.against_baseline) == (None, None, None, None, [])


def test_comparisons_are_filed_by_what_the_other_lane_is_and_by_clock() -> None:
    lanes = [
        Lane("full", "baseline", {"name": "full", "budget": "10ep", "lr": 1}, []),
        Lane("x", "lane", {"name": "x", "budget": "1ep", "lr": 1, "sampling": "rs2"}, []),
        Lane("short", "control", {"name": "short", "budget": "1ep", "lr": 1}, []),
        Lane("random@x", "control", {"name": "random@x", "budget": "1ep", "lr": 1, "sampling": "random"}, []),
    ]
    results = race(
        lanes,
        [compared("x", other, 1.0, 0.9, 1.1, clock=clock)
         for other in ("full", "short", "random@x") for clock in ("wall", "examples")],
    )  # fmt: skip
    found = summarise(results)[1]
    assert [(c.against, c.clock) for c in found.against_baseline] == [("full", "wall")]
    assert [(c.against, c.clock) for c in found.against_controls] == [
        ("short", "wall"),
        ("random@x", "wall"),
    ]


def test_the_baselines_recipe_on_another_budget_is_a_fitted_control_whoever_raced_it() -> None:
    base = Lane("baseline", "baseline", {"name": "baseline", "budget": "10ep", "lr": 1}, [])
    mine = Lane("mine", "lane", {"name": "mine", "summary": "short", "budget": "2ep", "lr": 1}, [])
    other = Lane("other", "lane", {"name": "other", "budget": "2ep", "lr": 2}, [])
    results = race([base, mine, other])
    assert [kind(results, lane) for lane in results.lanes] == ["baseline", "fitted", "lane"]


def test_evaluating_and_saving_are_off_the_clock() -> None:
    assert on_the_clock(run([], phases={"train": 3.0, "sampling": 0.5, "evaluate": 9.0, "checkpoint": 1.0})) == 3.5

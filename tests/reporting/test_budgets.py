from __future__ import annotations

import dataclasses

from sooner.reporting.budgets import bracket, has_rungs, smallest
from sooner.results.records import Lane, Results
from sooner.results.rescoring import rescore
from tests.reporting.races import fitted, realistic


def lane(results: Results, name: str) -> Lane:
    return next(each for each in results.lanes if each.name == name)


def test_the_bracket_around_the_target() -> None:
    results = fitted()
    enough, below = bracket(results, lane(results, "baseline"))
    assert enough is not None
    assert below is not None
    assert (enough.rung.budget, enough.share, below.rung.budget, below.share) == (
        "4ep", "2 of 3 seeds", "2ep", "0 of 3 seeds",
    )  # fmt: skip


def test_seeds_count_at_budgets_that_they_did_not_run() -> None:
    results = fitted()
    x = lane(results, "x")
    # The last seed ran 1ep and 2ep only, which bracket its crossing.
    runs = [*x.runs[:2], dataclasses.replace(x.runs[2], evaluations=x.runs[2].evaluations[:2])]
    results = rescore(dataclasses.replace(results, lanes=[results.lanes[0], dataclasses.replace(x, runs=runs)]))
    assert smallest(results, lane(results, "x")).startswith("2ep is enough: 2.00 s, 2 of 3 seeds reach the target")


def test_at_a_target_that_brackets_do_not_tell_of_the_whole_ladders_decide() -> None:
    results = fitted()
    x = lane(results, "x")
    runs = [*x.runs[:2], dataclasses.replace(x.runs[2], evaluations=x.runs[2].evaluations[:2])]
    results = rescore(dataclasses.replace(results, lanes=[results.lanes[0], dataclasses.replace(x, runs=runs)]), 0.61)
    assert smallest(results, lane(results, "x")) == (
        "4ep is enough: 4.00 s, 1 of 2 seeds reach the target. 2ep is not: 0 of 2 seeds."
    )


def test_a_lane_for_which_the_smallest_budget_is_enough_and_one_for_which_none_is() -> None:
    easy = rescore(fitted(), 0.25)
    assert smallest(easy, lane(easy, "x")) == (
        "1ep is enough: 1.00 s, 3 of 3 seeds reach the target. No smaller budget was raced."
    )
    hard = fitted()
    assert smallest(hard, lane(hard, "short")) == "No budget up to 8ep is enough: 0 of 3 seeds reach the target."


def test_other_races_have_no_ladder() -> None:
    results = realistic()
    assert not has_rungs(results)
    assert smallest(results, results.lanes[0]) == ""

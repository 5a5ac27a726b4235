from typing import Any

import pytest

from sooner.errors import RecipeError, StoreError
from sooner.racing.plan.plan import Plan, evaluation_grid, make_plan, mismatch, refuse_mismatch
from sooner.racing.runs import read_entry
from sooner.recipes import Recipe, resolve
from sooner.tasks import Data, get_task
from tests.racing.made import smoothed

TASK = get_task("digits")
BASE = dict(TASK.recipe) | {"budget": "20ep", "batch_size": 32, "precision": "float32"}


def recipe(name: str, **fields: Any) -> Recipe:
    return Recipe.from_dict({**resolve("baseline", BASE).to_dict(), "name": name, **fields})


def plan(digits: Data, *recipes: Recipe, pairs: int = 6) -> Any:
    baseline = resolve("baseline", BASE)
    return make_plan(
        TASK,
        digits,
        baseline,
        list(recipes),
        pairs=pairs,
        seed=5,
        device="cpu",
        threads=1,
        environment={"torch": "2.8"},
    )


def test_runs_go_pair_by_pair_with_every_lane(digits: Data) -> None:
    runs = plan(digits, recipe("a", budget="10ep", loss=smoothed(0.1)), pairs=4).runs
    assert len(runs) == 12
    for pair in range(4):
        block = runs[3 * pair : 3 * pair + 3]
        assert {run.seed for run in block} == {5 + pair}
        assert {run.lane.name for run in block} == {"baseline", "a", "baseline@10ep"}


def test_two_lanes_of_one_name_are_refused(digits: Data) -> None:
    with pytest.raises(RecipeError, match="two lanes are named a"):
        plan(digits, recipe("a"), recipe("a", budget="3ep"))


def test_another_recipe_named_baseline_is_refused(digits: Data) -> None:
    with pytest.raises(RecipeError, match="baseline is the name of the task's own recipe"):
        plan(digits, recipe("baseline", loss=smoothed(0.1)))


def test_no_pairs_are_refused(digits: Data) -> None:
    with pytest.raises(RecipeError, match="pairs must be at least 1, not 0"):
        plan(digits, pairs=0)
    with pytest.raises(RecipeError, match="pairs must be at most 10,000, not 10,001"):
        plan(digits, pairs=10_001)


@pytest.mark.parametrize(
    ("budgets", "train", "validation", "every"),
    [
        (["20ep"], 1000, 100, 1000),  # 20 looks
        (["20ep", "2ep"], 1000, 100, 133),  # looking may take a quarter of the time: 4/3 of 100
        (["20ep", "1ep"], 1000, 300, 125),  # but the shortest lane gets its 8 looks
        (["30s"], 1000, 100, 125),  # no count of examples to go by: an epoch is taken for the shortest
        (["5ex"], 1000, 100, 32),  # never finer than the largest batch
    ],
)
def test_the_grid_is_fine_enough_for_the_shortest_lane(
    budgets: list[str], train: int, validation: int, every: int
) -> None:
    recipes = [recipe(str(i), budget=budget) for i, budget in enumerate(budgets)]
    assert evaluation_grid(recipes, train, validation) == every


def test_what_differs_is_named(digits: Data) -> None:
    assert mismatch({"a": 1, "b": 2}, {"a": 1, "b": 2}) == []
    assert mismatch({"a": 1, "b": 2}, {"a": 3}) == ["a: began with 1, now 3", "b: began with 2, now None"]
    with pytest.raises(StoreError, match=r"no longer be alike:\n  torch: began with 2\.8, now None"):
        refuse_mismatch(plan(digits), {})


def test_a_plan_says_its_validation_share_and_older_plans_had_a_tenth(digits: Data) -> None:
    planned = plan(digits)
    assert planned.validation == 1 / 3  # of 1,437 examples
    fields = planned.to_dict()
    assert Plan.from_dict(fields, read_entry) == planned
    del fields["validation"]
    assert Plan.from_dict(fields, read_entry).validation == 0.1

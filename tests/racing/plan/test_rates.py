from dataclasses import replace

import pytest

from sooner.errors import RecipeError
from sooner.racing.functions.function import Function
from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.plan.plan import plan_entries
from sooner.racing.plan.rates import grids, rate_of
from sooner.racing.plan.rules import Rules
from sooner.racing.programs import Program
from sooner.recipes import Choice
from sooner.tasks import Task
from tests.racing.made import plan, recipe


def lane(name: str, rate: float, optimizer: str = "sgd") -> PlannedLane:
    return PlannedLane(name, "lane", recipe(name, optimizer={"name": optimizer, "lr": rate}))


def test_a_rate_is_tried_with_as_many_below_as_above() -> None:
    assert grids([lane("a", 0.2)], 5) == {"a": (0.05, 0.1, 0.2, 0.4, 0.8)}
    assert grids([lane("a", 0.2)], 3) == {"a": (0.1, 0.2, 0.4)}


def test_lanes_of_one_optimizer_are_tried_at_the_same_rates_whatever_they_were_written_with() -> None:
    found = grids([lane("baseline", 0.4), lane("better", 0.05)], 5)
    assert found["baseline"] == found["better"] == (0.0125, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
    odd = grids([lane("baseline", 0.2), lane("odd", 0.25)], 5)
    assert odd["baseline"] == odd["odd"] == (0.05, 0.1, 0.2, 0.25, 0.4, 0.8)


def test_another_optimizer_has_its_own_rates_and_as_many() -> None:
    found = grids([lane("baseline", 0.4), lane("better", 0.05), lane("adam", 0.002, "adamw")], 5)
    assert found["adam"] == (0.000125, 0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016)
    assert len(found["baseline"]) == len(found["adam"])


def test_a_rate_of_many_digits_is_tried_as_it_is() -> None:
    (rates,) = grids([lane("a", 1 / 3)], 3).values()
    assert rates == (0.166667, 1 / 3, 0.666667)
    assert rate_of(lane("a", 1 / 3)) == 1 / 3


@pytest.mark.parametrize(("rates", "seeds"), [(4, 2), (1, 2), (5, 0)])
def test_rules_refuse_numbers_that_make_no_search(rates: int, seeds: int) -> None:
    with pytest.raises(RecipeError, match="must be"):
        Rules(tune=True, tune_rates=rates, tune_seeds=seeds)


def test_programs_and_functions_are_refused_with_what_to_do() -> None:
    task = Task(name="x", data="", target=0.9, recipe={})
    ours = [Program("a", "python a.py {seed}"), Function.of("f", lambda seed: None, None)]
    for entry, kind in zip(ours, ("program", "function"), strict=True):
        with pytest.raises(RecipeError, match=f"what rate a {kind} trains at is its own affair: leave out --tune"):
            plan_entries(task, [entry], pairs=6, seed=0, threads=1, rules=Rules(tune=True))


def test_an_optimizer_without_a_rate_is_refused() -> None:
    free = lane("free", 0.1)
    entry = free.recipe.model_copy(update={"optimizer": Choice(name="free", options={})})
    with pytest.raises(RecipeError, match="free, that of free, has none; leave out --tune"):
        grids([lane("baseline", 0.1), replace(free, entry=entry)], 5)


def test_a_plan_keeps_what_was_asked_of_its_search() -> None:
    planned = plan("fast", tune=True, tune_rates=7, tune_seeds=3)
    assert planned.to_dict()["rules"]["tune_rates"] == 7

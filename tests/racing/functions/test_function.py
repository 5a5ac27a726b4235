import functools
import json
from typing import Any

import pytest

from sooner.errors import RecipeError
from sooner.racing.functions import Function
from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.runs import read_entry


def train(seed: int) -> None:
    """Plain training.

    More about it.
    """


def train_for(seed: int, budget: float) -> None:
    pass


def test_it_is_known_by_its_module_and_name() -> None:
    assert Function.of("a", train) == Function("a", f"{__name__}.train", None, "Plain training.")
    assert Function.of("a", functools.partial(train_for, budget=3)).function == "functools.partial"


def test_it_goes_through_json_and_back() -> None:
    lane = PlannedLane("a", "baseline", Function.of("a", train_for, "10"))
    assert PlannedLane.from_dict(json.loads(json.dumps(lane.to_dict())), read_entry) == lane


def test_a_budget_is_a_number() -> None:
    entry = Function.of("a", train_for, "10")
    assert (entry.amount, type(entry.amount)) == (10, int)
    assert entry.at("2.5").amount == 2.5
    assert Function.of("a", train).amount is None
    with pytest.raises(RecipeError, match="must be a number above 0, not '10ep'"):
        entry.at("10ep")


def test_a_function_of_the_seed_alone_has_no_budget() -> None:
    with pytest.raises(RecipeError, match=r"a takes a seed alone; .* write train\(seed, budget\)"):
        Function.of("a", train).at("5")


@pytest.mark.parametrize(
    ("function", "budget", "says"),
    [
        (train, "10", r"calls it as train\(seed, budget\), which does not fit: too many"),
        (train_for, None, r"calls it as train\(seed\), which does not fit: missing"),
        ("train", None, "a lane must be a function"),
    ],
)
def test_what_the_race_cannot_call_is_refused(function: Any, budget: str | None, says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        Function.of("a", function, budget)


def test_a_lane_has_a_name() -> None:
    with pytest.raises(RecipeError, match="has no name"):
        Function.of(" ", train)

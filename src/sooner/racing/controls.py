"""The lanes a race adds by itself, without which its verdicts would say nothing about a method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sooner import registry
from sooner.racing.results import Role
from sooner.recipes import Recipe
from sooner.training.budget import Budget


@dataclass(frozen=True)
class PlannedLane:
    """A recipe that will run, and why: `added_for` names the lanes that a control is there for."""

    name: str
    role: Role
    recipe: Recipe
    added_for: tuple[str, ...] = ()

    @property
    def budget(self) -> Budget:
        """The recipe's budget."""
        return Budget.parse(self.recipe.budget)


def spend(recipe: Recipe, n: int) -> int | None:
    """Examples that a recipe's budget pays for with `n` training examples; None where only a clock can tell."""
    return Budget.parse(recipe.budget).examples(n, recipe.batch_size)


def spends_less(recipe: Recipe, baseline: Recipe, n: int) -> bool:
    """Whether `recipe` has a smaller budget than `baseline`; budgets that cannot be compared count as smaller."""
    if recipe.budget == baseline.budget and recipe.batch_size == baseline.batch_size:
        return False
    mine, full = spend(recipe, n), spend(baseline, n)
    if mine is None or full is None:
        a, b = Budget.parse(recipe.budget), Budget.parse(baseline.budget)
        return a.unit != b.unit or a.amount < b.amount
    return mine < full


def with_controls(recipes: list[Recipe], baseline: Recipe, n: int) -> list[PlannedLane]:
    """The lanes of a race: the baseline first, then the recipes, then the controls they call for.

    - The baseline is always there.
    - A lane that spends less than the baseline gets the *fitted control*: the baseline's recipe with its schedule
      compressed to the lane's budget. Lanes of one budget share it.
    - A lane whose method looks at the model or its losses to choose examples gets the same recipe on as much random
      data, redrawn every round.

    Args:
        recipes: complete ones, under distinct names; the baseline among them is not raced twice.
        baseline: the task's own recipe.
        n: number of training examples.
    """
    lanes = [PlannedLane("baseline", "baseline", baseline)]
    lanes += [PlannedLane(r.name, "lane", r) for r in recipes if r.name != "baseline"]
    controls: dict[str, PlannedLane] = {}

    def add(control: Recipe, wanted_by: str) -> None:
        twin = next((lane for lane in lanes if _same(lane.recipe, control)), None)
        if twin is not None:  # the user races the control already
            return
        name = next((lane.name for lane in controls.values() if _same(lane.recipe, control)), control.name)
        before = controls[name].added_for if name in controls else ()
        controls[name] = PlannedLane(name, "control", control, (*before, wanted_by))

    for lane in lanes[1:]:
        if spends_less(lane.recipe, baseline, n):
            fitted = {"name": f"baseline@{lane.recipe.budget}", "budget": lane.recipe.budget}
            add(Recipe.from_dict({**baseline.to_dict(), **fitted}), lane.name)
        if _scored(lane.recipe):
            add(_random_twin(lane.recipe), lane.name)
    return lanes + list(controls.values())


def fitted_control(lane: PlannedLane, lanes: list[PlannedLane]) -> PlannedLane | None:
    """The lane that runs the baseline's recipe on the budget of `lane`, if the race has one besides the baseline."""
    baseline = lanes[0].recipe
    wanted = Recipe.from_dict({**baseline.to_dict(), "budget": lane.recipe.budget})
    return next((other for other in lanes[1:] if other is not lane and _same(other.recipe, wanted)), None)


def opponents(lane: PlannedLane, lanes: list[PlannedLane]) -> list[PlannedLane]:
    """The lanes that `lane` is compared with: the baseline, its fitted control and the controls added for it."""
    found = [lanes[0]]
    fitted = fitted_control(lane, lanes)
    found += [other for other in lanes[1:] if other is fitted or lane.name in other.added_for]
    return [other for other in found if other is not lane]


def _same(one: Recipe, other: Recipe) -> bool:
    hide = {"name", "summary"}
    return _without(one.to_dict(), hide) == _without(other.to_dict(), hide)


def _without(fields: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def _scored(recipe: Recipe) -> bool:
    return registry.get("sampling", recipe.to_dict()["sampling"]["name"]).scored


def _random_twin(recipe: Recipe) -> Recipe:
    fields = recipe.to_dict()
    fraction = fields["sampling"].get("fraction")
    sampling: dict[str, Any] = {"name": "reshuffle"}
    if fraction is not None:
        sampling = {"name": "rs2", "fraction": fraction, "variant": "with-replacement"}
    return Recipe.from_dict({**fields, "name": f"random@{recipe.name}", "sampling": sampling})

"""The control lanes that a race adds: without them its verdicts would say nothing about a method."""

from __future__ import annotations

from dataclasses import replace

from sooner import registry
from sooner.budget import Budget
from sooner.racing.plan.lanes import PlannedLane
from sooner.recipes import Choice, Recipe
from sooner.seams import SEAMS, Field, Seam


def spend(recipe: Recipe, n: int) -> int | None:
    """Examples that a recipe's budget pays for with `n` training examples; None where only a clock can tell."""
    return recipe.spends.examples(n, recipe.batch_size)


def spends_less(recipe: Recipe, baseline: Recipe, n: int) -> bool:
    """Whether `recipe` has a smaller budget than `baseline`; budgets that cannot be compared count as smaller."""
    if recipe.spends == baseline.spends and recipe.batch_size == baseline.batch_size:
        return False
    mine, full = spend(recipe, n), spend(baseline, n)
    if mine is None or full is None:
        a, b = recipe.spends, baseline.spends
        return a.unit != b.unit or a.amount < b.amount
    return mine < full


def with_controls(recipes: list[Recipe], baseline: Recipe, n: int, *, fitted: bool = False) -> list[PlannedLane]:
    """The lanes of a race: the baseline first, then the recipes, then the controls they call for.

    - The baseline is always there.
    - A lane that spends less than the baseline gets the *fitted control*: the baseline's recipe with its schedule
      compressed to the lane's budget. Lanes of one budget share it.
    - A lane with a method that looks at the model or its losses to choose examples or weights gets the same recipe with
      as many of them chosen at random, as the method's record says (`Method.control`).

    Args:
        recipes: complete ones, under distinct names; the baseline among them is not raced twice.
        baseline: the task's own recipe.
        n: number of training examples.
        fitted: the race runs every lane at every budget, so the baseline is its own fitted control.
    """
    lanes = [PlannedLane("baseline", "baseline", baseline)]
    lanes += [PlannedLane(r.name, "lane", r) for r in recipes if r.name != "baseline"]
    controls: list[PlannedLane] = []
    for lane in lanes[1:]:
        compressed, *twins = _controls(lane.recipe, baseline)
        if not fitted and spends_less(compressed, baseline, n):
            twins.insert(0, compressed)
        for twin in twins:
            if any(_same(other.recipe, twin) for other in lanes):  # raced already
                continue
            shared = next((i for i, other in enumerate(controls) if _same(other.recipe, twin)), None)
            if shared is None:
                controls.append(PlannedLane(twin.name, "control", twin, (lane.name,)))
            else:
                controls[shared] = replace(controls[shared], added_for=(*controls[shared].added_for, lane.name))
    return lanes + controls


def opponents(lane: PlannedLane, lanes: list[PlannedLane]) -> list[PlannedLane]:
    """The lanes that `lane` is compared with: the baseline and its controls, added by the race or given by the user."""
    if lane is lanes[0]:
        return []
    if lane.role != "lane" or not isinstance(lane.entry, Recipe):
        return [lanes[0]]
    recipes = _controls(lane.recipe, lanes[0].recipe)
    controls = [
        other
        for other in lanes[1:]
        if other is not lane
        and (lane.name in other.added_for or any(_same(other.recipe, control) for control in recipes))
    ]
    return [lanes[0], *controls]


def _controls(recipe: Recipe, baseline: Recipe) -> list[Recipe]:
    """The recipes that a lane must be compared with, apart from the baseline."""
    controls: list[Recipe | None] = [_fitted(baseline, recipe)]
    for seam in SEAMS:
        for field in seam.fields:
            controls += [_at_random(recipe, seam, field, choice) for choice in recipe.choices(field.name)]
    return [control for control in controls if control is not None]


def _fitted(baseline: Recipe, recipe: Recipe) -> Recipe:
    budget = recipe.spends
    if budget.unit == "ba" and recipe.batch_size != baseline.batch_size:  # as many steps would be other examples
        budget = Budget(budget.amount * recipe.batch_size, "ex")
    fields = {
        "name": f"baseline@{budget}",
        "summary": f"The task's own recipe, its schedule fitted to {budget}.",
        "budget": str(budget),
    }
    return Recipe.from_dict({**baseline.to_dict(), **fields})


def _same(one: Recipe, other: Recipe) -> bool:
    """Whether they train alike, whatever they are called."""
    words = {"name": "", "summary": ""}
    return {**one.to_dict(), **words} == {**other.to_dict(), **words}


def _at_random(recipe: Recipe, seam: Seam, field: Field, choice: Choice) -> Recipe | None:
    """The recipe with as much chosen at random by this seam; None where the choice is not by score."""
    control = registry.get(seam.name, choice.name).control
    if control is None:
        return None
    instead = dict(control(choice.options))
    fields = recipe.to_dict()
    if field.listed:
        place = recipe.choices(field.name).index(choice)
        instead_of = fields[field.name]
        fields[field.name] = [*instead_of[:place], instead, *instead_of[place + 1 :]]
    else:
        fields[field.name] = instead
    summary = f"{recipe.name} with {seam.controlled}."
    return Recipe.from_dict({**fields, "name": f"{seam.control}@{recipe.name}", "summary": summary})

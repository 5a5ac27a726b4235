"""The control lanes that a race adds: without them its verdicts would say nothing about a method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from sooner import registry
from sooner.budget import Budget
from sooner.errors import RecipeError
from sooner.racing.plan.lanes import PlannedLane
from sooner.recipes import Choice, Recipe
from sooner.results.changes import changes
from sooner.seams import SEAMS, Field, Seam

Cost: TypeAlias = Callable[[Recipe, Recipe], float]


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


def with_controls(
    recipes: list[Recipe], baseline: Recipe, n: int, *, fitted: bool = False, cost: Cost | None = None
) -> list[PlannedLane]:
    """The lanes of a race: the baseline first, then the recipes, then the controls they call for.

    - The baseline is always there.
    - A lane that spends less than the baseline gets the *fitted control*: the baseline's recipe with its schedule
      compressed to the lane's budget. Lanes of one budget share it.
    - A lane with a method that looks at the model or its losses to choose examples or weights gets the same recipe with
      as many of them chosen at random, as the method's record says (`Method.control`).
    - A lane with methods that the baseline has not gets, for each of them, its own recipe *without* that method: the
      baseline's choice in its place, all else kept, learning rate, schedule, batch size and budget. An option of a
      method that the baseline has, too, is no method. Where taking one out leaves what cannot be combined, there is
      none.
    - Controls without a method that makes steps cheaper (`Method.cheaper`) get the lane's seconds, not its examples.

    Controls that train as another lane does are not raced twice.

    Args:
        recipes: complete ones, under distinct names; the baseline among them is not raced twice.
        baseline: the task's own recipe.
        n: number of training examples.
        fitted: the race runs every lane at every budget, so the baseline is its own fitted control.
        cost: seconds per example of one recipe over those of another; None where only examples can be made equal.
    """
    lanes = [PlannedLane("baseline", "baseline", baseline)]
    lanes += [PlannedLane(r.name, "lane", r) for r in recipes if r.name != "baseline"]
    controls: list[PlannedLane] = []
    for lane in lanes[1:]:
        compressed, *others = _controls(lane.recipe, baseline, None if fitted else cost)
        if fitted:
            others = [other for other in others if not _same(other.at(baseline.budget), baseline)]
        elif spends_less(compressed, baseline, n):
            others.insert(0, compressed)
        for other in others:
            if any(_same(raced.recipe, other) for raced in lanes):
                continue
            shared = next((i for i, control in enumerate(controls) if _same(control.recipe, other)), None)
            if shared is None:
                controls.append(PlannedLane(other.name, "control", other, (lane.name,)))
            else:
                added_for = dict.fromkeys([*controls[shared].added_for, lane.name])
                controls[shared] = replace(controls[shared], added_for=tuple(added_for))
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


def _controls(recipe: Recipe, baseline: Recipe, cost: Cost | None = None) -> list[Recipe]:
    """The recipes that a lane must be compared with, apart from the baseline, the fitted one first."""
    fitted = _fitted(baseline, recipe, cost)
    controls: list[Recipe | None] = [fitted]
    for seam in SEAMS:
        for field in seam.fields:
            controls += [_at_random(recipe, seam, field, choice) for choice in recipe.choices(field.name)]
    found = changes(recipe.to_dict(), baseline.to_dict())
    taken_out = dict.fromkeys((change.field, change.method) for change in found if change.method)
    for where, method in taken_out:
        left = _without(recipe, baseline, where, method, cost)
        controls.append(fitted if left is not None and _same(left, fitted) else left)
    return [control for control in controls if control is not None]


def _fitted(baseline: Recipe, recipe: Recipe, cost: Cost | None) -> Recipe:
    budget = recipe.spends
    if budget.unit == "ba" and recipe.batch_size != baseline.batch_size:  # as many steps would be other examples
        budget = Budget(budget.amount * recipe.batch_size, "ex")
    share = _share(recipe, baseline, cost)
    if share < 1:
        budget = budget.scaled(share)
    fields = {
        "name": f"baseline@{budget}",
        "summary": f"The task's own recipe, its schedule fitted to {budget}{_as_long(recipe, share)}.",
        "budget": str(budget),
    }
    return Recipe.from_dict({**baseline.to_dict(), **fields})


def _without(recipe: Recipe, baseline: Recipe, field: str, method: str, cost: Cost | None) -> Recipe | None:
    """The recipe with that method taken out; None where what is left cannot be combined."""
    mine, theirs = recipe.to_dict(), baseline.to_dict()
    instead = theirs[field]
    if isinstance(mine[field], list):
        instead = [choice for choice in mine[field] if choice["name"] != method]
    elif instead is not None:
        instead = dict(instead)
    told = f", with {instead['name']} as the baseline has it" if isinstance(instead, dict) else ""
    name = {"name": f"without-{method}@{recipe.name}", field: instead}
    try:
        left = Recipe.from_dict({**mine, **name})
        if left.spends != recipe.spends:  # the method stretched the budget
            left = left.at(str(recipe.spends))
        share = _share(recipe, left, cost)
        if share < 1:
            left = left.at(str(Budget.parse(left.budget).scaled(share)))
        summary = f"{recipe.name} without {method}{told}{_as_long(recipe, share)}."
        return Recipe.from_dict({**left.to_dict(), "summary": summary})
    except RecipeError:
        return None


def _share(recipe: Recipe, control: Recipe, cost: Cost | None) -> float:
    """Of the lane's examples that its seconds buy without the methods that made its steps cheaper, at most all.

    In steps of a hundredth: finer is no measurement. Where the methods save nothing here, it is all of them.
    """
    cheaper = {m.name for m in recipe.methods() if m.cheaper} - {m.name for m in control.methods()}
    if not cheaper or cost is None or recipe.spends.unit == "s":
        return 1.0
    return min(1.0, max(0.01, round(cost(recipe, control), 2)))


def _as_long(recipe: Recipe, share: float) -> str:
    return f", as many seconds as {recipe.name} takes" if share < 1 else ""


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

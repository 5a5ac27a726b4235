"""From what was asked for to the plan of a race of recipes, and its data."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import torch
from rich.console import Console

from sooner.commands.request import Request
from sooner.commands.steps import step
from sooner.commands.trust import of_recipes, require
from sooner.errors import DataError
from sooner.racing.machine import describe as machine
from sooner.racing.machine.cores import default_threads
from sooner.racing.plan.controls import Cost
from sooner.racing.plan.plan import Plan, make_plan
from sooner.racing.recipes import runs as recipe_runs
from sooner.racing.recipes.check import try_out
from sooner.racing.recipes.cost import relative_cost, steps_of
from sooner.racing.recipes.precision import choose
from sooner.racing.recipes.run import out_of_memory
from sooner.recipes import Recipe, resolve
from sooner.reporting.console import say
from sooner.reporting.format import number_of
from sooner.tasks import Data, get_task, load_data, models, tasks


def prepare(request: Request, console: Console, *, trust: bool = False) -> tuple[Plan, Data]:
    """The plan of a race of recipes, every lane of it tried out, and the data.

    Data and a model that `request` names as module:name are the user's own word; a model that a recipe file names so
    is imported only if the user agrees to it, with `trust` or when asked.

    Raises SoonerError where the task, the data, a recipe or the device is not there, or a lane cannot be trained.
    """
    recipe_files = [item for item in request.items if item.endswith((".yaml", ".yml"))]
    named = [item for item in request.items if item not in recipe_files]
    named += [name for name in (request.task, request.data) if name]
    if len(named) != 1:
        what = f"{len(named)} were given ({', '.join(named)})" if named else "none was given"
        raise DataError(
            f"a race needs one task: a name such as digits, --task NAME, or --data with your own data; {what}. "
            "Recipes are files that end in .yaml, or names after --lanes; programs stand quoted after --"
        )
    where = machine.pick_device(request.device)
    count = request.threads or default_threads()
    torch.set_num_threads(count)
    how: dict[str, Any] = {name: getattr(request, name) for name in ("label", "skip_bad", "image_size", "examples")}
    ask = partial(get_task, named[0], **how, target=request.target, model=request.model)
    known = ask() if request.target is None or named[0] in {task.name for task in tasks()} else None
    with step(console, f"reading {named[0]}"):
        if known is None:  # the user's own data: its recipe depends on what is in it
            loaded = load_data(named[0], **how)
            known = ask(data=loaded)
        else:
            loaded = load_data(known.data, **known.options)
    for line in _skipped(loaded):
        say(console, line, style="yellow")
    changes = {"budget": request.budget} if request.budget else {}
    names = (*recipe_files, *(request.lanes or (() if recipe_files else known.lanes)))
    baseline, *recipes = (resolve(name, known.recipe, changes) for name in ("baseline", *names))
    from_files = [recipe for recipe in recipes if recipe.model != request.model]
    require(of_recipes(from_files), f"a recipe among {', '.join(map(str, names))}", trust=trust)
    with step(console, "trying out each recipe on a few examples"):
        for recipe in (baseline, *recipes):
            try_out(recipe, loaded)
    with step(console, "measuring which precision is faster here"):
        baseline, *recipes = _with_precision([baseline, *recipes], loaded, where)
    plan = make_plan(
        known,
        loaded,
        baseline,
        recipes,
        pairs=request.pairs,
        seed=request.seed,
        device=str(where),
        threads=count,
        workers=request.workers,
        rules=request.rules,
        environment=recipe_runs.environment(loaded, where),
        cost=_cost(loaded, where, console),
    )
    return plan, loaded


def _cost(data: Data, device: torch.device, console: Console) -> Cost:
    """Seconds per example of one recipe over another's, each measured when it is first asked for."""
    measured: dict[str, float] = {}

    def cost(recipe: Recipe, control: Recipe) -> float:
        pair = json.dumps([steps_of(recipe), steps_of(control)])
        if pair not in measured:
            with step(console, f"measuring what a step of {recipe.name} costs"):
                measured[pair] = relative_cost(recipe, control, data, device)
        return measured[pair]

    return cost


def _with_precision(recipes: list[Recipe], data: Data, device: torch.device) -> list[Recipe]:
    """Settle "auto" by measuring, once per model, so that all lanes of a model and every resume use the same."""
    measured: dict[str, str] = {}
    settled = []
    for recipe in recipes:
        if recipe.precision == "auto":
            if recipe.model not in measured:
                measured[recipe.model] = _faster(recipe, data, device)
            recipe = Recipe.from_dict({**recipe.to_dict(), "precision": measured[recipe.model]})
        settled.append(recipe)
    return settled


def _faster(recipe: Recipe, data: Data, device: torch.device) -> str:
    model = models.build(recipe.model, data.shape, len(data.classes), seed=0)
    try:
        size = min(recipe.batch_size // recipe.accumulate, len(data.train))  # no step has more
        return choose(model, data.shape, size, device)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        return "float32"  # its runs will meet the same, and record it


def _skipped(data: Data) -> list[str]:
    if not data.skipped:
        return []
    shown = [f"  {reason}" for reason in data.skipped[:5]]
    more = [f"  and {len(data.skipped) - 5} more"] if len(data.skipped) > 5 else []
    amount = f"{number_of(len(data.skipped), 'example')} could not be read and"
    return [f"{amount} {'is' if len(data.skipped) == 1 else 'are'} left out:", *shown, *more]

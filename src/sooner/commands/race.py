"""`sooner race TASK`: from options to the plan of a race of recipes, and its runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from sooner.commands.carry_out import carry_out, free_folder
from sooner.commands.steps import step
from sooner.errors import DataError
from sooner.racing import race
from sooner.racing import trackers as tracking
from sooner.racing.engines.choose import check_engine
from sooner.racing.machine import describe as machine
from sooner.racing.plan.plan import Plan, make_plan
from sooner.racing.plan.rules import Rules
from sooner.racing.recipes import runs as recipe_runs
from sooner.racing.recipes.check import try_out
from sooner.racing.recipes.precision import choose
from sooner.racing.recipes.run import out_of_memory
from sooner.recipes import Recipe, resolve
from sooner.tasks import Data, get_task, load_data, models, tasks


def new(
    *,
    items: Sequence[str],
    task: str | None,
    data: str | None,
    label: str | None,
    model: str | None,
    target: float | None,
    lanes: Sequence[str],
    pairs: int,
    budget: str | None,
    rules: Rules,
    out: Path | None,
    seed: int,
    device: str,
    threads: int | None,
    workers: int,
    skip_bad: bool,
    image_size: int | None,
    examples: int | None,
    save_every: float,
    engine: str,
    trackers: Sequence[str],
) -> None:
    """Plan a race and run it."""
    console = Console()
    tracking.check(trackers)
    check_engine(engine)
    plan, loaded = prepare(
        items=items,
        task=task,
        data=data,
        label=label,
        model=model,
        target=target,
        lanes=lanes,
        pairs=pairs,
        budget=budget,
        rules=rules,
        seed=seed,
        device=device,
        threads=threads,
        workers=workers,
        skip_bad=skip_bad,
        image_size=image_size,
        examples=examples,
        console=console,
    )
    folder = out or free_folder(plan.task.name)
    race.start(folder, plan, recipe_runs.describe(loaded, plan.validation))
    if loaded.skipped:
        race.note(folder, f"{len(loaded.skipped)} examples could not be read and were left out (--skip-bad)")
    carry_out(folder, plan, loaded, console, engine=engine, trackers=trackers, save_every=save_every)


def prepare(
    *,
    items: Sequence[str],
    task: str | None,
    data: str | None,
    label: str | None,
    model: str | None,
    target: float | None,
    lanes: Sequence[str],
    pairs: int,
    budget: str | None,
    rules: Rules,
    seed: int,
    device: str,
    threads: int | None,
    workers: int,
    skip_bad: bool,
    image_size: int | None,
    examples: int | None,
    console: Console,
) -> tuple[Plan, Data]:
    """The plan that these options ask for, every lane of it tried out, and the data."""
    recipe_files = [item for item in items if item.endswith((".yaml", ".yml"))]
    named = [item for item in items if item not in recipe_files] + [name for name in (task, data) if name]
    if len(named) != 1:
        what = f"{len(named)} were given ({', '.join(named)})" if named else "none was given"
        raise DataError(
            f"a race needs one task: a name such as digits, --task NAME, or --data with your own data; {what}. "
            "Recipes are files that end in .yaml, or names after --lanes; programs stand quoted after --"
        )
    where = machine.pick_device(device)
    count = threads or machine.physical_cores()
    torch.set_num_threads(count)
    how: dict[str, Any] = {"label": label, "skip_bad": skip_bad, "image_size": image_size, "examples": examples}
    ask = partial(get_task, named[0], **how, target=target, model=model)
    known = ask() if target is None or named[0] in {task.name for task in tasks()} else None
    with step(console, f"reading {named[0]}"):
        if known is None:  # the user's own data: its recipe depends on what is in it
            loaded = load_data(named[0], **how)
            known = ask(data=loaded)
        else:
            loaded = load_data(known.data, **known.options)
    for line in _skipped(loaded):
        console.print(line, style="yellow", markup=False)
    changes = {"budget": budget} if budget else {}
    wanted = (*recipe_files, *(lanes or (() if recipe_files else known.lanes)))
    baseline, *recipes = (resolve(name, known.recipe, changes) for name in ("baseline", *wanted))
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
        pairs=pairs,
        seed=seed,
        device=str(where),
        threads=count,
        workers=workers,
        rules=rules,
        environment=recipe_runs.environment(loaded, where),
    )
    return plan, loaded


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
        return choose(model, data.shape, recipe.batch_size // recipe.accumulate, device)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        return "float32"  # its runs will meet the same, and record it


def _skipped(data: Data) -> list[str]:
    if not data.skipped:
        return []
    shown = [f"  {reason}" for reason in data.skipped[:5]]
    more = [f"  and {len(data.skipped) - 5} more"] if len(data.skipped) > 5 else []
    return [f"{len(data.skipped)} examples could not be read and are left out:", *shown, *more]

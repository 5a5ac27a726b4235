"""What `sooner race` and `sooner report` do: from options to a plan, a race, and its three files."""

from __future__ import annotations

import os
import shlex
from functools import partial
from pathlib import Path
from typing import Any

import torch
import typer
from rich.console import Console

from sooner import reporting
from sooner.errors import DataError, SoonerError, StoreError
from sooner.racing import machine, race
from sooner.racing.plan import VALIDATION, Plan, make_plan
from sooner.racing.precision import choose
from sooner.racing.runner import out_of_memory
from sooner.racing.trial import try_out
from sooner.recipes import Recipe, resolve
from sooner.reporting.live import Progress
from sooner.tasks import Data, get_task, load_data, models, tasks
from sooner.tasks.split import split

_DEFAULT_LANES = ("rs2-10",)


def new(
    *,
    items: list[str],
    task: str | None,
    data: str | None,
    label: str | None,
    model: str | None,
    target: float | None,
    lanes: list[str],
    pairs: int,
    budget: str | None,
    out: Path | None,
    seed: int,
    device: str,
    threads: int | None,
    workers: int,
    skip_bad: bool,
    image_size: int | None,
    examples: int | None,
    save_every: float,
) -> None:
    """Plan a race and run it."""
    console = Console()
    recipe_files = [item for item in items if item.endswith((".yaml", ".yml"))]
    named = [item for item in items if item not in recipe_files] + [name for name in (task, data) if name]
    if len(named) != 1:
        what = f"{len(named)} were given ({', '.join(named)})" if named else "none was given"
        raise DataError(
            f"a race needs one task: a name such as digits, --task NAME, or --data with your own data; {what}. "
            "Recipes are files that end in .yaml, or names after --lanes"
        )
    where = machine.pick_device(device)
    count = threads or machine.physical_cores()
    torch.set_num_threads(count)
    how: dict[str, Any] = {"label": label, "skip_bad": skip_bad, "image_size": image_size, "examples": examples}
    ask = partial(get_task, named[0], **how, target=target, model=model)
    known = ask() if target is None or named[0] in {task.name for task in tasks()} else None
    with console.status(f"reading {named[0]}"):
        if known is None:  # the user's own data: its recipe depends on what is in it
            loaded = load_data(named[0], **how)
            known = ask(data=loaded)
        else:
            loaded = load_data(known.data, **known.options)
    for line in _skipped(loaded):
        console.print(line, style="yellow", markup=False)
    base = {**known.recipe, **({"budget": budget} if budget else {})}
    baseline = resolve("baseline", base)
    recipes = [resolve(name, base) for name in (*recipe_files, *(lanes or (() if recipe_files else _DEFAULT_LANES)))]
    for recipe in (baseline, *recipes):
        try_out(recipe, loaded)
    with console.status("measuring which precision is faster here"):
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
        environment=race.environment(loaded, where),
    )
    folder = out or _free_folder(known.name)
    race.start(folder, plan, loaded)
    if loaded.skipped:
        race.note(folder, f"{len(loaded.skipped)} examples could not be read and were left out (--skip-bad)")
    _run(folder, plan, loaded, console, save_every)


def resume(folder: Path, *, save_every: float) -> None:
    """Go on with the race in `folder`."""
    console = Console()
    plan = race.load_plan(folder)
    torch.set_num_threads(plan.threads)
    with console.status(f"reading {plan.task.data}"):
        loaded = load_data(plan.task.data, **plan.task.options)
    _run(folder, plan, loaded, console, save_every)


def report(folder: Path) -> None:
    """Score the race in `folder` again and write its files."""
    _write(folder, Console())


def _run(folder: Path, plan: Plan, loaded: Data, console: Console, save_every: float) -> None:
    train, _ = split(loaded.train.targets, VALIDATION, plan.seed)
    console.print(
        f"{plan.task.name} to {plan.task.metric} {plan.target:g}: {len(plan.lanes)} lanes "
        f"({', '.join(lane.name for lane in plan.lanes)}), {plan.pairs} pairs, on {plan.device} with "
        f"{plan.threads} threads, into {folder}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    try:
        with Progress(plan, len(train), race.finished(folder), console) as progress:
            race.run(folder, loaded, progress, save_every=save_every)
    except KeyboardInterrupt:
        again = f"sooner race --resume {shlex.quote(str(folder))}"
        console.print(f"\nstopped; go on with: {again}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(130) from None
    _write(folder, console)


def _write(folder: Path, console: Console) -> None:
    found = race.results(folder)
    part = folder / "results.json.part"
    try:
        part.write_text(found.to_json())
        os.replace(part, folder / "results.json")
        reporting.write_page(found, folder / "report.html")
    except OSError as error:
        raise StoreError(
            f"could not write the results into {folder} ({error}); the race itself is safe in race.db: make room, then "
            f"sooner report {shlex.quote(str(folder))}"
        ) from error
    finally:
        part.unlink(missing_ok=True)
    reporting.show(found, console)
    console.print(f"report: {folder / 'report.html'}", markup=False, highlight=False, soft_wrap=True)


def _free_folder(name: str) -> Path:
    stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(name).name) or "race"
    for number in range(1, 10_000):
        folder = Path("races") / (stem if number == 1 else f"{stem}-{number}")
        if not folder.exists():
            return folder
    raise SoonerError("races/ is full of races of this task; give a folder with --out")


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

"""From a race's plan to its three files: what every command that races has in common."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer
from rich.console import Console

from sooner import reporting
from sooner.errors import SoonerError, StoreError
from sooner.racing import conduct
from sooner.racing import trackers as tracking
from sooner.racing._base import Engine, Runs
from sooner.racing.controls import spend
from sooner.racing.engines.local import LocalEngine
from sooner.racing.plan import VALIDATION, Plan
from sooner.racing.results import Results
from sooner.racing.watching import Together
from sooner.recipes import Recipe
from sooner.reporting.live import Progress
from sooner.tasks import Data, load_data
from sooner.tasks.split import split

ENGINES = ("local", "ray")


def check_engine(name: str) -> None:
    """Raises SoonerError for an engine that is unknown or not installed."""
    if name not in ENGINES:
        raise SoonerError(f"--engine must be {' or '.join(ENGINES)}, not {name}")
    if name == "ray":
        from sooner.racing.engines import ray  # says what is missing

        assert ray


def resume(folder: Path, *, engine: str, trackers: Sequence[str], save_every: float) -> None:
    """Go on with the race in `folder`."""
    console = Console()
    plan = conduct.load_plan(folder)
    loaded = None
    if plan.task.data:
        with console.status(f"reading {plan.task.data}"):
            loaded = load_data(plan.task.data, **plan.task.options)
    carry_out(folder, plan, loaded, console, engine=engine, trackers=trackers, save_every=save_every)


def report(folder: Path, *, target: float | None = None) -> None:
    """Score the race in `folder` again and write its files; or show it, and nothing more, at another target."""
    console = Console()
    if target is None:
        write(folder, console)
        return
    if not math.isfinite(target):
        raise SoonerError(f"--target must be a finite number, not {target:g}")
    from sooner.racing.rescoring import rescore

    found = conduct.results(folder)
    console.print(
        f"The race was for {found.target:g}; this is what it shows at {target:g}. A target chosen after seeing the "
        "results can be chosen for its result: confirm it with a race of its own.",
        markup=False,
        highlight=False,
    )
    reporting.show(rescore(found, target), console)


def carry_out(
    folder: Path,
    plan: Plan,
    data: Data | None,
    console: Console,
    *,
    engine: str = "local",
    trackers: Sequence[str] = (),
    save_every: float = 30.0,
) -> None:
    """Run what is missing of the race in `folder`, show how it goes, and write its results and report."""
    does_it = _engine(engine, plan, data, save_every)
    done = conduct.finished(folder)
    told = tracking.make(trackers, folder, plan, done=done, warn=lambda line: console.print(line, style="yellow"))
    console.print(
        f"{plan.task.name} to {plan.task.metric} {plan.target:g}: {len(plan.lanes)} lanes "
        f"({', '.join(lane.name for lane in plan.lanes)}), {_extent(plan)}, on {plan.device} with "
        f"{plan.threads} threads, into {folder}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    try:
        with Progress(plan, _work(plan, data), done, console) as progress:
            conduct.run(folder, does_it, Together(progress, told))
    except KeyboardInterrupt:
        how = "" if engine == "local" else f" --engine {engine}"
        again = f"sooner race --resume {shlex.quote(str(folder))}{how}"
        console.print(f"\nstopped; go on with: {again}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(130) from None
    else:
        told.race_finished(write(folder, console))
    finally:
        told.close()


def write(folder: Path, console: Console) -> Results:
    """Score the race and write results.json and report.html, each whole or not at all."""
    found = conduct.results(folder)
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
    return found


def free_folder(name: str) -> Path:
    """races/NAME, or the first of races/NAME-2, ... that is not there yet."""
    stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(name).name) or "race"
    for number in range(1, 10_000):
        folder = Path("races") / (stem if number == 1 else f"{stem}-{number}")
        if not folder.exists():
            return folder
    raise SoonerError("races/ is full of races of this task; give a folder with --out")


def _extent(plan: Plan) -> str:
    if plan.rules.protocol == "fitted":
        return f"{len(plan.rungs)} budgets from {plan.rungs[0]} to {plan.rungs[-1]}, at most {plan.pairs} seeds each"
    return f"{'at most ' if plan.rules.until == 'decided' else ''}{plan.pairs} pairs"


def _work(plan: Plan, data: Data | None) -> Mapping[str, float]:
    """How long each kind of run takes beside the others, by the name that it is stored under."""
    from sooner.racing.agenda import at_most

    if data is None:
        return {cell.lane.name: 1.0 for cell in at_most(plan)}
    train, _ = split(data.train.targets, VALIDATION, plan.seed)
    counted = {
        cell.lane.name: spend(cell.lane.entry, len(train))
        for cell in at_most(plan)
        if isinstance(cell.lane.entry, Recipe)
    }
    known = [examples for examples in counted.values() if examples is not None]
    usual = sum(known) / len(known) if known else 1.0  # what a budget in seconds comes to is not known
    return {name: usual if examples is None else float(examples) for name, examples in counted.items()}


def make_runs(plan: Plan, data: Data | None) -> Runs:
    """What makes the runs of this race: of recipes on `data`, or of programs."""
    if data is not None:
        from sooner.racing.recipe_runs import RecipeRuns

        return RecipeRuns(plan, data)
    from sooner.racing.programs import Program, ProgramRuns

    programs = [lane.entry for lane in plan.lanes if isinstance(lane.entry, Program)]
    if len(programs) < len(plan.lanes):
        raise StoreError(
            "this race is of Python functions, which only the script that has them can go on with: call "
            "sooner.racing.race again with the same folder"
        )
    return ProgramRuns(programs, threads=plan.threads)


def _engine(name: str, plan: Plan, data: Data | None, save_every: float) -> Engine:
    if name == "local":
        return LocalEngine(make_runs(plan, data), save_every=save_every)
    check_engine(name)
    from sooner.racing.engines.ray import RayEngine

    return RayEngine(plan, data, save_every=save_every)

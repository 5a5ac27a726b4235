"""From a race's plan to its three files: what every command that races has in common."""

from __future__ import annotations

import math
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console

from sooner import reporting
from sooner.commands.progress import Progress
from sooner.commands.steps import step
from sooner.errors import SoonerError, StoreError
from sooner.racing import race as racing
from sooner.racing import trackers as tracking
from sooner.racing.engines.choose import make_engine
from sooner.racing.plan.plan import Plan
from sooner.racing.protocols import Together
from sooner.racing.runs import work
from sooner.reporting.next_steps import next_steps
from sooner.results.records import Results
from sooner.tasks import Data, load_data, tasks


def resume(folder: Path, *, engine: str, trackers: Sequence[str], save_every: float) -> None:
    """Go on with the race in `folder`."""
    console = Console()
    plan = racing.load_plan(folder)
    loaded = None
    if plan.task.data:
        with step(console, f"reading {plan.task.data}"):
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
    from sooner.results.rescoring import rescore

    found = racing.results(folder)
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
    chosen = make_engine(engine, plan, data, save_every=save_every)
    done = racing.finished(folder)
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
        with Progress(plan, work(plan, data), done, console) as progress:
            racing.run(folder, chosen, Together(progress, told))
    except KeyboardInterrupt:
        how = "" if engine == "local" else f" --engine {engine}"
        again = f"sooner race --resume {shlex.quote(str(folder))}{how}"
        console.print(f"\nstopped; go on with: {again}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(130) from None
    else:
        told.race_finished(write(folder, console))
        if plan.task.name in {task.name for task in tasks()}:
            for line in next_steps(_command()):
                console.print(line, markup=False, highlight=False, soft_wrap=True)
    finally:
        told.close()


def write(folder: Path, console: Console) -> Results:
    """Score the race and write results.json and report.html, each whole or not at all."""
    with step(console, "working out the verdicts and writing the report"):
        found = _write(folder)
    reporting.show(found, console)
    console.print(f"report: {folder / 'report.html'}", markup=False, highlight=False, soft_wrap=True)
    return found


def _write(folder: Path) -> Results:
    found = racing.results(folder)
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
    return found


def free_folder(name: str) -> Path:
    """races/NAME, or the first of races/NAME-2, ... that is not there yet."""
    stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(name).name) or "race"
    for number in range(1, 10_000):
        folder = Path("races") / (stem if number == 1 else f"{stem}-{number}")
        if not folder.exists():
            return folder
    raise SoonerError("races/ is full of races of this task; give a folder with --out")


def _command() -> str:
    """How sooner was started, if by its path: a virtual environment that is not activated is not found by name."""
    started = sys.argv[0]
    return shlex.quote(started) if Path(started).name == "sooner" and shutil.which("sooner") is None else "sooner"


def _extent(plan: Plan) -> str:
    if plan.rules.protocol == "fitted":
        return f"{len(plan.rungs)} budgets from {plan.rungs[0]} to {plan.rungs[-1]}, at most {plan.pairs} seeds each"
    return f"{'at most ' if plan.rules.until == 'decided' else ''}{plan.pairs} pairs"

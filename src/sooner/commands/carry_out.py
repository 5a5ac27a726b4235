"""From the plan of a race to its three files: what every command that races has in common."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.console import Console

from sooner import reporting
from sooner.commands import amended_words, halted, outcome
from sooner.commands.progress import Progress
from sooner.commands.request import RunOptions
from sooner.commands.steps import step
from sooner.errors import RunFailedError, SoonerError, StoreError
from sooner.racing import race as racing
from sooner.racing import trackers as tracking
from sooner.racing.amending import Amendment, amend
from sooner.racing.engines.choose import make_engine
from sooner.racing.failure import Halt
from sooner.racing.plan.plan import Plan
from sooner.racing.plan.tuning import planned
from sooner.racing.protocols import Together
from sooner.racing.runs import work
from sooner.reporting.console import say
from sooner.reporting.format import number_of
from sooner.reporting.next_steps import next_steps
from sooner.reporting.notices import notice
from sooner.reporting.wording import verdict
from sooner.results.records import Results
from sooner.statistics.family import fewest_pairs
from sooner.tasks import Data, tasks


def carry_out(
    folder: Path, plan: Plan, data: Data | None, console: Console, how: RunOptions, asked: Amendment | None = None
) -> None:
    """Run what is missing of the race in `folder`, show how it goes, and write its results and report.

    `asked` is what a resumed race is asked besides; `plan` is then the one that it had, and its pairs those asked for.

    Raises RunFailedError where it was stopped after a run that failed.
    """
    chosen = make_engine(how.engine, plan, data, save_every=how.save_every, keep_going=how.keep_going)
    if asked is not None:
        before = racing.load_plan(folder)
        amended = amend(folder, asked, chosen.environment())
        for line in amended_words.lines(asked, before, amended, racing.finished(folder)):
            say(console, line)
        plan = amended.plan
    done = racing.finished(folder)
    tracked = tracking.make(how.trackers, folder, plan, done=done, warn=lambda line: say(console, line, style="yellow"))
    say(
        console,
        f"{plan.task.name} to {plan.task.metric} {plan.target:g}: {number_of(len(plan.lanes), 'lane')} "
        f"({', '.join(lane.name for lane in plan.lanes)}), {_extent(plan)}, on {plan.device} with "
        f"{number_of(plan.threads, 'thread')}, into {folder}",
    )
    few = fewest_pairs(plan.family)
    if plan.pairs < few:
        say(
            console,
            f"{number_of(plan.pairs, 'pair')} cannot decide between {number_of(len(plan.lanes), 'lane')}: a verdict "
            f"takes {few} (--pairs {few})",
            style="yellow",
        )
    try:
        with Progress(plan, work(plan, data), done, console) as progress:
            racing.run(folder, chosen, Together(progress, tracked), keep_going=how.keep_going)
    except KeyboardInterrupt:
        engine = "" if how.engine == "local" else f" --engine {how.engine}"
        say(console, f"\nstopped; go on with: sooner race --resume {shlex.quote(str(folder))}{engine}")
        raise typer.Exit(130) from None
    except Halt as halt:
        ended = racing.finished(folder)
        say(console, f"\n{halted.outcome(halt, ended, folder)}")
        raise RunFailedError(f"{halted.told(halt)}\n{halted.advice(halt, ended, folder, how.engine)}") from None
    else:
        tracked.race_finished(write(folder, console), tracking.Wording(verdict, notice))
        if plan.task.name in {task.name for task in tasks()}:
            for line in next_steps(_command()):
                say(console, line)
    finally:
        tracked.close()


def write(folder: Path, console: Console) -> Results:
    """Score the race and write results.json and report.html, each whole or not at all."""
    with step(console, "working out the verdicts and writing the report"):
        results = racing.results(folder)
        try:
            outcome.write(results, folder)
        except (ValueError, ArithmeticError) as error:  # of numbers near the largest there are
            raise StoreError(
                f"{folder} holds numbers of which no results can be made ({type(error).__name__}: {error}); race.db "
                "was left as it is: bring back a copy of it"
            ) from error
        except OSError as error:
            raise StoreError(
                f"could not write the results into {folder} ({error}); the race itself is safe in race.db: make room, "
                f"then sooner report {shlex.quote(str(folder))}"
            ) from error
    reporting.show(results, console)
    say(console, f"report: {folder / outcome.PAGE}")
    return results


def free_folder(name: str) -> Path:
    """races/NAME, or the first of races/NAME-2, ... that is not there yet."""
    return next(folder for folder in folders(name) if not folder.exists())


def folders(name: str) -> Iterator[Path]:
    """races/NAME, races/NAME-2 and so on. Raises SoonerError at their end."""
    stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(name).name) or "race"
    for number in range(1, 10_000):
        yield Path("races") / (stem if number == 1 else f"{stem}-{number}")
    raise SoonerError("races/ is full of races of this task; give a folder with --out")


def _command() -> str:
    """How sooner was started, if by its path: a virtual environment that is not activated is not found by name."""
    started = sys.argv[0]
    return shlex.quote(started) if Path(started).name == "sooner" and shutil.which("sooner") is None else "sooner"


def _extent(plan: Plan) -> str:
    trials = len(planned(plan))
    return f"{_pairs(plan)} after {number_of(trials, 'trial')} of their learning rates" if trials else _pairs(plan)


def _pairs(plan: Plan) -> str:
    if plan.rules.protocol == "fitted":
        rungs, seeds = number_of(len(plan.rungs), "budget"), number_of(plan.pairs, "seed")
        return f"{rungs} from {plan.rungs[0]} to {plan.rungs[-1]}, at most {seeds} each"
    return f"{'at most ' if plan.rules.until == 'decided' else ''}{number_of(plan.pairs, 'pair')}"

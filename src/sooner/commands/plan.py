"""`sooner plan`: how many pairs a question needs and how long they take here, before a race or from its own runs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from sooner.commands import options
from sooner.commands.request import Request
from sooner.commands.steps import step
from sooner.errors import SoonerError, StoreError
from sooner.racing.plan.rules import Rules

_DIFFERENCES = (0.05, 0.10, 0.20, 0.50)

EXAMPLES = options.examples(
    "sooner plan digits --detect 10%",
    "sooner plan fashion_mnist --lanes rs2-10,static-10 --budget 4ep",
    "sooner plan --race races/digits",
)


def plan(
    context: typer.Context,
    items: Annotated[list[str] | None, typer.Argument(help="A task by name, and recipe files (*.yaml).")] = None,
    race: Annotated[
        Path | None,
        typer.Option(help="Plan by what the race in this folder has shown so far.", rich_help_panel=options.WHAT),
    ] = None,
    task: options.Task = None,
    data: options.Data = None,
    label: options.Label = None,
    model: options.Model = None,
    target: options.Target = None,
    lanes: options.Lanes = "",
    budget: options.Budget = None,
    detect: options.Detect = "10%",
    tune: options.Tune = False,
    tune_rates: options.TuneRates = 5,
    tune_seeds: options.TuneSeeds = 2,
    missed: Annotated[
        str,
        typer.Option(
            help="Share of all runs that you expect to miss the target, such as 30%.", rich_help_panel=options.PROTOCOL
        ),
    ] = "0%",
    seed: options.Seed = 0,
    device: options.Device = "auto",
    threads: options.Threads = None,
    workers: options.Workers = 2,
    skip_bad: options.SkipBad = False,
    image_size: options.ImageSize = None,
    examples: options.Examples = None,
    trust: options.Trust = False,
) -> None:
    """Say how many pairs it takes to find a difference, and how long they take here."""
    share, lost = options.share_of(detect), options.share_of(missed, "--missed")
    if not 0 <= lost <= 0.9:
        raise SoonerError(
            f"--missed must be a share from 0% to 90% of the runs, not {missed}: where more miss, aim lower"
        )
    if race is not None:
        options.refuse_beside(context, "a race that has begun is planned by its own runs", "race", "detect")
        during(race, detect=share)
        return
    options.refuse_idle(context, "first-hit", "decided", tune=tune)
    request = Request(
        items=items or [],
        task=task,
        data=data,
        label=label,
        model=model,
        target=target,
        lanes=options.listed(lanes),
        budget=budget,
        rules=Rules(detect=share, tune=tune, tune_rates=tune_rates, tune_seeds=tune_seeds),
        seed=seed,
        device=device,
        threads=threads,
        workers=workers,
        skip_bad=skip_bad,
        image_size=image_size,
        examples=examples,
    )
    before(request, missed=lost, trust=trust)


def before(request: Request, *, missed: float = 0.0, trust: bool = False) -> None:
    """Measure the pace of every lane of the race that `request` asks for, and say how many pairs it needs.

    `missed` is the share of all runs that are expected to miss the target within their budget, in [0, 0.9].
    With `trust` the code that recipe files name is run without a question.
    """
    from sooner.commands import plan_words
    from sooner.commands.prepare import prepare
    from sooner.commands.progress import clock
    from sooner.commands.screen import Console
    from sooner.racing.machine import describe as machine
    from sooner.racing.recipes.pace import measure, race_seconds, run_seconds, search_seconds, sizes_of
    from sooner.reporting import format as words
    from sooner.reporting.console import say
    from sooner.results.forecast import PUBLISHED_CV, forecast
    from sooner.statistics.power import PRIOR_CV, log_ratio_sd

    console = Console()
    detect = request.rules.detect
    plan, data = prepare(request, console, trust=trust)
    busy = machine.load_by_others()
    with step(console, f"measuring the pace of {words.number_of(len(plan.lanes), 'lane')}"):
        paces = measure(plan, data)
    sizes = sizes_of(plan, data)
    seconds = {lane.name: run_seconds(lane, paces[lane.name], sizes, plan.every) for lane in plan.lanes}
    say(
        console,
        f"{plan.task.name} to {plan.task.metric} {plan.target:g} on {plan.device} with "
        f"{words.number_of(plan.threads, 'thread')}: a pair is a run of each of "
        f"{words.number_of(len(plan.lanes), 'lane')}, {clock(race_seconds(plan, seconds, 1))} here.\n",
    )
    console.print(plan_words.lanes(plan, paces, seconds))
    search = search_seconds(plan, seconds)
    also = ", the trials included" if search else ""
    if search:
        say(console, f"\nBefore the first pair --tune makes {plan_words.trials(plan)}: {clock(search)} here.")
    with step(console, "simulating races"):
        asked_for = sorted({*_DIFFERENCES, detect})
        expected = [forecast(log_ratio_sd(), difference, alpha=plan.alpha, missed=missed) for difference in asked_for]
    console.print()
    console.print(plan_words.forecasts(expected, plan, seconds))
    asked = next(one for one in expected if one.difference == detect)
    say(
        console,
        f"\nTo find {plan_words.percent(detect)} in 8 of 10 races: {words.number_of(asked.pairs, 'pair')}, "
        f"{clock(search + race_seconds(plan, seconds, asked.pairs))} here{also}; "
        f"or --until decided --max-pairs {asked.maximal} --detect {plan_words.percent(detect)}, which takes as many as "
        "it needs.\n"
        "The seconds are measured here, now, on a few dozen steps of each recipe. The pairs are not from this task, of "
        f"which nothing is known yet: they suppose that times to target vary by {PRIOR_CV:.1%} from seed to seed, the "
        "median of 354 published configurations. Four fifths of those lie between "
        f"{PUBLISHED_CV[0]:.1%} and {PUBLISHED_CV[1]:.0%}, which is the column quiet to noisy. They are for "
        f"{words.number_of(plan.family, 'lane')} under test, and suppose that {missed:.0%} of all runs miss the "
        "target (--missed). Once a few pairs have run, sooner plan --race FOLDER plans by what they show.",
    )
    if machine.is_busy(busy):
        say(console, f"Other programs used {busy:.0%} of this machine's cores meanwhile; a quiet one would be faster.")


def during(folder: Path, *, detect: float) -> None:
    """Say from the runs of the race in `folder`, under way or over, how many pairs more its question needs.

    Raises StoreError where no pair of it has ended.
    """
    from sooner.commands import plan_words
    from sooner.commands.screen import Console
    from sooner.racing import race as racing
    from sooner.racing.plan.confirming import FRESH
    from sooner.reporting.console import say
    from sooner.results.forecast import noises

    console = Console()
    Rules(detect=detect)  # refuses what makes no sense
    plan, results = racing.load_plan(folder), racing.results(folder)
    own = [record for record in racing.finished(folder) if record.seed < plan.seed + FRESH]
    known = noises(results, "wall")
    if not known:
        raise StoreError(
            f"no two lanes of the race in {folder} have run the same seed yet, so its noise is not known; "
            f"let it run a pair (sooner race --resume {shlex.quote(str(folder))}), or plan with sooner plan TASK"
        )
    pair = plan_words.seconds_per_pair(plan, own)
    console.print(plan_words.noises(known, detect, pair))
    say(console, "\n" + "\n".join(plan_words.advice(folder, plan, known, detect, pair, results.complete)))

"""`sooner suite TASK,TASK`: the same lanes raced on several tasks, and their performance profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from sooner import files
from sooner._words import number_of
from sooner.commands import options
from sooner.commands.race import begin, go_on
from sooner.commands.request import Request, RunOptions
from sooner.errors import DataError, RunFailedError, SoonerError, StoreError

EXAMPLES = options.examples(
    "sooner suite digits,mnist --lanes rs2-10",
    "sooner suite mnist,cifar10 --lanes rs2-10,infobatch --target 0.98,0.75 --out s",
)


def suite(
    context: typer.Context,
    tasks: Annotated[str, typer.Argument(help="Tasks by name, with commas between.")],
    lanes: options.Lanes = "",
    target: Annotated[
        str,
        typer.Option(
            help="One target for all tasks, or one for each with commas between.",
            show_default="the tasks'",
            rich_help_panel=options.WHAT,
        ),
    ] = "",
    model: options.Model = None,
    pairs: options.Pairs = None,
    budget: options.Budget = None,
    protocol: options.Protocol = "first-hit",
    share: options.Share = 0.5,
    scan: options.Scan = 2,
    until: options.Until = "pairs",
    max_pairs: options.MaxPairs = None,
    detect: options.Detect = "10%",
    confirm: options.Confirm = False,
    tune: options.Tune = False,
    tune_rates: options.TuneRates = 5,
    tune_seeds: options.TuneSeeds = 2,
    engine: options.Engine = "local",
    price: options.Price = None,
    track: options.Track = "",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the suite, a race in each task's folder below it.",
            show_default="races/suite-TASKS",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    threads: options.Threads = None,
    workers: options.Workers = 2,
    examples: options.Examples = None,
    save_every: options.SaveEvery = 30.0,
    keep_going: options.KeepGoing = False,
    trust: options.Trust = False,
) -> None:
    """Race the same lanes on several tasks, and draw their performance profiles; the same command resumes."""
    options.refuse_idle(context, protocol, until, tune=tune)
    request = Request(
        model=model,
        lanes=options.listed(lanes),
        pairs=options.count_pairs(pairs, max_pairs, until),
        budget=budget,
        rules=options.make_rules(protocol, until, detect, confirm, share, price, scan, tune, tune_rates, tune_seeds),
        seed=seed,
        device=device,
        threads=threads,
        workers=workers,
        examples=examples,
    )
    how = RunOptions(engine, options.listed(track), save_every, keep_going, trust)
    race_all(options.listed(tasks), request, out, targets=options.numbers("--target", target), how=how)


def race_all(
    names: Sequence[str],
    request: Request,
    out: Path | None = None,
    *,
    targets: Sequence[float] = (),
    how: RunOptions | None = None,
) -> None:
    """Race each task into a folder of its own below `out`, or go on with it there, and profile the lanes over all.

    Args:
        names: of tasks that sooner knows.
        request: the same for every task, without a task and a target.
        out: made if it is not there. None for the folder in races/ where the same suite was begun, else a new one.
        targets: one for each task, or one for all; without any the tasks' own.
        how: the runs are carried out.

    Raises:
        SoonerError: a task is not known, or `out` holds a suite that was asked for otherwise.
    """
    from sooner.commands import suite_record as record
    from sooner.commands.screen import Console
    from sooner.commands.suite_words import show
    from sooner.racing import race as racing
    from sooner.reporting.console import say
    from sooner.reporting.suite import PAGE, write_suite

    how = how or RunOptions()
    aims = _targets(names, targets)
    out = out or own_folder(aims, request)
    record.begin(out, request)
    console = Console()
    try:
        for place, (name, target) in enumerate(aims.items(), 1):
            say(console, f"[{place}/{len(aims)}] {name}", style="bold")
            folder = out / name
            if (other := files.unusual(folder, folder=True)) is not None:
                raise StoreError(f"{folder} is {other}; a suite writes into folders of its own: give another --out")
            if not record.begun(folder):
                begin(replace(request, items=[name], target=target), how, folder)
                continue
            record.refuse_target(folder, target)
            if not racing.results(folder).complete:
                go_on(folder, how)
    except (typer.Exit, RunFailedError):
        say(console, "run the same sooner suite command to resume")
        raise
    races = {name: racing.results(out / name) for name in aims}
    record.write(out, races)
    write_suite(races, out)
    show(races, console)
    say(console, f"report: {out / PAGE}")


def own_folder(aims: Mapping[str, float], request: Request) -> Path:
    """Where in races/ this suite was begun, or where there is nothing yet: the same command finds its folder again."""
    from sooner.commands.carry_out import folders
    from sooner.commands.suite_record import begun_so

    name = "-".join(("suite", *aims))
    return next(folder for folder in folders(name) if not folder.exists() or begun_so(folder, request, aims))


def _targets(names: Sequence[str], targets: Sequence[float]) -> dict[str, float]:
    """The target of each task. Raises SoonerError for a task that is not known, or a number that is no target."""
    from sooner._names import closest
    from sooner.tasks import get_task
    from sooner.tasks import tasks as known_tasks

    known = [task.name for task in known_tasks()]
    wrong = [name for name in names if name not in known]
    if wrong or not names or len(set(names)) < len(names):
        what = f"there is no {', '.join(wrong)}" if wrong else "one is given twice" if names else "none was given"
        which = closest(wrong[0], known) if wrong else f"allowed: {', '.join(known)}"
        raise DataError(f"a suite is of tasks that are known by name, each once, with commas between; {what}; {which}")
    if len(targets) not in (0, 1, len(names)):
        raise SoonerError(
            f"--target takes one target for all tasks or one for each, not {len(targets)} for "
            f"{number_of(len(names), 'task')}"
        )
    given: list[float | None] = [*targets] * (len(names) if len(targets) == 1 else 1) or [None] * len(names)
    return {name: get_task(name, target=target).target for name, target in zip(names, given, strict=True)}

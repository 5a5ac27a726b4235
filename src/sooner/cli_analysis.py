"""The commands around a race: plan one, join several, race a suite of tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sooner.commands import options
from sooner.errors import SoonerError


def plan(
    context: typer.Context,
    items: Annotated[list[str] | None, typer.Argument(help="A task by name, and recipe files (*.yaml).")] = None,
    race: Annotated[Path | None, typer.Option(help="Plan by what the race in this folder has shown so far.")] = None,
    detect: options.Detect = "10%",
    task: Annotated[str | None, typer.Option(help="The task, where the arguments are recipe files.")] = None,
    data: Annotated[str | None, typer.Option(help="Your own data, as for sooner race.")] = None,
    label: Annotated[str | None, typer.Option(help="The column that holds the label. [default: label]")] = None,
    model: options.Model = None,
    target: Annotated[float | None, typer.Option(help="Validation accuracy to reach, in (0, 1].")] = None,
    lanes: options.Lanes = "",
    budget: options.Budget = None,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    threads: options.Threads = None,
    workers: options.Workers = 2,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out images that cannot be decoded.")] = False,
    image_size: Annotated[int | None, typer.Option(help="Resize the images of a folder to this many pixels.")] = None,
    examples: options.Examples = None,
) -> None:
    """Say how many pairs it takes to find a difference, and how long they take here."""
    from sooner.commands import plan as command

    wanted = options.share_of(detect)
    if race is not None:
        options.refuse_beside(context, "a race that has begun is planned by its own runs", "race", "detect")
        command.during(race, detect=wanted)
        return
    command.before(
        detect=wanted,
        items=items or [],
        task=task,
        data=data,
        label=label,
        model=model,
        target=target,
        lanes=options.listed(lanes),
        budget=budget,
        seed=seed,
        device=device,
        threads=threads,
        workers=workers,
        skip_bad=skip_bad,
        image_size=image_size,
        examples=examples,
    )


def compare(
    races: Annotated[list[Path], typer.Argument(help="Two races or more: folders, or their results.json.")],
    target: Annotated[float | None, typer.Option(help="Score all races at this target.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for results.json and report.html of all together.")] = None,
) -> None:
    """Join races of one task on one machine into one report."""
    from sooner.commands import compare as command

    command.compare(races, target=target, out=out)


def suite(
    context: typer.Context,
    tasks: Annotated[str, typer.Argument(help="Tasks by name, with commas between.")],
    out: Annotated[Path, typer.Option(help="Folder for the suite, a race in each task's folder below it.")],
    lanes: options.Lanes = "",
    target: Annotated[
        str, typer.Option(help="One target for all tasks, or one for each with commas between. [default: the tasks']")
    ] = "",
    model: options.Model = None,
    pairs: Annotated[int | None, typer.Option(help="Seeds; every lane runs each. [default: 6]")] = None,
    budget: options.Budget = None,
    protocol: Annotated[str, typer.Option(help="first-hit or fitted.")] = "first-hit",
    share: Annotated[float, typer.Option(help="fitted: share of the seeds that must reach the target.")] = 0.5,
    scan: Annotated[int, typer.Option(help="fitted: seeds that run every budget.")] = 2,
    until: Annotated[str, typer.Option(help="pairs, or decided: race until every verdict is in.")] = "pairs",
    max_pairs: Annotated[int | None, typer.Option(help="The most pairs of a race until decided. [default: 24]")] = None,
    detect: options.Detect = "10%",
    confirm: Annotated[bool, typer.Option("--confirm", help="Run each winner again on fresh seeds.")] = False,
    price: Annotated[float | None, typer.Option(help="What an hour on this machine costs.")] = None,
    engine: Annotated[str, typer.Option(help="local or ray.")] = "local",
    track: Annotated[str, typer.Option(help="tensorboard, mlflow, wandb: with commas between.")] = "",
    seed: options.Seed = 0,
    device: options.Device = "auto",
    threads: options.Threads = None,
    workers: options.Workers = 2,
    examples: options.Examples = None,
    save_every: Annotated[float, typer.Option(min=0.0, help="Seconds between saves of the run under way.")] = 30.0,
) -> None:
    """Race the same lanes on several tasks, and draw their performance profiles; the same command again goes on."""
    from sooner.commands import suite as command

    options.refuse_idle(context, protocol, until)
    command.suite(
        options.listed(tasks),
        out=out,
        rules=options.make_rules(protocol, until, detect, confirm, share, price, scan),
        targets=_numbers(target),
        lanes=options.listed(lanes),
        model=model,
        pairs=options.count_pairs(pairs, max_pairs, until),
        budget=budget,
        seed=seed,
        device=device,
        threads=threads,
        workers=workers,
        examples=examples,
        engine=engine,
        trackers=options.listed(track),
        save_every=save_every,
    )


def _numbers(text: str) -> list[float]:
    try:
        return [float(item) for item in options.listed(text)]
    except ValueError:
        raise SoonerError(f"--target must be a number, or numbers with commas between, not {text!r}") from None


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (plan, compare, suite):
        app.command()(command)

"""`sooner race`: recipes, or programs, to a target side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from sooner.commands import options
from sooner.commands.request import ProgramsRequest, Request, RunOptions
from sooner.errors import SoonerError, StoreError

if TYPE_CHECKING:
    from sooner.racing.plan.plan import Plan

# The options that a race of programs has a use for.
_OF_PROGRAMS = (
    *(
        "target",
        "metric",
        "names",
        "timeout",
        "own_seconds",
        "pairs",
        "budget",
        "protocol",
        "share",
        "scan",
        "until",
        "max_pairs",
    ),
    *("detect", "confirm", "tune", "tune_rates", "tune_seeds"),  # tuned is refused with the reason
    *("price", "engine", "track", "out", "seed", "threads", "keep_going"),
)


EXAMPLES = options.examples(
    "sooner race digits",
    "sooner race mnist --lanes rs2-10,rs2-30 --target 0.98 --pairs 8",
    "sooner race --data table.csv --label species --target 0.9",
    "sooner race my_recipe.yaml --task cifar10 --until decided",
    "sooner race digits --protocol fitted --scan 6",
    "sooner race mine.yaml --task digits --tune",
    "sooner race --metric 'acc=([0-9.]+)' --target 0.93 -- 'python a.py {seed}' ...",
    "sooner race --resume races/digits",
)


class WithPrograms(TyperCommand):
    """A command whose arguments after `--` are programs, each a quoted command line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep what stands after `--` in the context, and read the rest as usual."""
        ctx.obj = None
        if "--" in args:
            place = args.index("--")
            ctx.obj, args = args[place + 1 :], args[:place]
        return super().parse_args(ctx, args)


def race(
    context: typer.Context,
    items: Annotated[
        list[str] | None, typer.Argument(help="A task by name (see `sooner tasks`), and recipe files (*.yaml).")
    ] = None,
    task: options.Task = None,
    data: options.Data = None,
    label: options.Label = None,
    model: options.Model = None,
    target: options.Target = None,
    lanes: options.Lanes = "",
    metric: Annotated[
        str | None,
        typer.Option(
            help="A pattern whose group is the metric, 'val_acc=([0-9.]+)'.", rich_help_panel=options.PROGRAMS
        ),
    ] = None,
    names: Annotated[
        str, typer.Option(help="Their names in the report, with commas between.", rich_help_panel=options.PROGRAMS)
    ] = "",
    timeout: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            metavar="SECONDS",
            help="Seconds of silence after which one is ended.",
            rich_help_panel=options.PROGRAMS,
        ),
    ] = None,
    own_seconds: Annotated[
        bool,
        typer.Option(
            help="Believe the seconds that programs tell; else the race's clock counts.",
            rich_help_panel=options.PROGRAMS,
        ),
    ] = False,
    pairs: options.Pairs = None,
    budget: Annotated[
        str | None,
        typer.Option(
            help="The baseline's budget: 10ep, 5000ba, 2e6ex or 90s; a number for a program's {budget}.",
            rich_help_panel=options.PROTOCOL,
        ),
    ] = None,
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
        typer.Option(help="Folder for the race.", show_default="races/TASK", rich_help_panel=options.OUTPUT),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            help="Resume the race in this folder; with --pairs add pairs to it.", rich_help_panel=options.RESUMING
        ),
    ] = None,
    retry: Annotated[
        str | None,
        typer.Option(
            help="With --resume: failed, to repeat runs that crashed or gave no metric.",
            rich_help_panel=options.RESUMING,
        ),
    ] = None,
    seed: options.Seed = 0,
    device: options.Device = "auto",
    threads: options.Threads = None,
    workers: options.Workers = 2,
    skip_bad: options.SkipBad = False,
    image_size: options.ImageSize = None,
    examples: options.Examples = None,
    save_every: options.SaveEvery = 30.0,
    keep_going: options.KeepGoing = False,
    trust: options.Trust = False,
) -> None:
    """Race recipes, or your own programs after --, to a target side by side, and say which one pays."""
    how = RunOptions(engine, options.listed(track), save_every, keep_going, trust)
    if resume is not None:
        if context.obj is not None:
            raise SoonerError("a race is resumed as it was planned; leave out --, and the programs after it")
        kept = ("resume", "retry", "pairs", "save_every", "engine", "track", "keep_going", "trust")
        options.refuse_beside(context, "a race is resumed as it was planned", *kept)
        go_on(resume, how, retry=retry, pairs=pairs)
        return
    if retry is not None:
        raise SoonerError("--retry is for a race that has begun; give its folder, too: --resume FOLDER --retry failed")
    rules = options.make_rules(protocol, until, detect, confirm, share, price, scan, tune, tune_rates, tune_seeds)
    options.refuse_idle(context, protocol, until, tune=tune)
    count = options.count_pairs(pairs, max_pairs, until)
    programs = None
    if context.obj is not None:
        options.refuse_beside(context, "they do not apply to a race of programs", *_OF_PROGRAMS)
        programs = ProgramsRequest(context.obj, options.listed(names), metric, timeout, own_seconds)
    elif metric is not None or names or timeout is not None or own_seconds:
        raise SoonerError(
            "--metric, --names, --timeout and --own-seconds are for programs: give those after --, each in quotes"
        )
    request = Request(
        items=items or [],
        task=task,
        data=data,
        label=label,
        model=model,
        target=target,
        lanes=options.listed(lanes),
        programs=programs,
        pairs=count,
        budget=budget,
        rules=rules,
        seed=seed,
        device=device,
        threads=threads,
        workers=workers,
        skip_bad=skip_bad,
        image_size=image_size,
        examples=examples,
    )
    begin(request, how, out)


def begin(request: Request, how: RunOptions, out: Path | None = None) -> None:
    """Plan the race that `request` asks for, and run it into `out`, by default a new folder in races/.

    Raises SoonerError where it cannot be planned, or `out` holds a race.
    """
    from sooner.commands.screen import Console
    from sooner.commands.steps import step

    console = Console()
    with step(console, "loading PyTorch and what goes with it"):
        from sooner.commands.carry_out import carry_out, free_folder
        from sooner.commands.prepare import prepare
        from sooner.commands.prepare_programs import prepare_programs
        from sooner.commands.trust import of_plan, remember
        from sooner.racing import race as racing
        from sooner.racing.recipes.runs import describe
        from sooner.results.notices import ExamplesSkipped

        how.check()
    if request.programs is not None:
        plan, data = prepare_programs(request, request.programs), None
    else:
        plan, data = prepare(request, console, trust=how.trust)
    remember(of_plan(plan))
    folder = out or free_folder(plan.task.name)
    racing.start(folder, plan, describe(data, plan.validation) if data else None)
    if data and data.skipped:
        racing.note(folder, ExamplesSkipped(len(data.skipped)))
    carry_out(folder, plan, data, console, how)


def go_on(folder: Path, how: RunOptions, *, retry: str | None = None, pairs: int | None = None) -> None:
    """Run what is missing of the race in `folder`.

    With `retry` "failed" its failed runs are repeated, and with `pairs` it is to have so many. Raises SoonerError where
    there is none, or it cannot go on, or not so.
    """
    from sooner.commands.screen import Console
    from sooner.commands.steps import step

    console = Console()
    with step(console, "loading PyTorch and what goes with it"):
        from sooner.commands.carry_out import carry_out
        from sooner.commands.trust import of_plan, require
        from sooner.racing import race as racing
        from sooner.racing.amending import Amendment, with_pairs
        from sooner.tasks import load_data

    asked = Amendment(retry, pairs)  # type: ignore[arg-type]  # checked there
    plan = with_pairs(racing.load_plan(folder), pairs)
    require(of_plan(plan), f"the race in {folder}", trust=how.trust)
    data = None
    if plan.task.data:
        with step(console, f"reading {plan.task.data}"):
            data = load_data(plan.task.data, **_known_options(folder, plan))
    carry_out(folder, plan, data, console, how, asked)


def _known_options(folder: Path, plan: Plan) -> dict[str, Any]:
    """The options of `load_data` that the plan of the race in `folder` keeps. Raises StoreError for any other."""
    kinds = {"label": str, "skip_bad": bool, "image_size": int, "examples": int}
    for name, value in plan.task.options.items():
        if type(value) is not kinds.get(name):
            raise StoreError(f"the race in {folder} reads its data with {name}={value!r}, which is no option for that")
    return dict(plan.task.options)

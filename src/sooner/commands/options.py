"""What the commands share: options, and how their text is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sooner.errors import SoonerError

if TYPE_CHECKING:
    from sooner.racing.plan.rules import Rules

# The groups of options in --help, which shows them in the order in which a command's first option of each comes.
WHAT = "What to race"
DATA = "Data and model"
PROGRAMS = "Programs, which stand after --"
PROTOCOL = "Protocol and statistics"
MACHINE = "Machine"
OUTPUT = "Output"
RESUMING = "Stopping and resuming"

Task = Annotated[str | None, typer.Option(help="The task, where the arguments are recipe files.", rich_help_panel=WHAT)]
Data = Annotated[
    str | None,
    typer.Option(
        help="Your own data: a Parquet, CSV or Arrow file, an image folder, a hub name or module:function.",
        rich_help_panel=DATA,
    ),
]
Label = Annotated[
    str | None, typer.Option(help="The column that holds the label.", show_default="label", rich_help_panel=DATA)
]
Target = Annotated[float | None, typer.Option(help="Validation accuracy to reach, in (0, 1].", rich_help_panel=WHAT)]
Lanes = Annotated[
    str, typer.Option(help="Recipes to race, by name or file, with commas between.", rich_help_panel=WHAT)
]
Model = Annotated[str | None, typer.Option(help="A model by name, or module:factory.", rich_help_panel=DATA)]
Budget = Annotated[
    str | None, typer.Option(help="The baseline's budget: 10ep, 5000ba, 2e6ex or 90s.", rich_help_panel=PROTOCOL)
]
Pairs = Annotated[
    int | None,
    typer.Option(
        help="Seeds; every lane runs each. A verdict needs 6, with several lanes more.",
        show_default="as many as a verdict needs",
        rich_help_panel=PROTOCOL,
    ),
]
Protocol = Annotated[
    str,
    typer.Option(help="first-hit, or fitted: the smallest budget that reaches the target.", rich_help_panel=PROTOCOL),
]
Share = Annotated[
    float, typer.Option(help="fitted: share of the seeds that must reach the target.", rich_help_panel=PROTOCOL)
]
Scan = Annotated[
    int,
    typer.Option(
        help="fitted: seeds that run every budget; as many as pairs gives intervals at every target.",
        rich_help_panel=PROTOCOL,
    ),
]
Until = Annotated[
    str, typer.Option(help="pairs, or decided: race until every verdict is in.", rich_help_panel=PROTOCOL)
]
MaxPairs = Annotated[
    int | None,
    typer.Option(help="The most pairs of a race until decided.", show_default="24", rich_help_panel=PROTOCOL),
]
Detect = Annotated[str, typer.Option(help="The difference of speed that matters to you.", rich_help_panel=PROTOCOL)]
Confirm = Annotated[
    bool,
    typer.Option("--confirm", help="Run the winner and its opponents again on fresh seeds.", rich_help_panel=PROTOCOL),
]
Tune = Annotated[
    bool,
    typer.Option("--tune", help="Search the learning rate of every lane before the race.", rich_help_panel=PROTOCOL),
]
TuneRates = Annotated[
    int,
    typer.Option(metavar="N", help="tune: rates around each recipe's own, an odd number.", rich_help_panel=PROTOCOL),
]
TuneSeeds = Annotated[
    int, typer.Option(metavar="N", help="tune: seeds that each rate is tried with.", rich_help_panel=PROTOCOL)
]
Price = Annotated[
    float | None, typer.Option(help="What an hour on this machine costs, for money to target.", rich_help_panel=OUTPUT)
]
Engine = Annotated[
    str, typer.Option(help="local, or ray: every run on a worker of a Ray cluster.", rich_help_panel=MACHINE)
]
Track = Annotated[str, typer.Option(help="tensorboard, mlflow, wandb: with commas between.", rich_help_panel=OUTPUT)]
Seed = Annotated[
    int, typer.Option(min=0, max=2**31, metavar="N", help="Seed of the first pair.", rich_help_panel=PROTOCOL)
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:1.", rich_help_panel=MACHINE)]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="CPU threads.",
        show_default="OMP_NUM_THREADS, or one per core",
        rich_help_panel=MACHINE,
    ),
]
Workers = Annotated[
    int,
    typer.Option(min=0, metavar="N", help="Processes that read data too large for memory.", rich_help_panel=MACHINE),
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out images that cannot be decoded.", rich_help_panel=DATA)
]
ImageSize = Annotated[
    int | None, typer.Option(help="Resize the images of a folder to this many pixels.", rich_help_panel=DATA)
]
Examples = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Race on this many of the training examples: a first look at large data.",
        rich_help_panel=DATA,
    ),
]
KeepGoing = Annotated[
    bool,
    typer.Option(
        "--keep-going",
        help="Do not stop after a run that crashed or gave no metric, nor for a metric's doubtful scale.",
        rich_help_panel=RESUMING,
    ),
]
SaveEvery = Annotated[
    float,
    typer.Option(
        min=0.0, metavar="SECONDS", help="Seconds between saves of the run under way.", rich_help_panel=RESUMING
    ),
]


def examples(*lines: str) -> str:
    """The end of a command's --help: a paragraph for each line, as older versions of Typer join those within one."""
    return "\n\n".join(["Examples:", *lines])


Trust = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Run code that recipe files, or a race that is resumed, name, without a question.",
        rich_help_panel=DATA,
    ),
]


def listed(text: str) -> list[str]:
    """What stands between commas."""
    return [item.strip() for item in text.split(",") if item.strip()]


def make_rules(
    protocol: str,
    until: str,
    detect: str,
    confirm: bool,
    share: float,
    price: float | None,
    scan: int,
    tune: bool,
    tune_rates: int,
    tune_seeds: int,
) -> Rules:
    """The rules of a race. Raises SoonerError."""
    from sooner.racing.plan.rules import Rules

    return Rules(
        protocol=protocol,  # type: ignore[arg-type]  # checked there, as is the next
        until=until,  # type: ignore[arg-type]
        detect=share_of(detect),
        confirm=confirm,
        share=share,
        scan=scan,
        price=price,
        tune=tune,
        tune_rates=tune_rates,
        tune_seeds=tune_seeds,
    )


def share_of(text: str, option: str = "--detect") -> float:
    """ "10%" and "0.1" alike."""
    number = text.strip()
    try:
        return float(number[:-1]) / 100 if number.endswith("%") else float(number)
    except ValueError:
        raise SoonerError(f"{option} must be a share such as 10% or 0.1, not {text!r}") from None


def count_pairs(pairs: int | None, max_pairs: int | None, until: str) -> int | None:
    """The number of pairs, or the most of them where the race may end earlier; None for what is usual."""
    if until == "decided":
        if pairs is not None:
            raise SoonerError("a race until decided takes --max-pairs, the most it may run, and not --pairs")
        return max_pairs
    if max_pairs is not None:
        raise SoonerError("--max-pairs is for a race --until decided; --pairs fixes their number")
    return pairs


def refuse_idle(context: typer.Context, protocol: str, until: str, *, tune: bool) -> None:
    """Refuse options of a protocol, an ending or a search that was not asked for."""
    idle = (() if protocol == "fitted" else ("share", "scan")) + (() if until == "decided" else ("detect",))
    idle += () if tune else ("tune_rates", "tune_seeds")
    others = [name for name in context.params if name not in idle]
    needed = (
        "--share and --scan go with --protocol fitted, --detect with --until decided, --tune-rates and --tune-seeds "
        "with --tune"
    )
    refuse_beside(context, needed, *others)


def refuse_beside(context: typer.Context, why: str, *allowed: str) -> None:
    """An option that would change nothing must not seem to."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    given = [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]
    others = [name.replace("_", "-") for name in sorted(given) if name not in allowed]
    if others:
        raise SoonerError(f"{why}; leave out {', '.join(others)}, or start a race without")


def numbers(option: str, text: str) -> list[float]:
    """The numbers between commas. Raises SoonerError, which names the option, where one is none."""
    try:
        return [float(item) for item in listed(text)]
    except ValueError:
        raise SoonerError(f"{option} must be a number, or numbers with commas between, not {text!r}") from None

"""The command line. Each command imports what it needs, so that `sooner --help` is quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO, cast

import typer
from typer.core import TyperCommand

from sooner import cli_analysis
from sooner._version import __version__
from sooner.commands.options import count_pairs, listed, make_rules, refuse_beside, refuse_idle
from sooner.errors import SoonerError

app = typer.Typer(
    name="sooner",
    help="Reach your accuracy sooner, and prove it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"sooner {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


class _WithPrograms(TyperCommand):
    """A command whose arguments after `--` are programs, each a quoted command line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep what stands after `--` in the context, and read the rest as usual."""
        ctx.obj = None
        if "--" in args:
            place = args.index("--")
            ctx.obj, args = args[place + 1 :], args[:place]
        return super().parse_args(ctx, args)


@app.command(cls=_WithPrograms)
def race(
    context: typer.Context,
    items: Annotated[
        list[str] | None, typer.Argument(help="A task by name (see `sooner tasks`), and recipe files (*.yaml).")
    ] = None,
    task: Annotated[str | None, typer.Option(help="The task, where the arguments are recipe files.")] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="Your own data: a Parquet, CSV or Arrow file, an image folder, a hub name or module:function."
        ),
    ] = None,
    label: Annotated[str | None, typer.Option(help="The column that holds the label. [default: label]")] = None,
    model: Annotated[str | None, typer.Option(help="A model by name, or module:factory.")] = None,
    target: Annotated[float | None, typer.Option(help="Validation accuracy to reach, in (0, 1].")] = None,
    lanes: Annotated[str, typer.Option(help="Recipes to race, by name or file, with commas between.")] = "",
    metric: Annotated[
        str | None, typer.Option(help="Programs: a pattern whose group is the metric, 'val_acc=([0-9.]+)'.")
    ] = None,
    names: Annotated[str, typer.Option(help="Programs: their names in the report, with commas between.")] = "",
    timeout: Annotated[
        float | None, typer.Option(min=0.1, help="Programs: seconds of silence after which one is ended.")
    ] = None,
    pairs: Annotated[
        int | None, typer.Option(help="Seeds; every lane runs each. A verdict needs 6. [default: 6]")
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(help="The baseline's budget: 10ep, 5000ba, 2e6ex or 90s; a number for a program's {budget}."),
    ] = None,
    protocol: Annotated[
        str, typer.Option(help="first-hit, or fitted: the smallest budget that reaches the target.")
    ] = "first-hit",
    share: Annotated[float, typer.Option(help="fitted: share of the seeds that must reach the target.")] = 0.5,
    scan: Annotated[
        int, typer.Option(help="fitted: seeds that run every budget; as many as pairs gives intervals at every target.")
    ] = 2,
    until: Annotated[str, typer.Option(help="pairs, or decided: race until every verdict is in.")] = "pairs",
    max_pairs: Annotated[int | None, typer.Option(help="The most pairs of a race until decided. [default: 24]")] = None,
    detect: Annotated[str, typer.Option(help="The difference of speed that matters to you.")] = "10%",
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Run the winner and its opponents again on fresh seeds.")
    ] = False,
    price: Annotated[
        float | None, typer.Option(help="What an hour on this machine costs, for money to target.")
    ] = None,
    engine: Annotated[str, typer.Option(help="local, or ray: every run on a worker of a Ray cluster.")] = "local",
    track: Annotated[str, typer.Option(help="tensorboard, mlflow, wandb: with commas between.")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for the race. [default: races/TASK]")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the race in this folder.")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31, help="Seed of the first pair.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:1.")] = "auto",
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads. [default: one per core]")] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes that read data too large for memory.")] = 2,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out images that cannot be decoded.")] = False,
    image_size: Annotated[int | None, typer.Option(help="Resize the images of a folder to this many pixels.")] = None,
    examples: Annotated[
        int | None, typer.Option(min=1, help="Race on this many of the training examples: a first look at large data.")
    ] = None,
    save_every: Annotated[float, typer.Option(min=0.0, help="Seconds between saves of the run under way.")] = 30.0,
) -> None:
    """Race recipes, or your own programs after --, to a target side by side, and say which one pays."""
    from rich.console import Console

    from sooner.commands.steps import step

    with step(Console(), "loading PyTorch and what goes with it"):
        from sooner.commands import carry_out as finish
        from sooner.commands import race as recipes
        from sooner.commands import race_programs as programs

    trackers = listed(track)
    if resume is not None:
        if context.obj is not None:
            raise SoonerError("a race is resumed as it was planned; leave out --, and the programs after it")
        refuse_beside(context, "a race is resumed as it was planned", "resume", "save_every", "engine", "track")
        finish.resume(resume, engine=engine, trackers=trackers, save_every=save_every)
        return
    rules = make_rules(protocol, until, detect, confirm, share, price, scan)
    refuse_idle(context, protocol, until)
    count = count_pairs(pairs, max_pairs, until)
    if context.obj is not None:
        of_programs = (
            *(
                "target",
                "metric",
                "names",
                "timeout",
                "pairs",
                "budget",
                "protocol",
                "share",
                "scan",
                "until",
                "max_pairs",
            ),
            *("detect", "confirm", "price", "engine", "track", "out", "seed", "threads"),
        )
        refuse_beside(context, "a race of programs has no use for them", *of_programs)
        programs.new(
            commands=context.obj,
            names=listed(names),
            metric=metric,
            target=target,
            timeout=timeout,
            pairs=count,
            budget=budget,
            rules=rules,
            out=out,
            seed=seed,
            threads=threads,
            engine=engine,
            trackers=trackers,
        )
        return
    if metric is not None or names or timeout is not None:
        raise SoonerError("--metric, --names and --timeout are for programs: give those after --, each in quotes")
    recipes.new(
        items=items or [],
        task=task,
        data=data,
        label=label,
        model=model,
        target=target,
        lanes=listed(lanes),
        pairs=count,
        budget=budget,
        rules=rules,
        out=out,
        seed=seed,
        device=device,
        threads=threads,
        workers=workers,
        skip_bad=skip_bad,
        image_size=image_size,
        examples=examples,
        save_every=save_every,
        engine=engine,
        trackers=trackers,
    )


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="The folder of a race.")],
    target: Annotated[float | None, typer.Option(help="Show what the race says at another target.")] = None,
) -> None:
    """Write results.json and report.html again from a race's store."""
    from sooner.commands import carry_out as finish

    finish.report(folder, target=target)


@app.command()
def tasks() -> None:
    """List the tasks and models known by name, with their size and cost."""
    from sooner.commands import listings

    listings.show_tasks()


@app.command()
def methods(
    name: Annotated[str, typer.Argument(help="A method, or a pattern such as 'rs*'.")] = "*",
) -> None:
    """List the methods, or show one: paper, cost, when it helps and when not."""
    from sooner.commands import listings

    listings.show_methods(name)


@app.command()
def doctor() -> None:
    """Say what machine this is, what it is good for, and what is missing."""
    from sooner.commands import listings

    listings.show_doctor()


cli_analysis.register(app)


class _Pipe:
    """Standard output, whose reader may leave before the end, as `head` does: then this ends quietly too."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As the stream's own."""
        with self._read():
            return self._stream.write(text)

    def flush(self) -> None:
        """As the stream's own."""
        with self._read():
            self._stream.flush()

    @contextmanager
    def _read(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            sys.exit(141)  # 128 + SIGPIPE, as programs that know nothing of pipes end


def main() -> None:
    """Entry point: errors a user can act on are one message and status 2, an interrupt is status 130."""
    before, sys.stdout = sys.stdout, cast(TextIO, _Pipe(sys.stdout))
    try:
        app()
    except SoonerError as error:
        typer.echo(f"sooner: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        sys.stdout = before


if __name__ == "__main__":
    main()

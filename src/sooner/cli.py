"""The command line. Each command imports what it needs, so that `sooner --help` is quick."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sooner._version import __version__
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


@app.command()
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
    pairs: Annotated[int, typer.Option(help="Seeds; every lane runs each. A verdict needs 6.")] = 6,
    budget: Annotated[str | None, typer.Option(help="The baseline's budget: 10ep, 5000ba, 2e6ex or 90s.")] = None,
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
    """Race recipes to a target accuracy, side by side, and say which one pays."""
    from sooner.racing import command

    if resume is not None:
        _refuse_beside_resume(context)
        command.resume(resume, save_every=save_every)
        return
    command.new(
        items=items or [],
        task=task,
        data=data,
        label=label,
        model=model,
        target=target,
        lanes=[lane.strip() for lane in lanes.split(",") if lane.strip()],
        pairs=pairs,
        budget=budget,
        out=out,
        seed=seed,
        device=device,
        threads=threads,
        workers=workers,
        skip_bad=skip_bad,
        image_size=image_size,
        examples=examples,
        save_every=save_every,
    )


def _refuse_beside_resume(context: typer.Context) -> None:
    """A race goes on as it was planned, so an option that would change it must not seem to."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    given = [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]
    others = [name.replace("_", "-") for name in sorted(given) if name not in ("resume", "save_every")]
    if others:
        raise SoonerError(
            f"a race is resumed as it was planned; leave out {', '.join(others)}, or start a new race without --resume"
        )


@app.command()
def report(folder: Annotated[Path, typer.Argument(help="The folder of a race.")]) -> None:
    """Write results.json and report.html again from a race's store."""
    from sooner.racing import command

    command.report(folder)


@app.command()
def tasks() -> None:
    """List the tasks and models known by name, with their size and cost."""
    from sooner.reporting import listings

    listings.show_tasks()


@app.command()
def methods(
    name: Annotated[str, typer.Argument(help="A method, or a pattern such as 'rs*'.")] = "*",
) -> None:
    """List the methods, or show one: paper, cost, when it helps and when not."""
    from sooner.reporting import listings

    listings.show_methods(name)


@app.command()
def doctor() -> None:
    """Say what machine this is, what it is good for, and what is missing."""
    from sooner.reporting import listings

    listings.show_doctor()


def main() -> None:
    """Entry point: errors a user can act on are one message and status 2, an interrupt is status 130."""
    try:
        app()
    except SoonerError as error:
        typer.echo(f"sooner: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()

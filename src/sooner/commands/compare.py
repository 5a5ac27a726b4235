"""`sooner compare A B`: several races of one question, joined into one report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sooner.errors import SoonerError, StoreError
from sooner.racing.store import NAME


def compare(
    races: Annotated[list[Path], typer.Argument(help="Two races or more: folders, or their results.json.")],
    target: Annotated[float | None, typer.Option(help="Score all races at this target.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for results.json and report.html of all together.")] = None,
) -> None:
    """Join races of one task on one machine into one report."""
    from sooner import reporting
    from sooner.commands import outcome
    from sooner.commands.screen import Console
    from sooner.reporting.console import say
    from sooner.results.pooling import join
    from sooner.results.rescoring import rescore

    console = Console()
    _refuse(races, target, out)
    loaded = [outcome.load(path) for path in races]
    chosen = target is not None and {race.target for race in loaded} != {target}
    if target is not None and len({race.target for race in loaded}) > 1:  # else joined at their own: it has its level
        loaded = [rescore(race, target, curves=False) for race in loaded]
    if chosen:
        say(
            console,
            f"All races are scored at {target:g}, chosen after them: verdicts allow for a choice among all targets. "
            "A race of its own to that target says more.",
        )
    joined = join(loaded, [str(path) for path in races])
    if target is not None:
        joined = rescore(joined, target)
    if out is not None:
        try:
            outcome.write(joined, out)
        except OSError as error:
            raise StoreError(
                f"could not write the results into {out} ({error}); make room, or give another --out"
            ) from error
    reporting.show(joined, console)
    if out is not None:
        say(console, f"report: {out / outcome.PAGE}")


def _refuse(races: Sequence[Path], target: float | None, out: Path | None) -> None:
    if out is not None and (out / NAME).exists():
        raise StoreError(f"{out} holds a race of its own; give --out another folder for the comparison")
    if len({path.resolve() for path in races}) < len(races):
        raise SoonerError(f"a race is given twice among {', '.join(map(str, races))}; give each race once")
    if target is not None and not math.isfinite(target):
        raise SoonerError(f"--target must be a finite number, not {target:g}")

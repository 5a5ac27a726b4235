"""`sooner report FOLDER`: the files of a race again, or what it says at another target."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from sooner.errors import SoonerError


def report(
    folder: Annotated[Path, typer.Argument(help="The folder of a race.")],
    target: Annotated[float | None, typer.Option(help="Show what the race says at another target.")] = None,
) -> None:
    """Write results.json and report.html again from a race's store."""
    from sooner.commands.carry_out import write
    from sooner.commands.screen import Console

    console = Console()
    if target is None:
        write(folder, console)
        return
    if not math.isfinite(target):
        raise SoonerError(f"--target must be a finite number, not {target:g}")
    from sooner import reporting
    from sooner.racing import race as racing
    from sooner.reporting.console import say
    from sooner.results.rescoring import rescore

    results = racing.results(folder)
    say(
        console,
        f"The race was for {results.target:g}; this is what it shows at {target:g}. A target chosen after seeing the "
        "results can be chosen for its result: confirm it with a race of its own.",
    )
    reporting.show(rescore(results, target), console)

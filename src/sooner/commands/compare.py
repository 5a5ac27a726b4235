"""`sooner compare A B`: several races of one question, joined into one report."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from sooner import reporting
from sooner.errors import SoonerError, StoreError
from sooner.racing import race as racing
from sooner.racing.store import NAME
from sooner.results.pooling import join
from sooner.results.records import FORMAT, Results
from sooner.results.rescoring import rescore

RESULTS, PAGE = "results.json", "report.html"


def compare(paths: Sequence[Path], *, target: float | None = None, out: Path | None = None) -> None:
    """Join the races at `paths`, folders or results.json files, show them as one, and write that into `out`.

    Raises SoonerError where a path holds no race, or where the races are not alike.
    """
    console = Console()
    if out is not None and (out / NAME).exists():
        raise StoreError(f"{out} holds a race of its own; give --out another folder for the comparison")
    if len({path.resolve() for path in paths}) < len(paths):
        raise SoonerError(f"a race is given twice among {', '.join(map(str, paths))}; give each race once")
    races = [load(path) for path in paths]
    if target is not None:
        if not math.isfinite(target):
            raise SoonerError(f"--target must be a finite number, not {target:g}")
        races = [rescore(race, target, curves=False) for race in races]
        _say(
            console,
            f"All races are scored at {target:g}. A target chosen after seeing the results can be chosen for its "
            "result: confirm it with a race of its own.",
        )
    joined = join(races, [str(path) for path in paths])
    if out is not None:
        write(joined, out)
    reporting.show(joined, console)
    if out is not None:
        _say(console, f"report: {out / PAGE}")


def load(path: Path) -> Results:
    """The results of a race: scored from its store where `path` is its folder, else as they were written.

    Raises SoonerError where there are none, or none that this version reads.
    """
    if path.is_dir() and (path / NAME).exists():
        return racing.results(path)
    file = path / RESULTS if path.is_dir() else path
    if not file.is_file():
        raise StoreError(f"there is no race at {path}; give a folder that `sooner race` wrote, or its {RESULTS}")
    try:
        found = Results.load(file)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{file} cannot be read as the results of a race ({type(error).__name__}: {error}); write it again with "
            "`sooner report` on the race's folder"
        ) from error
    if found.format != FORMAT:
        raise StoreError(f"{file} has format {found.format}, and this sooner reads {FORMAT}: upgrade sooner")
    return found


def write(results: Results, folder: Path) -> None:
    """Write results.json and report.html into `folder`, each whole or not at all. Raises StoreError."""
    part = folder / f"{RESULTS}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            part.write_text(reporting.results_json(results))
            os.replace(part, folder / RESULTS)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"could not write the results into {folder} ({error}); make room, or give another --out"
        ) from error
    reporting.write_page(results, folder / PAGE)


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)

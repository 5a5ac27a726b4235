"""`sooner suite TASK,TASK`: the same lanes raced on several tasks, and their performance profiles."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from sooner.commands import carry_out as finish
from sooner.commands import race as recipes
from sooner.errors import DataError, SoonerError, StoreError
from sooner.racing import race as racing
from sooner.racing.plan.rules import Rules
from sooner.racing.store import NAME, Store
from sooner.reporting.headlines import headlines
from sooner.reporting.suite import PAGE, called, caveat, write_suite
from sooner.results.profiles import REACH, Clock, Profile, left_out, profiles
from sooner.results.records import Results
from sooner.tasks import get_task
from sooner.tasks import tasks as known_tasks

RECORD = "suite.json"
FORMAT = 1


def suite(
    names: Sequence[str],
    *,
    out: Path,
    rules: Rules,
    targets: Sequence[float] = (),
    engine: str = "local",
    trackers: Sequence[str] = (),
    save_every: float = 30.0,
    **options: Any,
) -> None:
    """Race each task into a folder of its own below `out`, or go on with it there, and profile the lanes over all.

    Args:
        names: of tasks that sooner knows.
        out: made if it is not there.
        rules: of every race.
        targets: one for each task, or one for all; without any the tasks' own.
        engine, trackers, save_every: as of `recipes.new`.
        options: what `recipes.new` takes besides, the same for every task.

    Raises:
        SoonerError: a task is not known, or `out` holds a suite that was asked for otherwise.
    """
    aims = _targets(names, targets)
    _begin(out, {**options, "rules": asdict(rules)})
    console = Console()
    try:
        for place, (name, target) in enumerate(aims.items(), 1):
            console.print(f"[{place}/{len(aims)}] {name}", markup=False, highlight=False, style="bold")
            folder = out / name
            if not _begun(folder):
                recipes.new(
                    items=[name],
                    task=None,
                    data=None,
                    label=None,
                    skip_bad=False,
                    image_size=None,
                    target=target,
                    rules=rules,
                    out=folder,
                    engine=engine,
                    trackers=trackers,
                    save_every=save_every,
                    **options,
                )
                continue
            _same_target(folder, target)
            if not racing.results(folder).complete:
                finish.resume(folder, engine=engine, trackers=trackers, save_every=save_every)
    except typer.Exit:
        _say(console, "the same sooner suite command goes on with the suite")
        raise
    races = {name: racing.results(out / name) for name in aims}
    _write(out, races)
    _show(races, console)
    _say(console, f"report: {out / PAGE}")


def _targets(names: Sequence[str], targets: Sequence[float]) -> dict[str, float]:
    known = [task.name for task in known_tasks()]
    wrong = [name for name in names if name not in known]
    if wrong or not names or len(set(names)) < len(names):
        what = f"there is no {', '.join(wrong)}" if wrong else "one is given twice" if names else "none was given"
        raise DataError(
            f"a suite is of tasks that are known by name, each once, with commas between: {', '.join(known)}; {what}"
        )
    if len(targets) not in (0, 1, len(names)):
        raise SoonerError(f"--target takes one target for all {len(names)} tasks, or one for each, not {len(targets)}")
    given: list[float | None] = [*targets] * (len(names) if len(targets) == 1 else 1) or [None] * len(names)
    return {name: get_task(name, target=target).target for name, target in zip(names, given, strict=True)}


def _begin(out: Path, asked: Mapping[str, Any]) -> None:
    """Write what was asked for, so that the suite can only go on as it began."""
    plain = json.loads(json.dumps(asked))
    if (out / NAME).exists():
        raise StoreError(f"{out} holds a race; give --out a folder for the suite")
    if not (out / RECORD).exists():
        _replace(out, json.dumps({"format": FORMAT, "asked": plain}))
        return
    try:
        before = json.loads((out / RECORD).read_text())["asked"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{out / RECORD} cannot be read ({error}); give another --out") from error
    changed = [
        f"{key}: began with {before.get(key)}, now {plain.get(key)}"
        for key in sorted({*before, *plain})
        if before.get(key) != plain.get(key)
    ]
    if changed:
        raise StoreError(
            f"the suite in {out} was begun otherwise:\n  "
            + "\n  ".join(changed)
            + "\ngo on as it began, or give another --out"
        )


def _begun(folder: Path) -> bool:
    if not (folder / NAME).exists():
        return False
    store = Store(folder)
    try:
        return store.get("plan") is not None
    finally:
        store.close()


def _same_target(folder: Path, target: float) -> None:
    planned = racing.load_plan(folder).target
    if planned != target:
        raise StoreError(f"the race in {folder} is for {planned:g}, not {target:g}; give --target as before")


def _write(out: Path, races: Mapping[str, Results]) -> None:
    asked = json.loads((out / RECORD).read_text())["asked"]
    found = {
        "format": FORMAT,
        "asked": asked,
        "tasks": {name: {"target": race.target, "results": f"{name}/results.json"} for name, race in races.items()},
        "reach": REACH,
        "profiles": {
            clock: [{"lane": called(each.identity), **asdict(each)} for each in profiles(races, clock)]
            for clock in get_args(Clock)
        },
        "left_out": [called(identity) for identity in left_out(races)],
    }
    _replace(out, json.dumps(found, indent=1, allow_nan=False) + "\n")
    write_suite(races, out)


def _replace(out: Path, text: str) -> None:
    part = out / f"{RECORD}.part"
    try:
        out.mkdir(parents=True, exist_ok=True)
        part.write_text(text)
        os.replace(part, out / RECORD)
    except OSError as error:
        raise StoreError(f"could not write {out / RECORD} ({error}); make room, or give another --out") from error


def _show(races: Mapping[str, Results], console: Console) -> None:
    for name, race in races.items():
        for headline in headlines(race):
            _say(console, f"{name}: {headline.lane.name} {headline.sentence}")
    by_clock = {clock: {each.identity: each for each in profiles(races, clock)} for clock in get_args(Clock)}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("lane", overflow="fold")
    for heading in ("fastest on", "within 2x", f"within {REACH:g}x", "area, wall", "calibrated", "examples"):
        table.add_column(heading, justify="right")
    for identity, wall in by_clock["wall"].items():
        areas = [f"{by_clock[clock][identity].area:.2f}" for clock in get_args(Clock)]
        table.add_row(called(identity), *(_tasks(wall, factor) for factor in (1.0, 2.0, REACH)), *areas)
    console.print(table)
    _say(console, caveat(races))


def _tasks(profile: Profile, factor: float) -> str:
    return f"{round(profile.share(factor) * len(profile.factors))} of {len(profile.factors)}"


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)

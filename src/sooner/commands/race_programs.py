"""`sooner race ... -- 'COMMAND' 'COMMAND'`: a race of programs."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from sooner.commands.carry_out import carry_out, free_folder
from sooner.errors import DataError, RecipeError
from sooner.racing import race
from sooner.racing import trackers as tracking
from sooner.racing.engines.choose import check_engine
from sooner.racing.machine import describe as machine
from sooner.racing.plan.plan import plan_entries
from sooner.racing.plan.rules import Rules
from sooner.racing.programs import Program, ProgramRuns
from sooner.racing.programs.template import places
from sooner.tasks import Task


def new(
    *,
    commands: Sequence[str],
    names: Sequence[str],
    metric: str | None,
    target: float | None,
    timeout: float | None,
    pairs: int,
    budget: str | None,
    rules: Rules,
    out: Path | None,
    seed: int,
    threads: int | None,
    engine: str,
    trackers: Sequence[str],
) -> None:
    """Plan a race of programs and run it; the first command is the baseline."""
    if not commands:
        raise RecipeError("no program stands after --; give each in quotes: -- 'python train.py --seed {seed}'")
    tracking.check(trackers)
    check_engine(engine)
    if target is None or not math.isfinite(target):
        given = "none was given" if target is None else f"{target:g} was given"
        raise DataError(f"a race of programs needs a finite target of its metric, such as --target 0.93; {given}")
    if names and len(names) != len(commands):
        raise RecipeError(f"--names gives {len(names)} ({', '.join(names)}) for {len(commands)} commands; name each")
    called = list(names) or _names(commands)
    entries = [
        Program(
            name=name,
            command=command,
            metric=metric,
            budget=budget if "budget" in places(command) else None,
            timeout=timeout,
        )
        for name, command in zip(called, commands, strict=True)
    ]
    if budget is not None and all(entry.budget is None for entry in entries):
        raise RecipeError(f"--budget {budget} goes nowhere: put {{budget}} into the commands, where they take it")
    count = threads or machine.physical_cores()
    plan = plan_entries(
        Task(name="programs", data="", target=target, recipe={}, metric=_metric_name(metric)),
        entries,
        pairs=pairs,
        seed=seed,
        threads=count,
        rules=rules,
        environment=ProgramRuns(entries, threads=count).environment(),
    )
    folder = out or free_folder("programs")
    race.start(folder, plan)
    carry_out(folder, plan, None, Console(), engine=engine, trackers=trackers)


def _names(commands: Sequence[str]) -> list[str]:
    """The baseline, and every other program by the words that the baseline's command does not have."""
    common = set(commands[0].split())
    called = ["baseline"]
    for place, command in enumerate(commands[1:], 2):
        own = "-".join(word.lstrip("-") for word in command.split() if word not in common)
        name = re.sub(r"[^\w.@=-]+", "-", own).strip("-")[:40]
        called.append(name if name and name not in called else f"program-{place}")
    return called


def _metric_name(pattern: str | None) -> str:
    """What the pattern calls the number: the word before its group, that of the metric if it has several."""
    found = re.search(r"(\w+)\W*\(\?P<metric>", pattern or "") or re.search(r"(\w+)\W*\(", pattern or "")
    return found.group(1) if found else "metric"

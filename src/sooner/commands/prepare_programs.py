"""From what was asked for to the plan of a race of programs."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from sooner._words import number_of
from sooner.commands.request import ProgramsRequest, Request
from sooner.errors import DataError, RecipeError
from sooner.racing.machine.cores import default_threads
from sooner.racing.plan.plan import Plan, plan_entries
from sooner.racing.programs import Program, ProgramRuns
from sooner.racing.programs.template import places
from sooner.tasks import Task


def prepare_programs(request: Request, programs: ProgramsRequest) -> Plan:
    """The plan of a race of programs; the first command is the baseline.

    Raises SoonerError where there is none, a command cannot be run, or an option goes nowhere.
    """
    commands, names = programs.commands, programs.names
    if not commands:
        raise RecipeError("no program stands after --; give each in quotes: -- 'python train.py --seed {seed}'")
    if request.target is None or not math.isfinite(request.target):
        given = "none was given" if request.target is None else f"{request.target:g} was given"
        raise DataError(f"a race of programs needs a finite target of its metric, such as --target 0.93; {given}")
    if names and len(names) != len(commands):
        given = f"{len(names)} ({', '.join(names)})"
        raise RecipeError(f"--names gives {given} for {number_of(len(commands), 'command')}; name each")
    called = list(names) or _names(commands)
    entries = [
        Program(
            name=name,
            command=command,
            metric=programs.metric,
            budget=request.budget if "budget" in places(command) else None,
            timeout=programs.timeout,
            own_seconds=programs.own_seconds,
        )
        for name, command in zip(called, commands, strict=True)
    ]
    if request.budget is not None and all(entry.budget is None for entry in entries):
        raise RecipeError(
            f"--budget {request.budget} goes nowhere: put {{budget}} into the commands, where they take it"
        )
    count = request.threads or default_threads()
    return plan_entries(
        Task(name="programs", data="", target=request.target, recipe={}, metric=_metric_name(programs.metric)),
        entries,
        pairs=request.pairs,
        seed=request.seed,
        threads=count,
        rules=request.rules,
        environment=ProgramRuns(entries, threads=count).environment(),
    )


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
    label = re.search(r"(\w+)\W*\(\?P<metric>", pattern or "") or re.search(r"(\w+)\W*\(", pattern or "")
    return label.group(1) if label else "metric"

"""Traps of programs, which are real processes: twins whose own clocks tell something else than the race's."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from benchmarks._sooner import Program, ProgramRuns, Results, plan_entries
from benchmarks.traps.made import carried_out
from benchmarks.traps.said import Said, said_of
from benchmarks.traps.trap import ALIKE, Build, Trap, Truth

from sooner.tasks import Task

GROUP = "programs"
_BODY = """
import json, sys, time
began, jump = time.monotonic(), {jump}
time.sleep(0.1)  # reading its data
ready = time.monotonic()
for place in range(1, 6):
    time.sleep(0.01 * (1 + 0.1 * (int(sys.argv[1]) * 7 % 5) / 5))
    seconds = {seconds} + (jump if place > 2 else 0)
    print(json.dumps({{"metric": place / 5, "step": place{own}}}), flush=True)
"""


def program(*, seconds: str = "0", own: bool = False, jump: float = 0.0) -> str:
    """The text of a program that learns in five steps after reading its data; with `own` it tells its seconds."""
    return _BODY.format(seconds=seconds, jump=jump, own=', "seconds": seconds' if own else "")


def race(plain: str, lane: str, pairs: int = 6) -> Results:
    """A race of two programs, given as their text."""
    with tempfile.TemporaryDirectory() as folder:
        entries = []
        for name, text in (("plain", plain), ("lane", lane)):
            path = Path(folder) / f"{name}.py"
            path.write_text(text)
            entries.append(Program(name, f"{shlex.quote(sys.executable)} -S {shlex.quote(str(path))} {{seed}}"))
        runs = ProgramRuns(entries, threads=1)
        task = Task(name="programs", data="", target=1.0, recipe={}, metric="metric")
        plan = plan_entries(task, entries, pairs=pairs, seed=0, threads=1)
        return carried_out(plan, runs)


def against(lane: Callable[[], str]) -> Build:
    """Races of a program that tells no seconds against its twin."""

    def build(rng: np.random.Generator, races: int) -> Iterator[Said]:
        for _ in range(races):
            yield said_of(race(program(), lane()))

    return build


def traps() -> list[Trap]:
    """All of this file."""
    alike = Truth("they are twins", ALIKE)
    return [
        Trap(
            "one tells its own seconds, from after its set-up",
            GROUP,
            Truth("they are twins", ALIKE, never=("the clock starts with the program",)),
            against(lambda: program(seconds="time.monotonic() - ready", own=True)),
        ),
        Trap(
            "its clock is set back by an hour",
            GROUP,
            alike,
            against(lambda: program(seconds="time.monotonic() - began", own=True, jump=-3600)),
        ),
        Trap(
            "its clock is put forward by an hour",
            GROUP,
            alike,
            against(lambda: program(seconds="time.monotonic() - began", own=True, jump=3600)),
            short=0,
        ),
    ]

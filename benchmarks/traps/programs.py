"""Traps of programs, which are real processes: their own clocks tell something else than the race's."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from benchmarks._sooner import Program, ProgramRuns, Results, plan_entries
from benchmarks.traps.made import carried_out
from benchmarks.traps.said import Said, said_of
from benchmarks.traps.trap import ALIKE, FASTER, SLOWER, Build, Trap, Truth

from sooner.tasks import Task

GROUP = "programs"
_STEP = 0.01  # seconds
_BODY = """
import json, sys, time
began, jump = time.monotonic(), {jump}
time.sleep(0.1)  # reading its data
ready = time.monotonic()
for place in range(1, 6):
    time.sleep({train})
    seconds = {seconds} + (jump if place > 2 else 0)
    print(json.dumps({{"metric": place / 5, "step": place{own}}}), flush=True)
"""


def program(train: float, *, seconds: str = "0", own: bool = False, jump: float = 0.0) -> str:
    """The text of a program that reads its data and learns in five steps of `train` seconds.

    With `own` it tells the seconds of this expression, to which `jump` is added from the third step on.
    """
    return _BODY.format(train=train, seconds=seconds, jump=jump, own=', "seconds": seconds' if own else "")


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


def against(lane: str) -> Build:
    """Races of a program that tells no seconds against another."""

    def build(rng: np.random.Generator, races: int) -> Iterator[Said]:
        for _ in range(races):
            yield said_of(race(program(_STEP), lane))

    return build


def traps() -> list[Trap]:
    """All of this file. The lanes differ, so that no verdict hangs on chance."""
    slower = Truth("the lane is slower", SLOWER | ALIKE, never=("the clock starts with the program",))
    faster = Truth("the lane is faster", FASTER | ALIKE)
    began = "time.monotonic() - began"
    return [
        Trap(
            "tells its own seconds, from after its set-up",
            GROUP,
            slower,
            against(program(2 * _STEP, seconds="time.monotonic() - ready", own=True)),
        ),
        Trap(
            "its clock is set back by an hour",
            GROUP,
            faster,
            against(program(_STEP / 2, seconds=began, own=True, jump=-3600)),
        ),
        Trap(
            "its clock is put forward by an hour",
            GROUP,
            faster,
            against(program(_STEP / 2, seconds=began, own=True, jump=3600)),
            short=0,
        ),
    ]

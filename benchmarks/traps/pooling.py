"""Traps after the race: pairs that are added, and targets that are chosen, once the figures are there to be seen."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from benchmarks._sooner import Results, compare_command, join
from benchmarks.traps.families import times
from benchmarks.traps.looks import learning
from benchmarks.traps.made import planned, raced, reaching, record, scored
from benchmarks.traps.said import Said, said_of
from benchmarks.traps.trap import ALIKE, FASTER, SLOWER, UNDECIDED, Trap, Truth

from sooner import reporting

GROUP = "after the race"
_DECIDED = FASTER | SLOWER


def _null(rng: np.random.Generator, seed: int, pairs: int = 6) -> Results:
    plan = planned(["plain", "lane"], target=1.0, pairs=pairs, seed=seed)
    return scored(plan, [run for name in ("plain", "lane") for run in reaching(name, times(rng, pairs), first=seed)])


def _added(rng: np.random.Generator, races: int) -> Iterator[Said]:
    """As long as there is no verdict, six pairs more are raced and joined, twice at most."""
    for _ in range(races):
        parts = [_null(rng, 0)]
        said = said_of(parts[0])
        while len(parts) < 3 and not {finding for clock, finding in said.findings if clock == "wall"} & _DECIDED:
            parts.append(_null(rng, 6 * len(parts)))
            said = said_of(join(parts, [f"race {number}" for number in range(len(parts))]))
        yield said


def _stopped_by_hand(rng: np.random.Generator, races: int) -> Iterator[Said]:
    """A race of 12 pairs that is looked at after every pair, and stopped as soon as there is a verdict to be seen."""
    for _ in range(races):
        plan = planned(["plain", "lane"], target=1.0, pairs=12)
        runs = [run for name in ("plain", "lane") for run in reaching(name, times(rng, 12))]
        for pairs in range(6, 13):
            said = said_of(scored(plan, [run for run in runs if run.seed < pairs]))
            if {finding for clock, finding in said.findings if clock == "wall"} & _DECIDED:
                break
        yield said


def _other_target(rng: np.random.Generator, races: int) -> Iterator[Said]:
    """Two races to 0.95, then `sooner compare --target 0.8` of them."""
    for _ in range(races):
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{number}.json" for number in range(2)]
            for path, first in zip(paths, (0, 6), strict=True):
                lanes = {
                    name: [record(name, seed, *learning(rng, speed=speed)) for seed in range(first, first + 6)]
                    for name, speed in (("plain", 1.0), ("lane", 1.2))
                }
                path.write_text(reporting.results_json(raced(lanes, target=0.95, seed=first)))
            with contextlib.redirect_stdout(io.StringIO()):
                compare_command(paths, target=0.8, out=Path(folder) / "joined")
            page = (Path(folder) / "joined" / "report.html").read_text()
            yield said_of(Results.load(Path(folder) / "joined" / "results.json"), sentences=page.splitlines())


def traps() -> list[Trap]:
    """All of this file."""
    return [
        Trap(
            "pairs added until there is a verdict",
            GROUP,
            Truth("both train alike", ALIKE, wrong_at_most=0.05),
            _added,
            150,
            short=0,
        ),
        Trap(
            "stopped by hand as soon as there is a verdict",
            GROUP,
            Truth("both train alike", ALIKE, wrong_at_most=0.05),
            _stopped_by_hand,
            60,
            short=0,
        ),
        Trap(
            "compared at another target than was raced to",
            GROUP,
            Truth(
                "the target was chosen afterwards",
                FASTER | SLOWER | ALIKE | UNDECIDED,
                never=("the target was fixed before",),
            ),
            _other_target,
        ),
    ]

"""Traps of number: many lanes, many looks at the race, many targets, and what a race has to find all the same."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from benchmarks._sooner import Record, standing
from benchmarks.traps.looks import learning
from benchmarks.traps.made import planned, raced, reaching, record, scored
from benchmarks.traps.said import Said, measured, said_of
from benchmarks.traps.trap import ALIKE, FASTER, UNDECIDED, Build, Trap, Truth
from numpy.typing import NDArray

GROUP = "many lanes, many looks, few hits"
_SD = 0.075  # of log-times


def times(rng: np.random.Generator, pairs: int, speed: float = 1.0) -> NDArray[np.float64]:
    """Seconds to the target of a lane's runs."""
    found: NDArray[np.float64] = 100 / speed * np.exp(_SD * rng.standard_normal(pairs))
    return found


def _null(rng: np.random.Generator, lanes: int, pairs: int) -> dict[str, list[Record]]:
    names = ["plain", *(f"lane{number}" for number in range(1, lanes + 1))]
    return {name: reaching(name, times(rng, pairs)) for name in names}


def null(lanes: int, pairs: int = 8) -> Build:
    """So many lanes that train as the baseline does."""

    def build(rng: np.random.Generator, races: int) -> Iterator[Said]:
        for _ in range(races):
            yield said_of(raced(_null(rng, lanes, pairs), target=1.0))

    return build


def null_until_decided(lanes: int, pairs: int = 12) -> Build:
    """The same, looked at after every pair."""

    def build(rng: np.random.Generator, races: int) -> Iterator[Said]:
        for _ in range(races):
            runs = _null(rng, lanes, pairs)
            plan = planned(list(runs), target=1.0, pairs=pairs, until="decided")
            every = [run for each in runs.values() for run in each]
            stopped = standing(plan, every).stopped
            yield said_of(scored(plan, [run for run in every if run.seed < stopped.get(run.lane, pairs)]))

    return build


def _slider(rng: np.random.Generator, races: int) -> Iterator[Said]:
    """Whether twins are told apart at any stop of the slider, by the curve of their ratio over all targets."""
    for _ in range(races):
        lanes = {
            name: [record(name, seed, *learning(rng, noise=0.01)) for seed in range(8)] for name in ("plain", "lane")
        }
        curves = [c.curve for c in raced(lanes, target=0.9).comparisons if c.lane == "lane" and c.clock == "wall"]
        apart = [
            point
            for point in curves[0]
            if (point.ci_low is not None and point.ci_low > 1) or (point.ci_high is not None and point.ci_high < 1)
        ]
        yield measured(bool(apart), f"a verdict at {len(apart)} of {len(curves[0])} targets")


def apart(speed: float, pairs: int, *, cut: float = 0.0) -> Build:
    """A lane of that speed; a common budget ends the share `cut` of all runs."""

    def build(rng: np.random.Generator, races: int) -> Iterator[Said]:
        logs = [math.log(100 / each) for each in (1.0, speed)]
        many = np.exp(np.concatenate([log + _SD * np.random.default_rng(0).standard_normal(10**5) for log in logs]))
        budget = float(np.quantile(many, 1 - cut)) if cut else None
        for _ in range(races):
            plain = reaching("plain", times(rng, pairs), budget=budget)
            yield said_of(
                raced({"plain": plain, "lane": reaching("lane", times(rng, pairs, speed), budget=budget)}, target=1.0)
            )

    return build


def traps() -> list[Trap]:
    """All of this file."""
    alike = Truth("all train alike", ALIKE, wrong_at_most=0.05)

    def faster(share: float) -> Truth:
        words = f"the lane is faster; to be found in {share:.0%} of the races"
        return Truth(words, FASTER, UNDECIDED | ALIKE, wrong_at_most=0.01, right_at_least=share)

    return [
        Trap("one null lane", GROUP, alike, null(1), 200, 20),
        Trap("ten null lanes", GROUP, alike, null(10, 10), 60, 6),
        Trap("thirty null lanes", GROUP, alike, null(30, 12), 20, short=0),
        Trap("ten null lanes, until decided", GROUP, alike, null_until_decided(10), 25, short=0),
        Trap("any stop of the slider", GROUP, alike, _slider, 200, short=0),
        Trap("honest: 1.3x, 8 pairs", GROUP, faster(0.95), apart(1.3, 8), 60, 8),
        Trap("honest: 1.1x, half of the runs cut, 20 pairs", GROUP, faster(0.85), apart(1.1, 20, cut=0.5), 60, 8),
    ]

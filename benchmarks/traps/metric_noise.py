"""Traps in the metric: noise, plateaus, rounding, other scales."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import mean, median

import numpy as np
from benchmarks._sooner import Results, Run
from benchmarks.traps.looks import learning
from benchmarks.traps.made import raced, record
from benchmarks.traps.said import Said, measured, said_of
from benchmarks.traps.trap import ALIKE, MISSED, UNDECIDED, Build, Trap, Truth
from numpy.typing import NDArray

GROUP = "noise of the metric"
Array = NDArray[np.float64]
Metric = Callable[[np.random.Generator], tuple[Array, Array]]
_STEADY, _NOISY = 0.0015, 0.006


def plateau(noise: float, *, top: float = 0.93) -> Metric:
    """A run that is at `top` long before it ends."""
    return lambda rng: learning(rng, noise=noise, speed=2.0, top=top)


def climb(noise: float) -> Metric:
    """A run that is still learning when it meets the target."""
    return lambda rng: learning(rng, noise=noise)


def counted(correct: int, of: int) -> Metric:
    """A run whose metric counts `of` examples, of which `correct` are right in the end."""

    def metric(rng: np.random.Generator) -> tuple[Array, Array]:
        seconds, shares = learning(rng, noise=0.0, top=correct / of)
        return seconds, rng.binomial(of, np.clip(shares, 0, 1)) / of

    return metric


def rounded(run: Metric, decimals: int) -> Metric:
    """The same run, its metric rounded."""

    def metric(rng: np.random.Generator) -> tuple[Array, Array]:
        seconds, values = run(rng)
        return seconds, np.round(values, decimals)

    return metric


def percent(run: Metric) -> Metric:
    """The same run, its metric in percent."""

    def metric(rng: np.random.Generator) -> tuple[Array, Array]:
        seconds, values = run(rng)
        return seconds, 100 * values

    return metric


def race(rng: np.random.Generator, plain: Metric, lane: Metric, target: float, pairs: int) -> Results:
    """A race of two lanes whose runs draw from `rng` independently."""
    lanes = {"plain": plain, "lane": lane}
    runs = {name: [record(name, seed, *metric(rng)) for seed in range(pairs)] for name, metric in lanes.items()}
    return raced(runs, target=target)


def against(plain: Metric, lane: Metric, *, target: float, pairs: int = 8) -> Build:
    """Races of two lanes."""

    def build(rng: np.random.Generator, races: int) -> Iterator[Said]:
        for _ in range(races):
            yield said_of(race(rng, plain, lane, target, pairs))

    return build


def _many(rng: np.random.Generator, plain: Metric, lane: Metric, target: float) -> tuple[list[Run], list[Run]]:
    """The runs of several races together, 500 a lane."""
    races = [race(rng, plain, lane, target, 50) for _ in range(10)]
    one, other = ([run for each in races for run in each.lanes[place].runs] for place in (0, 1))
    return one, other


def _false_hits(rng: np.random.Generator, races: int) -> Iterator[Said]:
    """By how much the shares of hits of runs below the target differ: at most 2 points are no advantage."""
    for _ in range(races):
        shares = [mean(run.hit for run in runs) for runs in _many(rng, plateau(_STEADY), plateau(_NOISY), 0.935)]
        apart = abs(shares[1] - shares[0]) > 0.02
        yield measured(apart, f"hits in {shares[0]:.1%} and {shares[1]:.1%} of the runs")


def _bias(rng: np.random.Generator, races: int) -> Iterator[Said]:
    """How far the crossings of noisy runs are from those of runs without noise: at most 3% is no advantage."""
    for _ in range(races):
        lanes = _many(rng, climb(0.0), climb(2 * _NOISY), 0.9)
        plain, lane = (median(run.time_to_target_s for run in runs if run.time_to_target_s) for runs in lanes)
        yield measured(abs(lane / plain - 1) > 0.03, f"crossings after {plain:.2f} and {lane:.2f} s")


def traps() -> list[Trap]:
    """All of this file."""
    alike = Truth("both train alike", ALIKE, wrong_at_most=0.05)
    steady, noisy, coarse = plateau(_STEADY), plateau(_NOISY), counted(38, 40)
    return [
        Trap(
            "plateaus below the target, noise four times apart",
            GROUP,
            Truth("neither is able to reach it", ALIKE | MISSED, wrong_at_most=0.05),
            against(steady, noisy, target=0.935),
            120,
            12,
        ),
        Trap("false hits of that metric", GROUP, Truth("shares within 2 points", ALIKE), _false_hits, short=0),
        Trap("bias of the crossing under noise", GROUP, Truth("crossings within 3%", ALIKE), _bias, short=0),
        Trap(
            "climbs, noise four times apart",
            GROUP,
            alike,
            against(climb(_STEADY * 2), climb(_NOISY * 2), target=0.9, pairs=20),
            80,
            8,
        ),
        Trap("a coarse metric, 40 examples", GROUP, alike, against(coarse, coarse, target=0.9), 120, 12),
        Trap(
            "one lane rounds its metric to two decimals",
            GROUP,
            Truth("both train alike", ALIKE, told=r"round|coarse|decimals|steps of", wrong_at_most=0.05),
            against(plateau(0.0005, top=0.936), rounded(plateau(0.0005, top=0.936), 2), target=0.94),
            40,
            4,
        ),
        Trap(
            "one lane gives its metric in percent",
            GROUP,
            Truth("both train alike", ALIKE, told=r"scale|percent|above 1\b"),
            against(climb(0.003), percent(climb(0.003)), target=0.9),
        ),
        Trap(
            "a metric that is saturated at the first look",
            GROUP,
            Truth("when the target was reached is not known", UNDECIDED, withheld=frozenset()),
            against(plateau(0.0, top=1.0), plateau(0.0, top=1.0), target=0.1),
        ),
    ]

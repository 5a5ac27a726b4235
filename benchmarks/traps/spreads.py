"""Traps of shape: lanes of equal typical time, of which one is noisier than the other.

What is typical is what the race says that it estimates: the centre (Hodges-Lehmann) of the log-ratio of a pair's times.
Where one lane is skewed and noisier no two centres agree, so lanes that are equal by one differ by another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from benchmarks._sooner import Function, Record, next_runs, plan_entries
from benchmarks.traps.made import planned, raced, reaching, record, scored
from benchmarks.traps.said import Said, said_of
from benchmarks.traps.trap import ALIKE, Build, Trap, Truth
from numpy.typing import NDArray

GROUP = "spreads"
_SD = 0.075  # of log-times


def skewed(times_noisier: float, pairs: int = 20) -> Build:
    """Times with an exponential tail of slow runs; the lane is noisier, its typical ratio to the other 1."""
    plain, lane = _SD * np.random.default_rng(0).standard_exponential((2, 1_000_000))
    centre = _centre(plain - times_noisier * lane)

    def build(rng: np.random.Generator, races: int) -> Iterator[Said]:
        for _ in range(races):
            plain, lane = _SD * rng.standard_exponential((2, pairs))
            runs = {"plain": reaching("plain", 100 * np.exp(plain))}
            slower = 100 * np.exp(times_noisier * lane + centre)
            yield said_of(raced(runs | {"lane": reaching("lane", slower)}, target=1.0))

    return build


def normal(times_noisier: float, pairs: int = 20) -> Build:
    """The same without skew: the log-ratio is symmetric whatever the spreads are."""

    def build(rng: np.random.Generator, races: int) -> Iterator[Said]:
        for _ in range(races):
            plain, lane = _SD * rng.standard_normal((2, pairs))
            runs = {"plain": reaching("plain", 100 * np.exp(plain))}
            yield said_of(raced(runs | {"lane": reaching("lane", 100 * np.exp(times_noisier * lane))}, target=1.0))

    return build


def fitted(times_noisier: float, pairs: int = 16) -> Build:
    """The fitted protocol: both lanes need the same budget, the metric of one is noisier from run to run."""

    def build(rng: np.random.Generator, races: int) -> Iterator[Said]:
        plan = planned(["plain", "lane"], target=_expected(12.0), pairs=pairs)
        entries = [Function(lane.name, lane.entry.function, budget="40") for lane in plan.lanes]
        plan = plan_entries(
            plan.task, entries, pairs=pairs, seed=0, threads=1, rules=replace(plan.rules, protocol="fitted")
        )
        unit = _expected(12 * 2**0.25) - _expected(12 * 2**-0.25)
        for _ in range(races):
            records: list[Record] = []
            while wanted := next_runs(plan, records):
                for run in wanted:
                    name, _, budget = run.lane.name.rpartition("@")
                    noise = unit * (times_noisier if name == "lane" else 1.0) * rng.standard_normal()
                    seconds = float(budget) * np.exp(0.01 * rng.standard_normal())
                    metric = _expected(float(budget)) + noise
                    records.append(record(run.lane.name, run.seed, [seconds / 2, seconds], [0.0, metric]))
            yield said_of(scored(plan, records))

    return build


def _centre(logs: NDArray[np.float64]) -> float:
    """The median of means of two."""
    half = len(logs) // 2
    return float(np.median((logs[:half] + logs[half : 2 * half]) / 2))


def _expected(epochs: float) -> float:
    return 0.95 - 0.2 * (epochs / 2.5) ** -0.7


def traps() -> list[Trap]:
    """All of this file."""
    alike = Truth("a typical ratio of 1", ALIKE, wrong_at_most=0.05)
    return [
        Trap("one lane twice as noisy", GROUP, alike, normal(2.0), 120, 12),
        Trap("skewed times, one lane twice as noisy", GROUP, alike, skewed(2.0), 400, short=0),
        Trap("skewed times, one lane three times as noisy", GROUP, alike, skewed(3.0), 250, short=0),
        Trap(
            "fitted protocol, one lane three times as noisy",
            GROUP,
            Truth("both need the same budget", ALIKE, wrong_at_most=0.05),
            fitted(3.0),
            80,
            short=0,
        ),
    ]

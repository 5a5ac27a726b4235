"""Traps for the looks: lanes that choose when, how often, or whether they show their metric."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from benchmarks.traps.made import raced, record
from benchmarks.traps.said import Said, said_of
from benchmarks.traps.trap import ALIKE, FASTER, Build, Trap, Truth
from numpy.typing import NDArray

GROUP = "looks"
Array = NDArray[np.float64]
Shown = Callable[[Array, Array], tuple[Array, Array]]
_TARGET, _BUDGET, _LOOKS = 0.9, 40.0, 40


def learning(
    rng: np.random.Generator,
    *,
    looks: int = _LOOKS,
    noise: float = 0.003,
    speed: float = 1.0,
    top: float = 1.0,
    spread: float = 0.05,
) -> tuple[Array, Array]:
    """Seconds (E,) and metric (E,) of one run: it learns towards `top`, with so much spread in its speed."""
    seconds = np.linspace(_BUDGET / looks, _BUDGET, looks)
    rate = 0.115 * speed * np.exp(spread * rng.standard_normal())
    return seconds, top * (1 - np.exp(-rate * seconds)) + noise * rng.standard_normal(looks)


def as_it_is(seconds: Array, metric: Array) -> tuple[Array, Array]:
    """Every look is shown."""
    return seconds, metric


def best_so_far(seconds: Array, metric: Array) -> tuple[Array, Array]:
    """What is shown is the best metric so far, as that of a kept checkpoint."""
    return seconds, np.maximum.accumulate(metric)


def only_better(seconds: Array, metric: Array) -> tuple[Array, Array]:
    """Looks that are worse than one before are not shown."""
    better = metric >= np.maximum.accumulate(metric)
    return seconds[better], metric[better]


def until_touched(seconds: Array, metric: Array) -> tuple[Array, Array]:
    """The run ends at the first look at the target, which therefore no other confirms."""
    end = int(np.argmax(metric >= _TARGET)) + 1 if np.any(metric >= _TARGET) else len(metric)
    return seconds[:end], metric[:end]


def against(
    shown: Shown,
    *,
    pairs: int = 8,
    looks: int = _LOOKS,
    lane_looks: int | None = None,
    noise: float = 0.01,
    speed: float = 1.0,
    top: float = 1.0,
    spread: float = 0.05,
) -> Build:
    """Twins, of which the lane shows its looks in its own way."""

    def build(rng: np.random.Generator, races: int) -> Iterator[Said]:
        for _ in range(races):
            how = {"noise": noise, "top": top, "spread": spread}
            plain = [record("plain", seed, *learning(rng, looks=looks, **how)) for seed in range(pairs)]
            mine = [
                record("lane", seed, *shown(*learning(rng, looks=lane_looks or looks, speed=speed, **how)))
                for seed in range(pairs)
            ]
            yield said_of(raced({"plain": plain, "lane": mine}, target=_TARGET))

    return build


def traps() -> list[Trap]:
    """All of this file."""
    alike = Truth("both train alike", ALIKE, calibrated=ALIKE, wrong_at_most=0.05)
    return [
        Trap(
            "100 looks against 5",
            GROUP,
            alike,
            against(as_it_is, looks=5, lane_looks=100, noise=0.003, spread=0.02),
            60,
            12,
        ),
        Trap("shows the best metric so far", GROUP, alike, against(best_so_far), 120, 12),
        Trap("skips its looks when they are bad", GROUP, alike, against(only_better), 120, 0),
        Trap("ends as soon as it touches the target", GROUP, alike, against(until_touched, top=0.93), 120, 12),
        Trap(
            "honest: 1.3x as fast, noisy looks",
            GROUP,
            Truth("the lane is faster", FASTER, right_at_least=0.9, wrong_at_most=0.1),
            against(as_it_is, speed=1.3),
            60,
            10,
        ),
    ]

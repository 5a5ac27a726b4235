"""Races on simulated machines, scored on each clock: `python -m benchmarks.clocks.simulate`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from benchmarks._run import beside, markdown, save
from benchmarks.clocks.clocks import CLOCKS, SHIPPED, Array, outcome, says, seconds, shipped

RACES = 200
PAIRS = 8
LOOKS = 10
Made = tuple[Array, Array, Array, Array]  # stretches and references of the lane, then of the other


def run(
    rng: np.random.Generator, costs: Array, slow: Array, also: float = 1.0, own: float = 1.0
) -> tuple[Array, Array]:
    """Stretches and references of a lane.

    Args:
        costs: (looks,) seconds on a quiet machine.
        slow: (pairs, looks) by what factor the machine is slowed down.
        also: the power of it by which the reference is: it is other work.
        own: by what factor the lane itself slows the reference down.
    """
    noise = rng.lognormal(0, 0.02, slow.shape) * rng.lognormal(0, 0.01, (len(slow), 1))
    seen = np.concatenate([slow[:, :1], slow], axis=1) ** also * own
    return costs * slow * noise, 0.004 * seen * rng.lognormal(0, 0.03, seen.shape)


def bursts(rng: np.random.Generator) -> Array:
    """Other programs slow stretches down by half or to a third."""
    return 1 + rng.choice([0.0, 0.5, 2.0], p=[0.7, 0.2, 0.1], size=(PAIRS, LOOKS))


def races() -> dict[str, tuple[float, Callable[[np.random.Generator], Made]]]:
    """By name the true ratio of speeds of the lane over the other, and what makes a race."""
    even, quiet = np.full(LOOKS, 10.0), np.ones((PAIRS, LOOKS))
    ten = np.array([6.4, 31, 31, 6.4, 6.4, 31, 6.4, 31, 6.4, 6.4])
    first = np.array([52.0] * 4 + [4.4] * 6)
    uneven = np.array([4, 4, 4, 4, 4, 4, 4, 22, 25, 25.0])  # seconds between its yields, which are no equal steps
    paused = even * 0.6 + np.array([60.0] + [0.0] * 9)

    def of(costs: Array) -> Callable[[np.random.Generator], Made]:
        return lambda rng: (*run(rng, costs, quiet), *run(rng, even, quiet))

    def random(ratio: float) -> Callable[[np.random.Generator], Made]:
        return lambda rng: (*run(rng, even / ratio, bursts(rng)), *run(rng, even, bursts(rng)))

    def loaded(also: float, ratio: float = 1.0) -> Callable[[np.random.Generator], Made]:
        return lambda rng: (*run(rng, even / ratio, quiet, also), *run(rng, even, 1.5 * quiet, also))

    return {
        "slow in 4 of 10 stretches": (100 / ten.sum(), of(ten)),
        "expensive steps first": (100 / first.sum(), of(first)),
        "uneven yields, alike": (1.0, of(uneven)),
        "a pause of 60 s before the first look": (100 / paused.sum(), of(paused)),
        "a lane that itself slows the reference 1.2 times, alike": (
            1.0,
            lambda rng: (*run(rng, even, quiet, own=1.2), *run(rng, even, quiet)),
        ),
        "bursts, alike": (1.0, random(1.0)),
        "bursts, truly 1.25x": (1.25, random(1.25)),
        "load of 1.5x on the other lane alone, alike": (1.0, loaded(1.0)),
        "the same, the reference slowed to the power 0.5": (1.0, loaded(0.5)),
        "the same, the reference slowed to the power 1.5": (1.0, loaded(1.5)),
    }


def main() -> None:
    result: dict[str, Any] = {}
    for name, (ratio, make) in races().items():
        rng = np.random.default_rng(0)
        counts = {clock: Counter[str]() for clock in (*CLOCKS, SHIPPED)}
        for _ in range(RACES):
            mine, my_reference, theirs, their_reference = make(rng)
            both = np.concatenate([my_reference, their_reference])  # one machine: its pace is relative to all runs
            truth = 1.0 if abs(ratio - 1) < 0.01 else ratio
            for clock in CLOCKS:
                taken = seconds(clock, np.concatenate([mine, theirs]), both)
                finding = says(taken[:PAIRS], taken[PAIRS:])
                counts[clock][outcome(finding, truth)] += 1
                if clock == "wall":
                    counts[SHIPPED][outcome(shipped(finding, taken[:PAIRS], taken[PAIRS:], both), truth)] += 1
        result[name] = {"ratio": round(ratio, 3)} | {
            clock: {what: counts[clock][what] / RACES for what in ("wrong", "right")} for clock in counts
        }
    save(beside(__file__, "simulated.json"), result)
    print(table(result))


def table(result: dict[str, Any]) -> str:
    """Wrong verdicts, and in brackets right ones, of each clock."""
    rows = [
        [name, f"{row['ratio']:.3g}x", *(f"{row[c]['wrong']:.1%} ({row[c]['right']:.0%})" for c in (*CLOCKS, SHIPPED))]
        for name, row in result.items()
    ]
    return markdown(["races", "truth", *CLOCKS, SHIPPED], rows)


if __name__ == "__main__":
    main()

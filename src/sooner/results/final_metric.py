"""The metric of lanes at the end of their budgets, seed by seed: for lanes of one budget, at equal examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sooner.results.records import Lane
from sooner.statistics.signed_rank import signed_rank


@dataclass(frozen=True)
class Difference:
    """Points of the final metric, in percent, by which one lane is above another: Hodges-Lehmann, with its interval."""

    points: float
    low: float
    high: float
    pairs: int

    def __str__(self) -> str:
        star = "**" if self.low > 0 or self.high < 0 else ""
        return f"{star}{self.points:+.2f}{star} ({self.low:+.2f} to {self.high:+.2f})"


def finals(lane: Lane) -> dict[int, float]:
    """The final validation metric in percent, by seed, of the runs that came to an end."""
    return {run.seed: 100 * run.final_metric for run in lane.runs if run.final_metric is not None}


def difference(lane: Lane, other: Lane) -> Difference:
    """How far `lane` ends above `other`, over the seeds that both have, with the 95% interval of the signed-rank test.

    Raises ValueError where they share no seed.
    """
    mine, theirs = finals(lane), finals(other)
    seeds = sorted(mine.keys() & theirs.keys())
    if not seeds:
        raise ValueError(f"{lane.name} and {other.name} have no seed in common that both ended")
    gaps = np.array([mine[seed] - theirs[seed] for seed in seeds])
    test = signed_rank(gaps, gaps)
    return Difference(float(test.estimate_low), float(test.low), float(test.high), len(seeds))

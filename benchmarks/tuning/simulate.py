"""What it costs that few trials choose a learning rate: two equally good lanes, tuned and raced; prints the table.

    python -m benchmarks.tuning.simulate

In this world the logarithm of a lane's time to the target is `curve` times the square of its rate's distance from the
best one, in doublings, and noise. The best rate lies anywhere within one and a half doublings of the middle of the five
that are tried. Each lane is tuned by trials of its own, so whatever differs in the end is the luck of the search, and a
verdict that one lane is faster is false. A minute on one core; the same numbers every time.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from itertools import product

import numpy as np
from benchmarks._run import beside, save
from benchmarks._sooner import Selection, Time, select, signed_rank
from numpy.typing import NDArray

RACES = 2_000
NOISE = (0.05, 0.2)  # of the log-time of a run: a quiet task, and about that of digits
CURVE = (0.02, 0.08)  # a flat optimum, and about that of digits
SEEDS = (2, 4)
PAIRS = (6, 24)
RATES = 5
_AWAY = 1.5  # doublings

Array = NDArray[np.float64]
Row = dict[str, float | str]


@dataclass(frozen=True)
class World:
    """How noisy runs are, how much a rate matters, and with how many seeds each is tried."""

    noise: float
    curve: float
    seeds: int


def searched(world: World, races: int) -> dict[str, Array]:
    """By rule (3, races): the log-times of two equal lanes at the rate that each was given, over the best one.

    "best measured" takes the lowest mean time, "taken" what the race takes, "not searched" leaves one lane at the best
    of the rates and the other at any. The third is what luck may make of "taken", as `sooner.results.tuning.luck` says,
    and nothing of the others.
    """
    rng = np.random.default_rng(zlib.crc32(repr(world).encode()))
    rates = np.arange(RATES) - RATES // 2
    found: dict[str, list[tuple[float, float, float]]] = {"best measured": [], "taken": [], "not searched": []}
    for _ in range(races):
        truth = world.curve * (rates - rng.uniform(-_AWAY, _AWAY)) ** 2
        truth -= truth.min()
        trials = [np.exp(truth[:, None] + rng.normal(0, world.noise, (RATES, world.seeds))) for _ in range(2)]
        one, other = (float(truth[int(times.mean(axis=1).argmin())]) for times in trials)
        found["best measured"].append((one, other, 0.0))
        taken = [_taken(times) for times in trials]
        one, other = (float(truth[each.place]) for each in taken)
        found["taken"].append((one, other, 0.5 * math.log1p(max(each.apart or 0.0 for each in taken))))
        found["not searched"].append((0.0, float(truth[rng.integers(RATES)]), 0.0))
    return {rule: np.array(rows).T for rule, rows in found.items()}


def _taken(times: Array) -> Selection:
    ends = [[1.0] * times.shape[1]] * len(times)
    return select([[Time(float(each)) for each in trials] for trials in times], ends)


def rows(world: World, races: int = RACES) -> list[Row]:
    """How far lanes end from their best, how far apart, and how often a race of so many pairs calls one faster.

    "told" are the false verdicts that the page does not call the luck of the search.
    """
    rng = np.random.default_rng(zlib.crc32(f"races {world!r}".encode()))
    table = []
    for rule, (one, other, luck) in searched(world, races).items():
        row: Row = {"noise": world.noise, "curve": world.curve, "seeds": world.seeds, "rule": rule}
        row["lost"] = float(np.expm1(np.concatenate([one, other]).mean()))
        row["apart"] = float(np.expm1(np.abs(one - other).mean()))
        for pairs in PAIRS:
            ratios = (other - one)[:, None] + rng.normal(0, world.noise * 2**0.5, (races, pairs))
            verdict = signed_rank(ratios, ratios)
            false = (verdict.low > 0) | (verdict.high < 0)
            row[f"false at {pairs}"] = float(np.mean(false))
            row[f"told at {pairs}"] = float(np.mean(false & (np.abs(verdict.estimate_low) >= luck)))
        table.append(row)
    return table


def main() -> None:
    table = [row for setting in product(NOISE, CURVE, SEEDS) for row in rows(World(*setting))]
    save(beside(__file__, "simulated.json"), table)
    for row in table:
        print(" ".join(f"{value:>14}" if isinstance(value, str) else f"{value:7.3f}" for value in row.values()))


if __name__ == "__main__":
    main()

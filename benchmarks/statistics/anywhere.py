"""A verdict at a target chosen after the race: how often is it false, what does the band hold? Writes anywhere.json.

    python -m benchmarks.statistics.anywhere

Two minutes on one core; the same numbers every time.
"""

from __future__ import annotations

import numpy as np
from benchmarks._files import Row
from benchmarks._run import beside, save
from benchmarks._sooner import Trajectory, curve, level_anywhere
from benchmarks.statistics.simulate import table
from benchmarks.traps.looks import learning

from benchmarks import _files

RACES = {6: 1000, 8: 1000, 12: 600, 20: 400}
TARGETS = np.linspace(0.12, 0.97, 60)
NOISE, BUDGET = 0.01, 40.0
_SEEN = 48  # targets that hardly any run misses: there the band has a true ratio to hold


def lane(rng: np.random.Generator, pairs: int, speed: float = 1.0) -> list[Trajectory]:
    """Noisy learning curves."""
    runs = (learning(rng, noise=NOISE, speed=speed) for _ in range(pairs))
    return [Trajectory(seconds, metric, end=BUDGET) for seconds, metric in runs]


def told(rng: np.random.Generator, pairs: int, speed: float) -> tuple[bool, bool, bool]:
    """Of one race: whether a verdict stands anywhere, whether one would at 5% a target, whether the band holds."""
    mine, theirs = lane(rng, pairs, speed), lane(rng, pairs)
    level = level_anywhere(mine, theirs, TARGETS)
    bands = [curve(mine, theirs, TARGETS, alpha=alpha) for alpha in (level, 0.05)]
    verdicts = [any((at.ci_low or 0) > 1 or (at.ci_high or np.inf) < 1 for at in band) for band in bands]
    held = all((at.ci_low or 0) <= speed <= (at.ci_high or np.inf) for at in bands[0][:_SEEN])
    return verdicts[0], verdicts[1], held


def rows() -> list[Row]:
    """By number of pairs, for equal lanes and for lanes 1.2x apart."""
    found = []
    for pairs, races in RACES.items():
        for speed in (1.0, 1.2):
            rng = np.random.default_rng([pairs, int(10 * speed)])
            shares = np.mean([told(rng, pairs, speed) for _ in range(races)], axis=0)
            names = ("anywhere", "at_5_percent_each", "band_holds")
            named = dict(zip(names, shares.tolist(), strict=True))
            found.append({"pairs": pairs, "ratio": speed, "races": races, **named})
    return found


def main() -> None:
    results = rows()
    save(beside(__file__, "anywhere.json"), {"anywhere": _files.table(results, 4)})
    print(table(results, tuple(results[0])))


if __name__ == "__main__":
    main()

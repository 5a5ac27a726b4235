"""Simulated lanes with a known answer: what every seed would show at every rung of the ladder, were it raced there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from benchmarks._sooner import Record, ladder, name_at

from sooner.training.evaluation import Evaluation

LANES = ("A", "B")
RUNGS = ladder("40ep")
EPOCHS = [float(rung.removesuffix("ep")) for rung in RUNGS]
_PACE_CV = 0.01  # of seconds per epoch, from run to run
_SEED_SD = 0.5  # of what a seed's runs of one lane share, in steps of the metric
_PAIR_SD = 1.0  # of what all runs of a seed share


@dataclass(frozen=True)
class Setting:
    """One kind of race between lane A and lane B.

    The metric at the end of a run of x epochs is 0.95 - 0.2 (x speed / 2.5)^-0.7 and noise. The unit of the noise is
    what one rung adds to the metric at the target.

    Attributes:
        pairs: seeds.
        speed: of lane B relative to lane A.
        at: epochs that lane A needs for the target, without noise.
        noise: standard deviation of what every run has by itself.
        shared: whether seeds have effects, too: half a unit on all runs of a lane with this seed, and one unit on all
            runs with it.
        failures: share of runs that break off.
        unequal: whether lane B has twice the noise of lane A.
    """

    pairs: int
    speed: float = 1.0
    at: float = 12.0
    noise: float = 1.0
    shared: bool = False
    failures: float = 0.0
    unequal: bool = False

    def expected(self, epochs: float) -> float:
        """The metric without noise of a lane of speed 1."""
        return 0.95 - 0.2 * (epochs / EPOCHS[0]) ** -0.7

    @property
    def target(self) -> float:
        return self.expected(self.at)

    @property
    def unit(self) -> float:
        return self.expected(self.at * 2**0.25) - self.expected(self.at * 2**-0.25)

    def smallest(self, lane: str) -> str | None:
        """The smallest rung whose expected metric reaches the target."""
        speed = self.speed if lane == "B" else 1.0
        return next((r for r, x in zip(RUNGS, EPOCHS, strict=True) if self.expected(x * speed) >= self.target), None)


class World:
    """All runs of one race, whether they are made or not."""

    def __init__(self, rng: np.random.Generator, setting: Setting) -> None:
        size = (2, len(RUNGS), setting.pairs)
        speed = np.array([1.0, setting.speed])[:, None]
        expected = 0.95 - 0.2 * (np.array(EPOCHS) * speed / EPOCHS[0]) ** -0.7
        pair = rng.normal(size=(1, 1, setting.pairs)) * _PAIR_SD * setting.shared
        own = rng.normal(size=(2, 1, setting.pairs)) * _SEED_SD * setting.shared
        noise = setting.noise * np.array([1.0, 2.0 if setting.unequal else 1.0])[:, None, None]
        self._metric = expected[..., None] + setting.unit * (pair + own + noise * rng.normal(size=size))
        self._seconds = np.array(EPOCHS)[:, None] * np.exp(_PACE_CV * rng.normal(size=size))
        self._failed = rng.random(size) < setting.failures

    def run(self, lane: str, rung: str, seed: int) -> Record:
        """Make one of them."""
        cell = LANES.index(lane), RUNGS.index(rung), seed
        failed = bool(self._failed[cell])
        seconds = float(self._seconds[cell]) / (2 if failed else 1)
        steps = math.ceil(100 * seconds)
        return Record(
            lane=name_at(lane, rung),
            seed=seed,
            started="",
            finished="",
            steps=steps,
            examples=steps,
            seconds=seconds,
            looks=[] if failed else [Evaluation(seconds, steps, steps, float(self._metric[cell]))],
            phases={},
            stopped=f"loss became nan at step {steps}" if failed else None,
        )

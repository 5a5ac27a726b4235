"""Simulated races: times to target of paired runs whose true ratio is known, and what censoring leaves of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """One kind of race.

    Attributes:
        pairs: runs of each lane.
        ratio: true speed of the lane relative to the other.
        cv: coefficient of variation of a run's time.
        correlation: of the log-times in a pair.
        noise: "normal" log-times, "heavy" (Student t, 3 degrees of freedom), "skewed" (exponential tail of slow runs),
            "unequal" (skewed, and the lane twice as noisy as the other: the log-ratio is not symmetric), "grid"
            (normal, rounded to steps of 5%: many ties).
        censoring: "none", "budget" (one budget for both lanes, which cuts the slower one more) or "failure" (any run
            fails at random and is cut at a budget of 1.5 times the slower lane's usual time).
        censored: expected share of all runs that are censored.
    """

    pairs: int
    ratio: float = 1.0
    cv: float = 0.075
    correlation: float = 0.0
    noise: str = "normal"
    censoring: str = "none"
    censored: float = 0.0


@dataclass(frozen=True)
class Races:
    """S races of one setting; arrays are (S, n).

    Attributes:
        low, high: bounds of each pair's log-ratio, as the race would derive them.
        as_hits: the log-ratio if censored runs were taken as hits at the end of their budget.
    """

    low: Array
    high: Array
    as_hits: Array


def _errors(rng: np.random.Generator, noise: str, shape: tuple[int, int]) -> Array:
    """Errors of mean 0 and standard deviation 1."""
    if noise == "heavy":
        return rng.standard_t(3, shape) / math.sqrt(3)
    if noise in ("skewed", "unequal"):
        return rng.standard_exponential(shape) - 1
    return rng.standard_normal(shape)


def _times(rng: np.random.Generator, setting: Setting, races: int) -> tuple[Array, Array]:
    """Log-times of the lane and of the other, as if no budget ended them."""
    shape = (races, setting.pairs)
    sd = math.sqrt(math.log1p(setting.cv**2))
    shared = math.sqrt(setting.correlation) * _errors(rng, setting.noise, shape)
    own = math.sqrt(1 - setting.correlation)
    lane = sd * (shared + own * _errors(rng, setting.noise, shape))
    against = math.log(setting.ratio) + sd * (shared + own * _errors(rng, setting.noise, shape))
    if setting.noise == "unequal":
        lane = 2 * lane
    if setting.noise == "grid":
        lane, against = np.round(lane / 0.05) * 0.05, np.round(against / 0.05) * 0.05
    return lane, against


def draw(rng: np.random.Generator, setting: Setting, races: int) -> Races:
    """Run `races` independent races."""
    lane, against = _times(rng, setting, races)
    if setting.censoring == "none":
        return Races(against - lane, against - lane, against - lane)
    if setting.censoring == "budget":
        pooled = np.concatenate([times.ravel() for times in _times(rng, setting, 400_000 // setting.pairs)])
        budget = float(np.quantile(pooled, 1 - setting.censored))
    else:
        budget = math.log(1.5 * max(setting.ratio, 1.0))
        for times in (lane, against):
            times[rng.random(times.shape) < setting.censored] = np.inf
    lane_cut, against_cut = lane > budget, against > budget
    seen = np.minimum(against, budget) - np.minimum(lane, budget)
    return Races(np.where(lane_cut, -np.inf, seen), np.where(against_cut, np.inf, seen), seen)


def truth(setting: Setting) -> float:
    """The true centre of the log-ratios: where they are symmetric, else the median of means of two (pseudomedian)."""
    if setting.noise != "unequal":
        return math.log(setting.ratio)
    lane, against = _times(np.random.default_rng(0), setting, 2_000_000 // setting.pairs)
    differences = (against - lane).ravel()
    return float(np.median((differences[::2] + differences[1::2]) / 2))

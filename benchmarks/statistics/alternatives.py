"""Intervals that the race could use and does not, for the comparison with the one that it does.

Each takes lower and upper bounds (S, n) of the log-ratios in S simulated races, equal where the pair is uncensored,
and returns the (S,) lower and upper limits of a 95% interval.
"""

from __future__ import annotations

import itertools

import numpy as np
from benchmarks._sooner import ALPHA, signed_rank
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
Limits = tuple[Array, Array]

_UNBOUNDED = 1e9  # stands for infinity in sums


def ranks(low: Array, high: Array) -> Limits:
    """The race's own: the sign-flip test on signed ranks, inverted."""
    found = signed_rank(low, high)
    return found.low, found.high


def means(low: Array, high: Array) -> Limits:
    """The sign-flip test on the mean, inverted: limits are order statistics of all subset means (Hartigan, 1969)."""
    n = low.shape[-1]
    subsets = np.array([chosen for chosen in itertools.product((0.0, 1.0), repeat=n) if any(chosen)])
    subsets /= subsets.sum(axis=1, keepdims=True)
    cut = int(ALPHA / 2 * 2**n) - 1
    lower, upper = [], []
    for start in range(0, len(low), 200):  # 4095 subsets of 12 pairs: 7 MB at a time
        rows = slice(start, start + 200)
        bottom = np.maximum(low[rows], -_UNBOUNDED) @ subsets.T
        top = np.minimum(high[rows], _UNBOUNDED) @ subsets.T
        lower.append(np.partition(bottom, cut, axis=1)[:, cut])
        upper.append(np.partition(top, -1 - cut, axis=1)[:, -1 - cut])
    found_low, found_high = np.concatenate(lower), np.concatenate(upper)
    return (
        np.where(found_low < -_UNBOUNDED / 1e3, -np.inf, found_low),
        np.where(found_high > _UNBOUNDED / 1e3, np.inf, found_high),
    )


def student(low: Array, high: Array) -> Limits:
    """Student's t interval of the mean log-ratio; uncensored pairs only."""
    n = low.shape[-1]
    reach = stats.t.ppf(1 - ALPHA / 2, n - 1) * low.std(axis=-1, ddof=1) / np.sqrt(n)
    return low.mean(axis=-1) - reach, low.mean(axis=-1) + reach


def _bootstrap(differences: Array, method: str) -> Limits:
    lower, upper = [], []
    for chunk, start in enumerate(range(0, len(differences), 100)):
        interval = stats.bootstrap(
            (differences[start : start + 100],),
            np.mean,
            axis=-1,
            n_resamples=999,
            confidence_level=1 - ALPHA,
            method=method,
            rng=np.random.default_rng(chunk),
        ).confidence_interval
        lower.append(interval.low)
        upper.append(interval.high)
    return np.concatenate(lower), np.concatenate(upper)


def percentile(low: Array, high: Array) -> Limits:
    """Percentile bootstrap of the mean log-ratio; uncensored pairs only."""
    return _bootstrap(low, "percentile")


def bca(low: Array, high: Array) -> Limits:
    """Bias-corrected and accelerated bootstrap of the mean log-ratio; uncensored pairs only."""
    return _bootstrap(low, "BCa")


def dropped(low: Array, high: Array) -> Limits:
    """Signed ranks of the uncensored pairs alone, as if the others had not been run."""
    known = low == high
    lower, upper = np.full(len(low), -np.inf), np.full(len(low), np.inf)
    for count in range(1, low.shape[-1] + 1):
        rows = np.flatnonzero(known.sum(axis=-1) == count)
        if len(rows):
            kept = low[rows][known[rows]].reshape(len(rows), count)
            lower[rows], upper[rows] = ranks(kept, kept)
    return lower, upper

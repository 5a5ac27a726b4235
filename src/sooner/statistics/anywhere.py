"""The level at which two lanes may be compared at every target at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sooner.statistics.direction import Spans, told_of
from sooner.statistics.signed_rank import ALPHA, null_cdf, signed_rank
from sooner.statistics.times import Trajectory

Array = NDArray[np.float64]
_ALL = 10  # pairs up to which all swaps are made
_SWAPS = 1000  # else so many, at least two for each false verdict that is allowed


def level_anywhere(
    lane: Sequence[Trajectory], against: Sequence[Trajectory], targets: ArrayLike, *, alpha: float = ALPHA
) -> float:
    """The level of a test at each of `targets` (T,), such that all of them together err in at most `alpha`.

    Two lanes that train alike may swap the runs of any pair without a change of what was likely, at all targets alike.
    So the least p-value over all targets is compared with those of the swapped races: the level is the greatest that
    it falls below in at most the share `alpha` of them. It adapts to how much the targets have in common: where each
    pair leans one way all along the curve, nothing is lost.

    That holds for whoever chooses a target after the race. It says nothing of the shape of a curve where the lanes
    differ: a band at this level leaves 1 somewhere in at most `alpha` of races of equal lanes, and need not hold the
    true ratio everywhere as often.

    Returns:
        In [0, alpha]; 0 where no p-value is small enough. Swaps are exact up to 10 pairs and 1,000 drawn ones, the
        race as it was among them, beyond (Hemerik and Goeman, 2018). Costs O(T swaps n): a few ms.
    """
    goals = np.atleast_1d(np.asarray(targets, dtype=np.float64))
    pairs = len(lane)
    if pairs != len(against) or not pairs:
        raise ValueError(f"runs are compared in pairs: {pairs} do not match {len(against)}")
    low, high, told = told_of(_spans(lane, goals), _spans(against, goals))
    swaps = _swaps(pairs, alpha)
    least = np.ones(len(swaps))
    for goal in range(len(goals)):
        kept = told[goal]
        if kept.any():
            np.minimum(least, _p_values(low[goal, kept], high[goal, kept], swaps[:, kept]), out=least)
    ordered = np.sort(least)
    reached = np.searchsorted(ordered, ordered, side="right") <= alpha * len(ordered) * (1 + 1e-9)
    return float(min(alpha, ordered[reached].max())) if reached.any() else 0.0


def _spans(runs: Sequence[Trajectory], targets: Array) -> Spans:
    """Of the times to each target, (T, n)."""
    low, high = zip(*(run.bounds(targets) for run in runs), strict=True)
    ends = np.broadcast_to([float(run.end) for run in runs], (len(targets), len(runs)))
    return Spans(np.stack(low, axis=-1), np.stack(high, axis=-1), ends)


def _swaps(pairs: int, alpha: float) -> NDArray[np.bool_]:
    """(F, n) which pairs are swapped; none in the first. That of all the others gives the same least p-value."""
    if pairs <= _ALL:
        number = np.arange(2 ** (pairs - 1))
        return np.asarray((number[:, None] >> np.arange(pairs)) & 1, dtype=np.bool_)
    count = max(_SWAPS, math.ceil(2 / alpha) if alpha else 0)
    drawn = np.random.default_rng(0).integers(0, 2, (count, pairs)).astype(np.bool_)
    drawn[0] = False
    return drawn


def _p_values(low: Array, high: Array, swaps: NDArray[np.bool_]) -> Array:
    """(F,) of the differences (m,), known to lie in [low, high], with each swap."""
    if not np.array_equal(low, high):
        return signed_rank(np.where(swaps, -high, low), np.where(swaps, -low, high)).p_value
    # The sum of the ranks of one sign. Ties, and zeros, make it smaller than the test does: the level errs downwards.
    rank = np.empty(len(low))
    rank[np.argsort(np.abs(low), kind="stable")] = np.arange(1, len(low) + 1)
    positive = np.where(swaps, low < 0, low > 0) @ rank
    negative = np.where(swaps, low > 0, low < 0) @ rank
    tail = null_cdf(len(low))
    return np.minimum(1.0, 2 * tail[np.minimum(positive, negative).astype(np.int64)])

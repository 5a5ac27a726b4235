"""The noise of a metric from look to look, while it climbs and on its plateau."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_NEAR = 2  # looks on either side that say how noisy a look is: a run whose rate falls to 0 is quiet at its end
_OUTLIER = 9.0  # times the variance of a lane's other runs: one that breaks down says nothing of them
_FREEDOM = 4.0  # degrees of it that the other runs have to have for that
_MIDDLE = 3  # runs from which on their middle one says how the curve bends


def noise_of(runs: Sequence[ArrayLike]) -> Array:
    """The standard deviation of one look around its curve, as far as it may make a run touch a target too early.

    The smaller of two estimates at each look, as each is wrong in one way: `scatter_of` takes for noise what the curve
    of one run bends otherwise than that of another, and the distance from the best fit that never falls takes a
    lasting fall for it. On a steep climb that distance is 0: no look lies below one before, and no target is touched
    long before it is reached.

    Args:
        runs: (E_r,) metric of each run of one lane at its looks, looks of the same place being alike; values that are
            not finite are left out.

    Returns:
        (E,) for the longest run, at least 0; 0 where nothing shows any. Costs O(E) a run.
    """
    squares, freedom = (np.zeros((len(runs), _longest(runs))) for _ in range(2))
    for place, run in enumerate(runs):
        values = np.asarray(run, dtype=np.float64)
        there = np.flatnonzero(np.isfinite(values))
        fit, begins = _rising(values[there])
        squares[place, there] = (values[there] - fit) ** 2
        freedom[place, there] = ~begins
    around = np.sqrt(_together(squares, freedom, unknown=0.0))
    return np.asarray(np.minimum(around, scatter_of(runs, unknown=np.inf)), dtype=np.float64)


def scatter_of(runs: Sequence[ArrayLike], *, unknown: float = 0.0) -> Array:
    """The standard deviation of one look around the curve that it belongs to, at each look of a lane.

    From second differences, y0 - 2 y1 + y2, whose variance is six times a look's. From three runs on they are taken
    against those of the middle run, which has the bend that the lane's curves share; with fewer, and few looks, the
    bend counts as noise. Averaged over all runs and the two looks before and after, because a metric may be ten times
    as noisy in the middle of a run as at its end; a run that is three times as noisy there as the rest is left out.

    Args:
        runs: as of `noise_of`.
        unknown: what stands where no run has three looks in a row.

    Returns:
        (E,) for the longest run, at least 0.
    """
    bends = np.full((len(runs), _longest(runs)), np.nan)
    for place, run in enumerate(runs):
        values = np.asarray(run, dtype=np.float64)
        if len(values) > 2:
            bends[place, 1 : len(values) - 1] = np.diff(values, 2)
    known = np.isfinite(bends)
    count = known.sum(axis=0)
    among = count >= _MIDDLE
    # Sorted, what is not known stands behind; columns of nothing are not read.
    ranked = np.sort(np.where(known, bends, np.inf), axis=0)
    column = np.arange(bends.shape[1])
    low, high = (ranked[np.minimum(place, max(0, len(runs) - 1)), column] for place in ((count - 1) // 2, count // 2))
    middle = np.where(among, (np.where(among, low, 0.0) + np.where(among, high, 0.0)) / 2, 0.0)
    squares = np.where(known, (np.where(known, bends, 0.0) - middle) ** 2 / 6, 0.0)
    freedom = np.where(known, np.where(among, 1 - 1 / np.maximum(count, 1), 1.0), 0.0)
    return np.asarray(np.sqrt(_together(squares, freedom, unknown=unknown)), dtype=np.float64)


def _longest(runs: Sequence[ArrayLike]) -> int:
    return max((len(np.atleast_1d(np.asarray(run))) for run in runs), default=0)


def _rising(values: Array) -> tuple[Array, NDArray[np.bool_]]:
    """The least-squares fit that never falls (pool adjacent violators), and where each of its levels begins."""
    means: list[float] = []
    sizes: list[int] = []
    for value in values.tolist():
        mean, size = value, 1
        while means and means[-1] >= mean:
            before, count = means.pop(), sizes.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        means.append(mean)
        sizes.append(size)
    begins = np.zeros(len(values), dtype=bool)
    begins[np.cumsum([0, *sizes[:-1]], dtype=int)[: len(sizes)]] = True
    return np.repeat(np.array(means, dtype=np.float64), sizes), begins


def _together(squares: Array, freedom: Array, *, unknown: float) -> Array:
    """(E,) the mean square near each look over the runs (runs, E) that are not far noisier than the rest."""
    squares, freedom = _near(squares), _near(freedom)
    for _ in range(len(squares) // 3):
        rest, free = squares.sum(axis=0) - squares, freedom.sum(axis=0) - freedom
        outlier = (squares * free > _OUTLIER * rest * freedom) & (freedom > 0) & (free >= _FREEDOM)
        worst = np.argmax(np.where(outlier, squares / np.maximum(freedom, 1.0), -1.0), axis=0)
        out = outlier & (np.arange(len(squares))[:, None] == worst)
        squares, freedom = np.where(out, 0.0, squares), np.where(out, 0.0, freedom)
    total = freedom.sum(axis=0)
    # Sums may miss 0 by a hair.
    found = np.divide(squares.sum(axis=0), total, out=np.full(total.shape, unknown), where=total > 0.5)
    return np.asarray(np.maximum(found, 0.0), dtype=np.float64)


def _near(values: Array) -> Array:
    """(runs, E) the sum over each look and those near it."""
    looks = values.shape[1]
    total = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    place = np.arange(looks)
    within = total[:, np.minimum(place + _NEAR + 1, looks)] - total[:, np.maximum(place - _NEAR, 0)]
    return np.asarray(within, dtype=np.float64)

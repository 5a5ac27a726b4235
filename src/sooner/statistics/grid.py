"""Runs that were looked at at different intervals, read at looks that all of them had."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import ArrayLike, NDArray


def spacing(runs: Sequence[ArrayLike]) -> float | None:
    """The usual distance between two looks of a lane: the median over its runs of each run's median; None unknown.

    Args:
        runs: (E_r,) where each run was looked at, ascending, in seconds or in examples.
    """
    typical = [float(np.median(np.diff(np.asarray(run)))) for run in runs if len(np.asarray(run)) > 1]
    return median(typical) if typical else None


def nearest(at: ArrayLike, every: float) -> NDArray[np.intp]:
    """The places of the looks that stand for one every `every`, and of the last one, ascending.

    A multiple of `every` is read at the look nearest to it; one without a look within half of `every` is not read at
    all. The last look takes the place of the one before where they lie closer than half of `every`, so that a run is
    always read at its end.

    Args:
        at: (E,) where a run was looked at, ascending, in seconds or in examples.
        every: above 0, in the same.
    """
    there = np.asarray(at, dtype=np.float64)
    if not len(there):
        return np.zeros(0, dtype=np.intp)
    cell = np.round(there / every)
    away = np.abs(there - cell * every)
    order = np.lexsort((away, cell))
    _, first = np.unique(cell[order], return_index=True)
    places = np.sort(order[first])
    last = len(there) - 1
    kept = places[there[last] - there[places] >= every / 2]
    return np.append(kept, last)

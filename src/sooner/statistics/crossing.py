"""Where a run first reaches a target and stays there for a second look."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def first_crossing(metric: ArrayLike, target: ArrayLike, *, confirm_last: bool = False) -> NDArray[np.float64]:
    """The first confirmed crossing of each target, as a fractional position among a run's evaluations.

    An evaluation is confirmed when the next one is also at or above the target: one lucky look at a noisy metric is
    no hit. The run's last evaluation has no next one and counts by itself. The position is interpolated linearly
    between the evaluation before and the confirmed one; `at` turns it into seconds, steps or examples. Position 0
    means that the first look already found the target reached, so it happened at or before that look.

    Lanes are comparable only on equal evaluation grids: more looks are more chances of an early crossing.

    Args:
        metric: (E,) metric at each evaluation in order, higher is better; NaN counts as below every target.
        target: scalar or array of targets.
        confirm_last: ask the last evaluation, too, to be confirmed. For runs that broke off (a diverged loss), whose
            last look might not have held.

    Returns:
        float64 of the shape of `target`, in [0, E - 1]; NaN where the target is never reached. Costs
        O(E + targets log E).
    """
    values = np.asarray(metric, dtype=np.float64)
    targets = np.asarray(target, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"metric must be the 1-d list of one run's evaluations, not of shape {values.shape}")
    if not len(values):
        return np.full(targets.shape, np.nan)
    values = np.where(np.isnan(values), -np.inf, values)
    following = np.append(values[1:], -np.inf if confirm_last else np.inf)
    held = np.maximum.accumulate(np.minimum(values, following))
    first = np.searchsorted(held, targets)
    here = np.minimum(first, len(values) - 1)
    before = np.maximum(here - 1, 0)
    # The evaluation before a first confirmed one lies below the target, so the rise is positive; it is infinite after
    # a NaN, where there is nothing to interpolate from.
    rise = values[here] - values[before]
    share = np.divide(targets - values[before], rise, out=np.ones(targets.shape), where=(rise > 0) & np.isfinite(rise))
    position = np.where(here > 0, before + share, 0.0)
    return np.where(first < len(values), position, np.nan)


def at(position: ArrayLike, x: ArrayLike) -> NDArray[np.float64]:
    """The value at fractional `position` of a quantity recorded at each evaluation.

    Args:
        position: scalar or array from `first_crossing`.
        x: (E,) seconds, steps or examples at each evaluation.

    Returns:
        float64 of the shape of `position`; NaN where the position is NaN.
    """
    where = np.asarray(position, dtype=np.float64)
    values = np.asarray(x, dtype=np.float64)
    if not len(values):
        return np.full(where.shape, np.nan)
    return np.asarray(np.interp(where, np.arange(len(values)), values), dtype=np.float64)

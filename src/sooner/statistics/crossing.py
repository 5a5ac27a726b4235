"""Where a run reaches a target: where its curve does, not where noise first lifts its metric there."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

FALSE = 0.01  # the chance that a stretch of looks, at any place, rises above a target that the curve just misses
_FINE = 4  # stretches of up to so many looks are all tried, longer ones in steps of a half


class Crossing(NamedTuple):
    """Where a run crosses targets; both of their shape.

    Attributes:
        position: fractional place among the run's looks, in [0, E - 1]; `at` turns it into seconds, steps or examples.
            0 where the first look found the target reached, so that it happened at or before that look. NaN where the
            run's curve stays below the target.
        confirmed: whether the run reached it by more than noise does. Elsewhere `position` is from when on it may have.
    """

    position: Array
    confirmed: NDArray[np.bool_]


def crossing(metric: ArrayLike, target: ArrayLike, *, noise: ArrayLike = 0.0, broke_off: bool = False) -> Crossing:
    """Where a run's curve crosses each target, and whether it is confirmed to.

    A target is confirmed at the first look by which

    - two looks in a row are at or above it; the last look has no next one and does by itself, unless the run broke
      off; and
    - the mean of some stretch of looks is above it by so many standard errors of that mean as a stretch of a run whose
      curve just misses the target would be, at any of its looks, in `FALSE` of all cases: 3.3 with 20 looks, 3.7 with
      100. The stretches that end with the run have as much to themselves, which takes 2.3: many runs are at their
      best, and quietest, at the very end.

    So a noisy metric has no more chances than a steady one, nor many looks than few, and a hit costs the same number
    of standard errors for all. The crossing is then the split of the looks up to there that has the best claim:
    before it the metric lies below the target on the whole, and above it after (the least cumulated excess, where the
    isotonic regression of the curve crosses; Ayer et al., 1955), interpolated between the levels on both sides. Lucky
    and unlucky looks weigh alike, so noise moves it neither way, and a curve that never falls is crossed where the
    straight line between two looks is.

    Args:
        metric: (E,) metric at each look in order, higher is better; what is not finite counts as below every target.
        target: scalar or array of targets.
        noise: standard deviation of one look, a scalar or (E,), from `noise_of`; 0 where none is known.
        broke_off: the run ended before its budget (a diverged loss), so that its last look might not have held.

    Returns:
        Costs O(E targets + E log E).
    """
    values = np.asarray(metric, dtype=np.float64)
    goals = np.asarray(target, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"metric must be the 1-d list of one run's evaluations, not of shape {values.shape}")
    spread = np.broadcast_to(np.asarray(noise, dtype=np.float64), values.shape)
    position, confirmed = _crossing(values.tobytes(), spread.tobytes(), goals.tobytes(), broke_off)
    return Crossing(position.reshape(goals.shape), confirmed.reshape(goals.shape))


def at(position: ArrayLike, x: ArrayLike) -> Array:
    """The value at fractional `position` of a quantity recorded at each evaluation.

    Args:
        position: scalar or array from `crossing`.
        x: (E,) seconds, steps or examples at each evaluation.

    Returns:
        float64 of the shape of `position`; NaN where the position is NaN.
    """
    where = np.asarray(position, dtype=np.float64)
    values = np.asarray(x, dtype=np.float64)
    if not len(values):
        return np.full(where.shape, np.nan)
    return np.asarray(np.interp(where, np.arange(len(values)), values), dtype=np.float64)


@lru_cache(maxsize=4096)  # a race asks for each crossing on both clocks, in every comparison, and for its survival
def _crossing(metric: bytes, noise: bytes, target: bytes, broke_off: bool) -> tuple[Array, NDArray[np.bool_]]:
    values, spread, targets = (np.frombuffer(each, dtype=np.float64) for each in (metric, noise, target))
    known = np.isfinite(values)
    if not known.any() or not len(targets):
        position, confirmed = np.full(len(targets), np.nan), np.zeros(len(targets), dtype=bool)
    else:
        least, most = min(values[known].min(), targets.min()), max(values[known].max(), targets.max())
        # So low that no other look makes up for it.
        values = np.where(known, values, least - (len(values) + 1) * (most - least + 1))
        by = np.searchsorted(_confirmed(values, spread, broke_off), targets)
        confirmed = by < len(values)
        position = _split(values, known, targets, np.where(confirmed, by + 1, len(values)), confirmed)
    position.flags.writeable = confirmed.flags.writeable = False
    return position, confirmed


def _confirmed(values: Array, noise: Array, broke_off: bool) -> Array:
    """(E,) the highest target that the looks up to each one confirm, ascending."""
    held = np.full(len(values), -np.inf)
    held[1:] = np.minimum(values[1:], values[:-1])
    if not broke_off:
        held[-1] = values[-1]
    normal = NormalDist()
    anywhere, at_end = normal.inv_cdf(1 - FALSE / len(values)), normal.inv_cdf(1 - FALSE)
    total, squares = _sums(values), _sums(noise**2)
    shown = np.full(len(values), -np.inf)
    for length in _lengths(len(values)):
        mean = values if length == 1 else (total[length:] - total[:-length]) / length  # a look as it is, not rounded
        # The difference of two sums may be a hair below 0.
        error = np.sqrt(np.maximum(squares[length:] - squares[:-length], 0.0)) / length
        above = mean - anywhere * error
        if not broke_off:
            above[-1] = mean[-1] - at_end * error[-1]
        shown[length - 1 :] = np.maximum(shown[length - 1 :], above)
    return np.minimum(np.maximum.accumulate(held), np.maximum.accumulate(shown))


def _split(
    values: Array, known: NDArray[np.bool_], targets: Array, within: NDArray[np.intp], confirmed: NDArray[np.bool_]
) -> Array:
    """The crossing of each target by the first `within` looks; NaN where they lie below it to their end."""
    total, place = _sums(values), np.arange(len(values) + 1)
    excess = total - targets[:, None] * place
    # The last of them is at a confirmed target, whatever rounding does to the sums.
    ends = np.where(confirmed, within - 1, within)
    first = np.argmin(np.where(place > ends[:, None], np.inf, excess), axis=1)
    crossed = first < within
    here = np.where(crossed, first, 0)
    there = total[here][:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        before = np.where(place < here[:, None], (there - total) / (here[:, None] - place), -np.inf).max(axis=1)
        inside = (place > here[:, None]) & (place <= within[:, None])
        after = np.where(inside, (total - there) / (place - here[:, None]), np.inf).min(axis=1)
        share = np.clip((targets - before) / (after - before), 0.0, 1.0)
    # There is nothing to interpolate from after a look that is not finite.
    share = np.where(known[np.maximum(here - 1, 0)] & np.isfinite(share), share, 1.0)
    return np.where(crossed, np.where(here > 0, here - 1 + share, 0.0), np.nan)


def _sums(values: Array) -> Array:
    return np.concatenate([[0.0], np.cumsum(values)])


def _lengths(looks: int) -> list[int]:
    lengths = list(range(1, min(looks, _FINE) + 1))
    while (longer := max(lengths[-1] + 1, lengths[-1] * 3 // 2)) <= looks:
        lengths.append(longer)
    return lengths

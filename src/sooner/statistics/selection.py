"""Which of several settings a few trials of each speak for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sooner.statistics.times import Time, expected_running_time

By = Literal["reached", "metric"]
_ERRORS = 2.0  # standard errors of a difference of two means, within which settings are not told apart
_SHORTEST = 1e-9  # a time of 0 has no logarithm


@dataclass(frozen=True)
class Selection:
    """What was chosen, and how sure that is.

    Attributes:
        place: of the chosen setting.
        near: places of the settings that the trials could not tell from the best, in a row and ascending.
        by: what was compared: how soon the target was reached, or the metric at the end where no trial reached it.
        apart: the least difference that they could tell, as a share of the time, or in the metric's own unit; None
            where nothing is known of the noise.
    """

    place: int
    near: tuple[int, ...]
    by: By
    apart: float | None


def select(times: Sequence[Sequence[Time]], finals: Sequence[Sequence[float]], *, by: By = "reached") -> Selection:
    """The setting to take, of settings in a row whose effect is smooth, such as learning rates.

    The measure of a setting is its expected running time: all that its trials spent, on whatever clock `times` are,
    over those that reached the target, so that one that missed costs all that it ran for. Where no trial of any setting
    reached it, it is the mean of the metric at the end. A trial that broke off counts as the worst of all.

    The best of a few noisy measures is in part the luckiest, and the more so the flatter they lie. So those next to
    the best that are within two standard errors of it, by what the trials of one seed have not in common, are not told
    apart from it, and the middle one of them is taken; of two in the middle the better. Two equally good lanes, tuned
    so, come to differ half as much as by their best measures (`benchmarks/tuning`).

    Args:
        times: by setting and trial; the trials of every setting are of the same seeds, in the same order.
        finals: the metric at the end of each, -inf for one that broke off.
        by: "metric" to compare the ends alone.

    Raises:
        ValueError: there is no setting, or settings differ in their number of trials.
    """
    if not times or len({*map(len, times), *map(len, finals)}) != 1 or not times[0] or len(times) != len(finals):
        raise ValueError("a choice needs settings, each with as many trials")
    hit = np.array([[not time.censored for time in trials] for trials in times])
    if by == "reached" and hit.any():
        means = [expected_running_time(trials) for trials in times]
        measures = np.array([math.inf if mean is None else math.log(max(mean, _SHORTEST)) for mean in means])
        logs = np.log([[max(time.value, _SHORTEST) for time in trials] for trials in times])
        noise = _noise(logs[hit.all(axis=1)])
        near = _near(measures, noise)
        apart = None if noise is None else math.expm1(_ERRORS * noise)
        return Selection(_middle(near, measures), near, "reached", apart)
    ends = np.array(finals, dtype=np.float64)
    measures = -ends.mean(axis=1)
    noise = _noise(ends[np.isfinite(ends).all(axis=1)])
    near = _near(measures, noise)
    return Selection(_middle(near, measures), near, "metric", None if noise is None else _ERRORS * noise)


def _noise(values: NDArray[np.float64]) -> float | None:
    """The standard error of the difference of two settings' means, from a table of settings and seeds.

    What a seed adds to all settings is left out. None where fewer than two settings or two seeds are whole.
    """
    settings, seeds = values.shape
    if settings < 2 or seeds < 2:
        return None
    rest = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0, keepdims=True) + values.mean()
    variance = float((rest**2).sum()) / ((settings - 1) * (seeds - 1))
    return math.sqrt(2 * variance / seeds)


def _near(measures: NDArray[np.float64], noise: float | None) -> tuple[int, ...]:
    """The settings in a row around the best, smallest, measure that are within the noise of it."""
    best = int(np.argmin(measures))
    limit = measures[best] + _ERRORS * (noise or 0.0)
    low = high = best
    while low > 0 and measures[low - 1] <= limit:
        low -= 1
    while high < len(measures) - 1 and measures[high + 1] <= limit:
        high += 1
    return tuple(range(low, high + 1))


def _middle(near: tuple[int, ...], measures: NDArray[np.float64]) -> int:
    half = len(near) // 2
    return near[half] if len(near) % 2 else min(near[half - 1 : half + 1], key=lambda place: measures[place])

"""Times to target as far as a run determines them: a value, or a bound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sooner.statistics.crossing import Crossing, at, crossing


@dataclass(frozen=True, slots=True)
class Time:
    """One run's time to target, on any clock.

    Attributes:
        value: at least 0 and finite. Seconds until the target was reached, or until the run ended without reaching it.
        censored: the run ended at `value` without reaching the target: the true time is longer.
        first_look: the first evaluation, at `value`, found the target reached: the true time may be shorter.
        touched: of a censored run, from when on it may have reached the target without its looks confirming it; None
            where nothing says so. Its true time is longer than this, and need not be longer than `value`.
        within: the greatest that the true time of a first look at 0 is taken to be, above 0; not used otherwise. No
            ratio to 0 exists, so such a time enters as one "at most" that of the next look. Infinity: nothing is known.
    """

    value: float
    censored: bool = False
    first_look: bool = False
    touched: float | None = None
    within: float = math.inf

    def __post_init__(self) -> None:
        if not (self.value >= 0 and math.isfinite(self.value)):
            raise ValueError(f"a time must be at least 0 and finite, not {self.value}")
        if not self.within > 0:
            raise ValueError(f"within must be above 0, not {self.within}")
        if self.touched is not None and not (self.censored and 0 <= self.touched <= self.value):
            raise ValueError(f"only a censored run touches a target without reaching it, by its end: {self}")
        if self.censored and self.first_look:
            raise ValueError("a time is either censored or reached by the first look, not both")
        if self.value == 0 and not (self.censored or self.first_look):
            raise ValueError("a target that was reached at time 0 was reached by the first look; say so")

    @property
    def bounds(self) -> tuple[float, float]:
        """The lower and upper bound of the true time."""
        if self.first_look:
            return 0.0, self.value or self.within
        if self.touched is not None:
            return self.touched, math.inf
        return self.value, math.inf if self.censored else self.value


@dataclass(frozen=True)
class Trajectory:
    """One run's evaluations on one clock, in seconds or in examples.

    Attributes:
        seconds: (E,) clock at each evaluation, at least 0 and not decreasing.
        metric: (E,) the metric there, higher is better.
        end: clock when the run ended: where a run that never reaches a target is censored.
        broke_off: the run ended before its budget (its loss diverged), so its last look needs confirmation by another.
        noise: standard deviation of one look, a scalar or (E,), from `noise_of` its lane.
    """

    seconds: ArrayLike
    metric: ArrayLike
    end: float
    broke_off: bool = False
    noise: ArrayLike = 0.0

    def __post_init__(self) -> None:
        seconds = np.asarray(self.seconds, dtype=np.float64)
        if seconds.ndim != 1 or seconds.shape != np.shape(self.metric):
            raise ValueError(
                f"seconds and metric must be lists of one length, not of shapes {seconds.shape} "
                f"and {np.shape(self.metric)}"
            )
        if np.shape(self.noise) not in ((), seconds.shape):
            raise ValueError(f"noise must be one number or one a look, not of shape {np.shape(self.noise)}")
        if not np.all(np.diff(seconds, prepend=0.0, append=self.end) >= 0):
            raise ValueError("the clock must not run backwards: 0 <= seconds[0] <= ... <= end")

    def time(self, target: float) -> Time:
        """The run's time to `target`."""
        position, confirmed = self.crossing(target)
        value = float(at(position, self.seconds))
        if not confirmed:
            touched = None if np.isnan(position) else 0.0 if position == 0 else value
            return Time(self.end, censored=True, touched=touched)
        if value == 0:
            return Time(0.0, first_look=True, within=self._within)
        return Time(value, first_look=bool(position == 0))

    def bounds(self, targets: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The lower and upper bound of the time to each target, float64 of the shape of `targets`."""
        position, confirmed = self.crossing(targets)
        value = np.where(np.isnan(position), self.end, at(position, self.seconds))
        upper = np.where(value == 0, self._within, value)
        return np.where(position == 0, 0.0, value), np.where(confirmed, upper, np.inf)

    def crossing(self, targets: ArrayLike) -> Crossing:
        """Where among its evaluations the run crosses each target."""
        return crossing(self.metric, targets, noise=self.noise, broke_off=self.broke_off)

    @property
    def _within(self) -> float:
        """The first time above 0 that the clock showed, infinity where it showed none."""
        shown = [*np.asarray(self.seconds, dtype=np.float64).tolist(), float(self.end)]
        return next((seconds for seconds in shown if seconds > 0), math.inf)


def expected_running_time(times: Sequence[Time]) -> float | None:
    """All time spent divided by the number of hits (Hansen et al., COCO, 2016); None without a hit.

    It is the mean time to the target when a run that misses it is followed by another, until one hits.
    """
    hits = sum(not time.censored for time in times)
    return sum(time.value for time in times) / hits if hits else None

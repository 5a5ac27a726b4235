"""The ratio of what two lanes are expected to spend until a run hits: for whoever pays for all runs, long ones too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sooner.statistics.signed_rank import ALPHA, MIN_PAIRS
from sooner.statistics.times import Time

MIN_HITS = 3  # of each lane: with fewer, where they are rare, the interval covers 80 to 90%

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ExpectedRatio:
    """The opponent's expected running time divided by the lane's: above 1 the lane costs less.

    Attributes:
        ratio: of all time spent / hits of each; None where a lane has no hit, or a time that nothing bounds.
        low, high: 95% interval; None under `MIN_PAIRS` pairs and under `MIN_HITS` hits of a lane.
    """

    ratio: float | None
    low: float | None = None
    high: float | None = None


def expected_ratio(lane: Sequence[Time], against: Sequence[Time], *, alpha: float = ALPHA) -> ExpectedRatio:
    """Estimate the ratio of expected running times from runs paired by position.

    The typical ratio of `comparison.compare` says how much sooner one run arrives than its pair. This one says what the
    bill comes to, as a mean does, so a lane that mostly wins but sometimes takes very long may win there and lose here.
    A run that missed enters with the time that it spent, and as no hit; a target reached by the first evaluation with
    that evaluation's time, an upper bound.

    It is an interval and no verdict: of a mean no test can hold its level whatever the distribution is (Bahadur and
    Savage, 1956), as runs too rare to be seen may be as long as they like. By simulation (benchmarks/statistics) the
    95% are 94 to 95% with log-normal times, however much noisier one lane is; 88 to 93% where times are skewed and one
    lane is two to three times as noisy; 97 to 100% where both lanes miss equally often; and 81 to 96% where one misses
    in three to five runs of ten and the other never: then the lane that misses looks cheaper than it is. Nothing of a
    failure that no run has shown is in it.

    Args:
        lane, against: as many of one as of the other.
        alpha: 1 - confidence, in [0, 1]; at 0 the interval is open.

    Returns:
        The ratio with Student's t interval of `linearised`. Costs O(n).
    """
    if len(lane) != len(against):
        raise ValueError(
            f"runs are compared in pairs: {len(lane)} of the lane do not match {len(against)} of the other"
        )
    spent = np.array([[_spent(time) for time in times] for times in (lane, against)])
    hit = np.array([[not time.censored for time in times] for times in (lane, against)])
    fewest = int(hit.sum(axis=-1).min()) if hit.size else 0
    if not fewest or not np.isfinite(spent).all():
        return ExpectedRatio(None)
    logarithm, reach = linearised(spent, hit, alpha=alpha)
    if len(lane) < MIN_PAIRS or fewest < MIN_HITS:
        return ExpectedRatio(_ratio(logarithm))
    return ExpectedRatio(_ratio(logarithm), _ratio(logarithm - reach), _ratio(logarithm + reach))


def linearised(spent: Array, hit: NDArray[np.bool_], *, alpha: float = ALPHA) -> tuple[Array, Array]:
    """The logarithm of the ratio of expected running times, and how far its interval reaches to either side.

    To first order the logarithm of a lane's expected running time moves with each run by its influence, its time over
    the mean time less its hit over the mean of hits (delta method). The two influences of a pair are subtracted, which
    takes out what its runs share, and the mean of n differences gets Student's t interval with n - 1 degrees of
    freedom.

    Args:
        spent: (..., 2, n) times of the lane and of its opponent, at least 0 and finite.
        hit: of the same shape; whether the target was reached, at least once in each row.
        alpha: 1 - confidence, in [0, 1].

    Returns:
        Two arrays of the leading shape (...); the reach is infinite for a single pair.
    """
    from scipy import special  # slow to import, and the command line starts without it

    n = spent.shape[-1]
    time, share = spent.mean(axis=-1, keepdims=True), hit.mean(axis=-1, keepdims=True)
    running = np.log(time / share)[..., 0]
    influence = spent / time - hit / share
    difference = influence[..., 1, :] - influence[..., 0, :]
    if n < 2:
        reach = np.full(difference.shape[:-1], np.inf)
    else:
        with np.errstate(invalid="ignore"):  # no spread at a confidence of 1: nothing is known either
            reach = special.stdtrit(n - 1, 1 - alpha / 2) * difference.std(axis=-1, ddof=1) / math.sqrt(n)
    return running[..., 1] - running[..., 0], reach


def _spent(time: Time) -> float:
    return time.value if time.censored else time.bounds[1]


def _ratio(logarithm: Array) -> float | None:
    """Of a logarithm that may be too large, or no number."""
    with np.errstate(over="ignore"):
        ratio = float(np.exp(logarithm))
    return ratio if 0 < ratio < math.inf else None

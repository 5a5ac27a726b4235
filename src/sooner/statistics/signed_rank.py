"""The exact sign-flip test on signed ranks and the interval that inverts it, for differences known up to bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

ALPHA = 0.05
MIN_PAIRS = 6  # with five pairs the smallest two-sided p is 2/2^5 = 0.0625

_ROUNDING = 1e-9  # a smaller mean of two log-ratios is a tie that floating point has split


@dataclass(frozen=True)
class SignedRank:
    """What the test finds; every field is float64 of the shape of the input without its last axis.

    Attributes:
        p_value: two-sided, of "the differences are symmetric about zero", the largest over all completions.
        low, high: the interval of the centre of symmetry at confidence 1 - alpha; infinite where the data leave a side
            open.
        estimate_low, estimate_high: the range of the Hodges-Lehmann estimate over all completions; equal without
            censoring.
    """

    p_value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    estimate_low: NDArray[np.float64]
    estimate_high: NDArray[np.float64]


def signed_rank(low: ArrayLike, high: ArrayLike, *, alpha: float = ALPHA) -> SignedRank:
    """Test and estimate the centre of paired differences, each known to lie in [low, high].

    Flipping signs at random gives the exact distribution of Wilcoxon's signed-rank statistic at any number of pairs;
    the statistic is the number of positive Walsh averages (means of two differences, each with itself included), so
    the interval that inverts the test runs between two of the sorted averages and their median is the matching
    (Hodges-Lehmann, 1963) estimate. The p-value is at most `alpha` exactly when the interval excludes zero.

    Walsh averages grow with every difference. Taking the lower limit from the lower bounds and the upper limit from
    the upper bounds therefore gives an interval that contains the one of every completion of the data: it is valid
    whatever the censored values are, and so is the p-value. Averages that are zero count against both directions,
    which keeps the test valid (conservative) with ties and zero differences.

    Args:
        low: (..., n) lower bounds, n at least 1; -inf where there is none.
        high: (..., n) upper bounds, not below `low`; +inf where there is none.
        alpha: two-sided level, at least 0 and below 1; at 0 the interval is infinite.

    Returns:
        The results for each leading index. With under `min_pairs(alpha)` pairs the interval is infinite. Costs
        O(n^2 log n) each.
    """
    _check(alpha)
    lower = np.asarray(low, dtype=np.float64)
    upper = np.asarray(high, dtype=np.float64)
    if lower.shape != upper.shape or lower.ndim == 0 or lower.shape[-1] == 0:
        raise ValueError(
            f"low and high must have the same shape (..., n) with n of 1 or more, not {lower.shape} and {upper.shape}"
        )
    if not np.all(lower <= upper):
        raise ValueError("every difference needs low <= high, and neither may be NaN")
    bottom, top = _walsh_averages(lower), _walsh_averages(upper)
    count = bottom.shape[-1]
    tail = null_cdf(lower.shape[-1])
    against = np.minimum((bottom <= 0).sum(axis=-1), (top >= 0).sum(axis=-1))
    cut = int(np.searchsorted(tail, alpha / 2, side="right")) - 1
    shape = lower.shape[:-1]
    return SignedRank(
        p_value=np.minimum(1.0, 2 * tail[against]),
        low=bottom[..., cut] if cut >= 0 else np.full(shape, -np.inf),
        high=top[..., count - 1 - cut] if cut >= 0 else np.full(shape, np.inf),
        estimate_low=(bottom[..., (count - 1) // 2] + bottom[..., count // 2]) / 2,
        estimate_high=(top[..., (count - 1) // 2] + top[..., count // 2]) / 2,
    )


def min_pairs(alpha: float = ALPHA) -> int | None:
    """The fewest pairs of which the two-sided test can reach the level `alpha`: p is at least 2 / 2^n.

    `MIN_PAIRS` at 0.05; None at 0, which no number of pairs reaches.
    """
    _check(alpha)
    return math.ceil(1 - math.log2(alpha)) if alpha else None


@lru_cache(maxsize=64)
def null_cdf(n: int) -> NDArray[np.float64]:
    """(n (n + 1) / 2 + 1,) float64 P(T <= t): T is the sum of those ranks 1 to n whose fair coin shows heads.

    The distribution of the signed-rank statistic of `n` pairs, n at least 1, when neither direction is favoured.
    """
    mass = np.ones(1)
    for rank in range(1, n + 1):
        mass = (np.pad(mass, (0, rank)) + np.pad(mass, (rank, 0))) / 2
    cdf = np.cumsum(mass)
    cdf.setflags(write=False)
    return cdf


def _walsh_averages(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., n (n + 1) / 2) means of every two differences, each with itself included, sorted."""
    first, second = np.triu_indices(differences.shape[-1])
    averages = (differences[..., first] + differences[..., second]) / 2
    averages[np.abs(averages) < _ROUNDING] = 0.0
    averages.sort(axis=-1)
    return averages


def _check(alpha: float) -> None:
    if not 0 <= alpha < 1:
        raise ValueError(f"alpha must be at least 0 and below 1 (0.05 for a 95% interval), not {alpha}")

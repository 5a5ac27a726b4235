"""How many pairs a race needs to see a given difference in speed."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from sooner.racing.signed_rank import ALPHA, MIN_PAIRS

POWER = 0.8

# The median coefficient of variation of time to target over the seeds of one configuration, in 354 configurations of
# the public AlgoPerf v0.5 logs. The middle four fifths of those span 1.8% to 22%, a spread of sigma that one degree of
# freedom has: that is what the prior weighs against a race's own pairs.
PRIOR_CV = 0.077
_PRIOR_FREEDOM = 1

_RANK_EFFICIENCY = 3 / math.pi  # of the signed-rank test relative to the t-test under normal noise (Pitman)


def log_ratio_sd(log_ratios: ArrayLike = ()) -> float:
    """The standard deviation to expect of a pair's log-ratio of times.

    The variance observed in this race is pooled with that of two unpaired runs at `PRIOR_CV`, as one more degree of
    freedom. Without pairs this is the prior, 0.109; with three it is two thirds the race's own. Three pairs alone
    would too often lie close together by chance, or tie on the evaluation grid, and promise that six are enough.

    Args:
        log_ratios: (n,) log-ratios of the pairs in which both runs reached the target.
    """
    observed = np.asarray(log_ratios, dtype=np.float64)
    prior = 2 * math.log1p(PRIOR_CV**2)
    squares = float(np.sum((observed - observed.mean()) ** 2)) if len(observed) else 0.0
    freedom = max(len(observed) - 1, 0)
    return math.sqrt((_PRIOR_FREEDOM * prior + squares) / (_PRIOR_FREEDOM + freedom))


def pairs_needed(sd: float, difference: float = 0.10) -> int:
    """The number of pairs in which the signed-rank test finds a difference with power 0.8 at the 5% level.

    Guenther's (1981) sample size for the t-test, the normal one plus z^2 / 2, divided by the efficiency of ranks;
    within one pair of simulation from 6 to 50 pairs. Never fewer than `MIN_PAIRS`, where the test begins.

    Args:
        sd: standard deviation of a pair's log-ratio, at least 0; see `log_ratio_sd`.
        difference: of speed, above 0: 0.10 is one lane 1.1 times as fast.
    """
    if not (sd >= 0 and math.isfinite(sd)):
        raise ValueError(f"sd must be a finite number of at least 0, not {sd}")
    if not difference > 0:
        raise ValueError(f"difference must be above 0 (0.10 for one lane 1.1 times as fast), not {difference}")
    quantile = NormalDist().inv_cdf
    reach = quantile(1 - ALPHA / 2)
    normal = ((reach + quantile(POWER)) * sd / math.log1p(difference)) ** 2
    return max(MIN_PAIRS, math.ceil(normal / _RANK_EFFICIENCY + reach**2 / 2))

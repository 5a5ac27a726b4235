"""How many pairs a race needs to see a given difference in speed, and how many it runs if it may stop early."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from sooner.statistics.direction import lean_of
from sooner.statistics.sequential import levels, looks, settled
from sooner.statistics.signed_rank import ALPHA, MIN_PAIRS, min_pairs, signed_rank

POWER = 0.8

# The median coefficient of variation of time to target over the seeds of one configuration, in 354 configurations of
# the public AlgoPerf v0.5 logs. The middle four fifths of those span 1.8% to 22%, a spread of sigma that one degree of
# freedom has: that is what the prior weighs against a race's own pairs.
PRIOR_CV = 0.077
_PRIOR_FREEDOM = 1

_RANK_EFFICIENCY = 3 / math.pi  # of the signed-rank test relative to the t-test under normal noise (Pitman)

# Pairs that a race until decided must be allowed for the power of one with a fixed number. With the looks of
# `sequential` the power is 0.80 to 0.83 from 13 pairs on; see benchmarks/statistics.
_INFLATION = 1.2
MOST_SIMULATED = 100  # pairs; more are not searched for
_RACES = 2_000  # simulated for `power` and `race_length`: standard errors of 1.1 points and a quarter of a pair


@dataclass(frozen=True)
class RaceLength:
    """What to expect of a race until decided.

    Attributes:
        expected: pairs, on average.
        maximal: pairs, if it is not decided before.
        decided: share of such races that are decided, by a verdict or by showing that no difference matters.
        found: share of such races that show the lanes to differ.
    """

    expected: float
    maximal: int
    decided: float
    found: float


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


def pairs_needed(sd: float, difference: float = 0.10, *, alpha: float = ALPHA, cut: float = 0.0) -> int:
    """The number of pairs in which the signed-rank test finds a difference with power 0.8.

    Guenther's (1981) sample size for the t-test, the normal one plus z^2 / 2, divided by the efficiency of ranks;
    within one pair of simulation from 6 to 50 pairs. Never fewer than the test needs at `alpha`. Where a budget is
    expected to cut runs the formula is where a search begins, each step of which is a simulation (`power`): up to a
    second.

    Args:
        sd: standard deviation of a pair's log-ratio, at least 0; see `log_ratio_sd`.
        difference: of speed, above 0: 0.10 is one lane 1.1 times as fast.
        alpha: two-sided level of the test, in (0, 1); see `family.share`.
        cut: share of all runs that a common budget is expected to end before the target, in [0, 1).
    """
    _check(sd, difference, cut)
    quantile = NormalDist().inv_cdf
    reach = quantile(1 - alpha / 2)
    normal = ((reach + quantile(POWER)) * sd / math.log1p(difference)) ** 2
    pairs = max(min_pairs(alpha) or MIN_PAIRS, math.ceil(normal / _RANK_EFFICIENCY + reach**2 / 2))
    while cut and pairs < MOST_SIMULATED and power(sd, difference, pairs, alpha=alpha, cut=cut) < POWER:
        pairs = math.ceil(1.05 * pairs)
    return pairs


def max_pairs_needed(sd: float, difference: float = 0.10, *, alpha: float = ALPHA, cut: float = 0.0) -> int:
    """The `max_pairs` of a race until decided that finds a difference with power 0.8; arguments as of `pairs_needed`.

    A fifth more than of a race with a fixed number of pairs, and never reached by most races: see `race_length`.
    """
    return math.ceil(_INFLATION * pairs_needed(sd, difference, alpha=alpha, cut=cut))


def power(sd: float, difference: float, pairs: int, *, alpha: float = ALPHA, cut: float = 0.0) -> float:
    """The chance that `pairs` pairs show a difference: simulated with a fixed generator and normal noise.

    Within two points, at any number of pairs; formulas promise up to 20 points too much at six. Costs O(pairs^2):
    10 ms at 12 pairs, half a second at 60.

    Args:
        sd: standard deviation of a pair's log-ratio, at least 0; see `log_ratio_sd`.
        difference: of speed, above 0: 0.10 is one lane 1.1 times as fast.
        pairs: of the race, at least 1.
        alpha: two-sided level of the test, in [0, 1).
        cut: share of all runs that a common budget ends before the target, in [0, 1): what is shown then is who comes
            first within it (`direction.direction`).
    """
    _check(sd, difference, cut)
    lane, against = sd / math.sqrt(2) * np.random.default_rng(0).standard_normal((2, _RACES, pairs))
    against += math.log1p(difference)
    budget = float(np.quantile([lane, against], 1 - cut)) if cut else math.inf
    told = (lane <= budget) | (against <= budget)
    p_value, _ = lean_of(np.minimum(against, budget) - np.minimum(lane, budget), told)
    return float(np.mean(p_value <= alpha))


def race_length(sd: float, ratio: float, max_pairs: int, *, detect: float = 0.10, alpha: float = ALPHA) -> RaceLength:
    """Simulate races of two lanes until decided, with a fixed generator and normal noise.

    Args:
        sd: standard deviation of a pair's log-ratio, at least 0; see `log_ratio_sd`.
        ratio: true speed of one lane relative to the other, above 0; 1 for equal lanes.
        max_pairs: at least `MIN_PAIRS`; a second of work at 40.
        detect: the smallest difference of speed that matters, above 0.
        alpha: share of false verdicts over all looks, in (0, 1).
    """
    _check(sd, detect)
    if not (ratio > 0 and math.isfinite(ratio)):
        raise ValueError(f"ratio must be a finite number above 0 (1.1 for a lane 1.1 times as fast), not {ratio}")
    noise = np.random.default_rng(0).standard_normal((_RACES, max_pairs))
    running, pairs, different = math.log(ratio) + sd * noise, 0.0, 0
    for count, level in zip(looks(max_pairs, alpha), levels(max_pairs, alpha), strict=True):
        test = signed_rank(running[:, :count], running[:, :count], alpha=level)
        over = settled(test.low, test.high, detect)
        pairs += count * int(over.sum())
        different += int(((test.low > 0) | (test.high < 0)).sum())
        running = running[~over]
        if not len(running):
            break
    undecided = len(running)
    return RaceLength(
        expected=(pairs + max_pairs * undecided) / _RACES,
        maximal=max_pairs,
        decided=1 - undecided / _RACES,
        found=different / _RACES,
    )


def _check(sd: float, difference: float, cut: float = 0.0) -> None:
    if not (sd >= 0 and math.isfinite(sd)):
        raise ValueError(f"sd must be a finite number of at least 0, not {sd}")
    if not difference > 0:
        raise ValueError(f"difference must be above 0 (0.10 for one lane 1.1 times as fast), not {difference}")
    if not 0 <= cut < 1:
        raise ValueError(f"cut must be a share of the runs in [0, 1), not {cut}")

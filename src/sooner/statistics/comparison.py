"""Two lanes compared pair by pair: the ratio of their times to target, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sooner.statistics.direction import direction
from sooner.statistics.expected_ratio import expected_ratio
from sooner.statistics.power import log_ratio_sd, pairs_needed
from sooner.statistics.sequential import reach, settled
from sooner.statistics.signed_rank import ALPHA, SignedRank, signed_rank
from sooner.statistics.times import Time, Trajectory

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CurvePoint:
    """The comparison of two lanes at one target; infinite bounds and unknown ratios are None in JSON."""

    target: float
    ratio: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True)
class ComparisonFigures:
    """The time to target of one lane's opponent divided by the lane's own: above 1 the lane is faster.

    Attributes:
        ratio: Hodges-Lehmann estimate; with censored runs the (geometric) middle of the values it can take; None
            where that range is unbounded.
        ci_low, ci_high: 95% interval over all looks; None where that side is unbounded, and with too few pairs.
        pairs: how many pairs of runs, hits and misses alike.
        p_value: two-sided and exact, of "both reach the target equally soon", of this look by itself; see
            `direction.direction`. None without pairs.
        ahead: 1 where that test shows the lane to be faster at the level `alpha`, -1 where it is shown to be slower,
            else 0. Where every run reached the target it is not 0 exactly when the interval excludes 1.
        within: what `ahead` holds within, where runs missed the target: the budget, in the unit of the times.
        hits, against_hits: runs of the lane and of its opponent that reached the target.
        pairs_needed: about how many pairs would show a 10% difference of speed with power 0.8.
        looks: at these lanes so far, this one included; 1 where the number of pairs was fixed before the race.
        alpha: two-sided level of the test at this look: 0.05 where it is the only one, less where there may be more.
        cost_ratio, cost_low, cost_high: the ratio of expected running times with its interval at the same level, which
            no verdict rests on; see `expected_ratio`.
    """

    ratio: float | None
    ci_low: float | None
    ci_high: float | None
    pairs: int
    p_value: float | None
    hits: int
    against_hits: int
    pairs_needed: int
    looks: int = 1
    alpha: float = ALPHA
    ahead: int = 0
    within: float | None = None
    cost_ratio: float | None = None
    cost_low: float | None = None
    cost_high: float | None = None


def compare(
    lane_times: Sequence[Time], against_times: Sequence[Time], *, alpha: float = ALPHA, looks: int = 1
) -> ComparisonFigures:
    """Compare two lanes whose runs are paired by position (by seed), on one clock.

    Each pair's log-ratio is a value where both runs reached the target and otherwise what their bounds allow: a
    censored opponent makes it "at least", a censored lane "at most", both leave it open. `signed_rank` carries
    these bounds into the interval, so no run is dropped or taken as a hit. Which lane is ahead is tested by the times
    within the budget (`direction`): a common budget that cuts runs leaves the ratio open, not who comes first.

    What is estimated is the typical ratio of one seed's two times: the centre (pseudomedian) of the log-ratio. Signed
    ranks hold their level for it whatever the spreads and skews of the two lanes are. It is not the ratio of mean
    times, which `expected_ratio` estimates beside it.

    As it stands the number of pairs must have been fixed before the race: looking after every pair until the interval
    excludes 1 raises the share of false verdicts above 5%. A race that is looked at as it goes gives the `alpha` and
    the `looks` of `sequential.look`, and one to which pairs were added after it was seen those of `extension.extended`:
    they make the interval wide enough for all of its looks together.
    """
    if len(lane_times) != len(against_times):
        raise ValueError(
            f"runs are compared in pairs: {len(lane_times)} of the lane do not match {len(against_times)} of the other"
        )
    pairs = len(lane_times)
    hits = sum(not time.censored for time in lane_times)
    against_hits = sum(not time.censored for time in against_times)
    if not pairs:
        return ComparisonFigures(None, None, None, 0, None, 0, 0, pairs_needed(log_ratio_sd()), looks, alpha)
    lane = np.array([time.bounds for time in lane_times]).T
    against = np.array([time.bounds for time in against_times]).T
    low, high = _log_ratios((lane[0], lane[1]), (against[0], against[1]))
    test = signed_rank(low, high, alpha=alpha)
    ratio, ci_low, ci_high = (_finite(float(value)) for value in _ratios(test))
    first = direction(lane_times, against_times)
    cost = expected_ratio(lane_times, against_times, alpha=alpha)
    return ComparisonFigures(
        ratio=ratio,
        ci_low=ci_low,
        ci_high=ci_high,
        pairs=pairs,
        p_value=first.p_value,
        hits=hits,
        against_hits=against_hits,
        pairs_needed=pairs_needed(log_ratio_sd(low[low == high])),
        looks=looks,
        alpha=alpha,
        ahead=first.ahead if first.p_value <= alpha else 0,
        within=first.within,
        cost_ratio=cost.ratio,
        cost_low=cost.low,
        cost_high=cost.high,
    )


def decided(figures: ComparisonFigures, *, detect: float) -> bool:
    """Whether the race is over for these lanes: one is ahead, or the interval leaves no difference above `detect`.

    Args:
        figures: from `compare`, at the level of this look.
        detect: the smallest difference of speed that matters, above 0: 0.10 is one lane 1.1 times as fast.
    """
    return figures.ahead != 0 or bool(settled(*_log_interval(figures), detect))


def cannot_win(figures: ComparisonFigures, *, detect: float) -> bool:
    """Whether the lane is behind, or its interval leaves no ratio of `1 + detect` or more: it will not win any more.

    Stopping such a lane early does not bias its interval, which holds wherever it stops. Arguments as of `decided`.
    """
    return figures.ahead < 0 or _log_interval(figures)[1] < reach(detect)


def curve(
    lane_runs: Sequence[Trajectory], against_runs: Sequence[Trajectory], targets: ArrayLike, *, alpha: float = ALPHA
) -> list[CurvePoint]:
    """The comparison at every one of `targets` (T,), from runs paired by position, each at the level `alpha`.

    At a level of `anywhere.level_anywhere` the interval leaves 1 at any of them in at most 5% of races of equal lanes.
    Where both lanes reached a target by their first evaluation the ratio is unknown, not 1. Costs O(T n^2) for n pairs:
    milliseconds for a hundred targets and a dozen pairs.
    """
    if len(lane_runs) != len(against_runs) or not lane_runs:
        raise ValueError(
            f"a curve needs one or more pairs of runs, not {len(lane_runs)} of the lane and {len(against_runs)} of "
            "the other"
        )
    goals = np.asarray(targets, dtype=np.float64)
    test = signed_rank(*_log_ratios(_bounds(lane_runs, goals), _bounds(against_runs, goals)), alpha=alpha)
    return [
        CurvePoint(target, _finite(ratio), _finite(low), _finite(high))
        for target, ratio, low, high in zip(goals.tolist(), *(values.tolist() for values in _ratios(test)), strict=True)
    ]


def _log_interval(figures: ComparisonFigures) -> tuple[float, float]:
    low, high = figures.ci_low, figures.ci_high
    return -math.inf if low is None else math.log(low), math.inf if high is None else math.log(high)


def _bounds(runs: Sequence[Trajectory], targets: Array) -> tuple[Array, Array]:
    """(T, n) least and greatest times to each target."""
    low, high = zip(*(run.bounds(targets) for run in runs), strict=True)
    return np.stack(low, axis=-1), np.stack(high, axis=-1)


def _log_ratios(lane: tuple[Array, Array], against: tuple[Array, Array]) -> tuple[Array, Array]:
    """The least and the greatest log(time of against / time of lane), from the bounds of both times."""
    with np.errstate(divide="ignore"):  # lower bounds may be 0, upper ones are above it
        return np.log(against[0]) - np.log(lane[1]), np.log(against[1]) - np.log(lane[0])


def _ratios(test: SignedRank) -> tuple[Array, Array, Array]:
    """Estimate, low and high as ratios; not finite or not above zero where they are unknown."""
    with np.errstate(invalid="ignore", over="ignore"):
        middle = (test.estimate_low + test.estimate_high) / 2
        return np.exp(middle), np.exp(test.low), np.exp(test.high)


def _finite(ratio: float) -> float | None:
    return ratio if 0 < ratio < math.inf else None

"""Looking at a race while it goes on: a level for every look, such that all of them together err in at most 5%."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sooner.statistics.signed_rank import ALPHA, min_pairs, null_cdf

# The share t of the race may use up the share t^1.5 of the 5% (Kim and DeMets, 1987). The power 1 stops half a pair
# earlier and finds less at the end; with 2, lanes far apart wait for a pair more.
_SPENDING = 1.5

_RACES = 200_000  # simulated under equal lanes, fewer where there are more than 45 pairs
_COMPARISONS = 400_000_000  # of two pairs' sizes, at most: half a second
_ERRORS = 3  # standard errors of the simulation that are kept off the 5%


@dataclass(frozen=True)
class Look:
    """One look at a race that goes on until it is decided.

    Attributes:
        number: of looks at these lanes so far, this one included; 0 before the first.
        alpha: two-sided level of the signed-rank test and its interval at this look, given to `compare`; 0 before the
            first look, where nothing can be decided.
    """

    number: int
    alpha: float


def looks(max_pairs: int, alpha: float = ALPHA) -> tuple[int, ...]:
    """The numbers of pairs, ascending, at which a race of at most `max_pairs` pairs may be looked at.

    Every one from the first that can decide to `max_pairs`. A race may leave out any of them (to send out several pairs
    at once, or because it was interrupted): fewer looks make fewer errors.

    Raises:
        ValueError: `max_pairs` is too few for a verdict at the level `alpha`; no such race is ever decided.
    """
    return tuple(range(max_pairs - len(levels(max_pairs, alpha)) + 1, max_pairs + 1))


@lru_cache(maxsize=16)
def levels(max_pairs: int, alpha: float = ALPHA) -> tuple[float, ...]:
    """The two-sided level of the signed-rank test at each of `looks(max_pairs, alpha)`.

    Between equal lanes at most the share `alpha` of races, above 0, are ever called different, at whatever look; and
    the intervals at these levels hold the true ratio at all looks together in the others (repeated confidence
    intervals, Jennison and Turnbull, 1984). So an interval holds for any reason to stop the race there.

    Each level is the greatest that the test can attain and that leaves the share of false verdicts so far within what
    may be spent so far. That share is a simulation with a fixed generator, kept three standard errors away from
    `alpha`. The joint distribution of the statistics at all looks is the same for all noise that is symmetric and
    alike in every pair; ties and censored runs only make verdicts rarer.

    Costs up to a second, once for each `max_pairs` and `alpha`.
    """
    fewest = min_pairs(alpha)
    if fewest is None or max_pairs < fewest:
        raise ValueError(f"max_pairs must be at least {fewest}, not {max_pairs}: with fewer no race is ever decided")
    races = min(_RACES, 2 * _COMPARISONS // max_pairs**2)
    budget = alpha - _ERRORS * math.sqrt(alpha * (1 - alpha) / races)
    false = np.zeros(races, dtype=np.bool_)
    levels: list[float] = []
    for pairs, statistic in enumerate(_statistics(max_pairs, races), start=1):
        spent = np.count_nonzero(false) + np.cumsum(np.bincount(statistic[~false]))
        cut = int(np.searchsorted(spent, budget * (pairs / max_pairs) ** _SPENDING * races, side="right")) - 1
        # A statistic as small as `cut` must be as rare by itself as the race may err altogether, by the exact count.
        tail = null_cdf(pairs)
        cut = min(cut, int(np.searchsorted(tail, alpha / 2, side="right")) - 1)
        if cut >= 0:  # and then at all later looks: pairs that all lean one way did so one pair ago
            false |= statistic <= cut
            levels.append(float(2 * tail[cut]))
    if not levels:  # what may be spent, less the error of the simulation, is no verdict: the last look alone
        levels.append(float(2 * null_cdf(max_pairs)[0]))
    return tuple(levels)


def _statistics(max_pairs: int, races: int) -> Iterator[NDArray[np.int32]]:
    """The signed-rank statistic (races,) of equal lanes after 1, 2, ..., `max_pairs` pairs, the smaller of both sides.

    A new pair enters at its rank among those before it, and lifts the ranks of the larger ones by one.
    """
    # Raw bits are the same in every version of NumPy: 32 give the size of a difference, one its sign.
    raw = np.random.PCG64(0).random_raw((max_pairs, races))
    size, positive = (raw >> np.uint64(32)).astype(np.uint32), (raw & np.uint64(1)).astype(np.bool_)
    total = np.zeros(races, dtype=np.int32)
    for new in range(max_pairs):
        rank, lifted = np.ones(races, dtype=np.int16), np.zeros(races, dtype=np.int16)
        for old in range(new):
            larger = size[old] > size[new]
            rank += ~larger
            lifted += larger & positive[old]
        total += np.where(positive[new], rank, 0) + lifted
        yield np.minimum(total, (new + 1) * (new + 2) // 2 - total)


def look(pairs: int, max_pairs: int, alpha: float = ALPHA) -> Look:
    """Which look it is at `pairs` pairs of a race of at most `max_pairs`, and at which level; `alpha` as of `levels`.

    The pairs must be the first ones in the order that was planned, not those that happened to end first.
    """
    if not 0 <= pairs <= max_pairs:
        raise ValueError(f"a race of at most {max_pairs} pairs cannot have {pairs}")
    number = max(0, pairs - looks(max_pairs, alpha)[0] + 1)
    return Look(number, levels(max_pairs, alpha)[number - 1] if number else 0.0)


def settled(low: ArrayLike, high: ArrayLike, detect: float) -> NDArray[np.bool_]:
    """`decided` for intervals of the log-ratio, infinite where open, of any shape; for simulations."""
    below, above, least = np.asarray(low), np.asarray(high), reach(detect)
    different = (below > 0) | (above < 0)
    return np.asarray(different | ((below >= -least) & (above <= least)))


def reach(detect: float) -> float:
    """The log-ratio of two lanes, one `1 + detect` times as fast. Raises ValueError unless `detect` is above 0."""
    if not detect > 0:
        raise ValueError(f"detect must be above 0 (0.10 for one lane 1.1 times as fast), not {detect}")
    return math.log1p(detect)

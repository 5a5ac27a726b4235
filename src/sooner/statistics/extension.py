"""Pairs added to a race that was seen already: a level for each look, such that all together err in at most 5%."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from sooner.statistics.sequential import Look
from sooner.statistics.signed_rank import ALPHA, min_pairs, null_cdf

_SHARE = 1 / 2  # of what is left, so that something is left however often pairs are added


def extended(seen: Sequence[int], alpha: float = ALPHA) -> Look:
    """The look at a race whose number of pairs was raised after it had been seen at each of these numbers.

    The first look has all of `alpha`, as in a race that stays as it was planned. It cannot use all of 5%: of six pairs
    that lean one way there are 2 in 64, which leaves 1.875%. Every further look gets half of what those before it
    have left. So between equal lanes at most this share of races are ever called different, however often pairs are
    added, because the chances of a false verdict at each look add up to less; and the intervals at these levels hold
    the true ratio at all looks together in the others. Choosing how many pairs to add by how near the verdict seems
    makes false verdicts a little more frequent, which the half that is kept back pays for (see the simulation in
    `tests/statistics/test_extension.py`).

    A look at fewer pairs than `min_pairs(alpha)`, at which nothing can be decided, is none. Adding for the noise that
    they show is free; adding for which lane was ahead is not quite: whoever gives a race of six pairs twelve only if
    the first five do not all lean one way has 6.0% of false verdicts.

    Args:
        seen: numbers of pairs, ascending.
        alpha: share of false verdicts over all looks, in (0, 1).

    Returns:
        The number of the look, from 1, and its two-sided level: 0.05 for the first; after one at six pairs 0.0094, at
        ten, whose test uses nearly all of the 5%, 0.0006.

    Raises:
        ValueError: `seen` does not ascend.
    """
    if any(later <= before for before, later in pairwise(seen)):
        raise ValueError(f"looks must be at ascending numbers of pairs, not at {list(seen)}")
    fewest = min_pairs(alpha)
    deciding = [pairs for pairs in seen if fewest is not None and pairs >= fewest]
    left, level = alpha, alpha
    for pairs in deciding:
        left -= attained(pairs, level)
        level = _SHARE * left
    return Look(len(deciding) + 1, level)


def attained(pairs: int, alpha: float) -> float:
    """The chance of a false verdict that the signed-rank test of `pairs` pairs has at the nominal level `alpha`.

    At most `alpha`: the statistic takes whole numbers only.
    """
    tail = null_cdf(pairs)
    cut = int(np.searchsorted(tail, alpha / 2, side="right")) - 1
    return float(2 * tail[cut]) if cut >= 0 else 0.0

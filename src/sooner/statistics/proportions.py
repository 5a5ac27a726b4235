"""Two shares compared: Fisher's exact test."""

from __future__ import annotations

from math import comb

_ROUNDING = 1e-7  # relative: two tables of the same probability, split by floating point


def fisher(hits: int, of: int, other_hits: int, other_of: int) -> float:
    """The two-sided p-value of "both shares are the same": hits of `of` against `other_hits` of `other_of`.

    It is the probability, with all four margins as they are, of a table no more likely than the one that was found.
    Costs O(of) at most. Raises ValueError where hits are negative or more than there are.
    """
    if not (0 <= hits <= of and 0 <= other_hits <= other_of):
        raise ValueError(f"hits must be from 0 to their number, not {hits} of {of} and {other_hits} of {other_of}")
    total, all_hits = of + other_of, hits + other_hits
    tables = range(max(0, all_hits - other_of), min(of, all_hits) + 1)
    weights = [comb(of, each) * comb(other_of, all_hits - each) for each in tables]
    found = comb(of, hits) * comb(other_of, other_hits)
    return min(1.0, sum(each for each in weights if each <= found * (1 + _ROUNDING)) / comb(total, all_hits))

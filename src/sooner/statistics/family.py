"""All lanes of a race are one family: how much of the 5% each of them may spend."""

from __future__ import annotations

from sooner.statistics.signed_rank import ALPHA, MIN_PAIRS, min_pairs

_KEPT = 2 / 3  # of the 5%, where several lanes share it


def share(lanes: int) -> float:
    """The level of each comparison in a race of so many lanes under test, 1 or more.

    One lane has the 5%. Several divide two thirds of it among them (Bonferroni), so the chance that any lane is falsely
    told from the baseline is at most 5% whatever the lanes have in common and however much their spreads differ: the
    signed-rank test holds 5% where one lane is noisier, but at a hundredth of that it errs half as often again, for
    which the third is held back (`benchmarks/statistics`). Exact permutation of the greatest difference over all lanes
    would find a little more if all were equally noisy; it errs where they are not.

    Intervals at this level hold for all lanes at once in 95% of races.
    """
    if lanes < 1:
        raise ValueError(f"a family has one lane or more, not {lanes}")
    return ALPHA if lanes == 1 else _KEPT * ALPHA / lanes


def fewest_pairs(lanes: int) -> int:
    """The fewest pairs that can decide in a race of so many lanes: 6 for one, 7 for two, 10 for ten, 11 for thirty."""
    return min_pairs(share(lanes)) or MIN_PAIRS

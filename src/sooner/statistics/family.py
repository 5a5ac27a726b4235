"""All lanes of a race are one family: how much of the 5% each of them may spend."""

from __future__ import annotations

from sooner.statistics.signed_rank import ALPHA, MIN_PAIRS, min_pairs


def share(lanes: int) -> float:
    """The level of each comparison in a race of so many lanes under test, 1 or more: the 5% divided among them.

    So the chance that any lane is falsely told from the baseline is at most 5% (Bonferroni), whatever the lanes have in
    common and however much their spreads differ. Exact permutation of the greatest difference over all lanes would
    find a little more if all lanes were equally noisy; it errs where they are not. Intervals at this level hold for
    all lanes at once in 95% of races.
    """
    if lanes < 1:
        raise ValueError(f"a family has one lane or more, not {lanes}")
    return ALPHA / lanes


def fewest_pairs(lanes: int) -> int:
    """The fewest pairs that can decide in a race of so many lanes: 6 for one, 7 for two, 9 for ten, 11 for thirty."""
    return min_pairs(share(lanes)) or MIN_PAIRS

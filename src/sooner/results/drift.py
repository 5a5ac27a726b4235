"""What the same baseline, run in two races, shows of the machine between them."""

from __future__ import annotations

from collections.abc import Sequence

from sooner.results.notices import Drift
from sooner.results.records import Comparison
from sooner.statistics.signed_rank import MIN_PAIRS


def drift(later: str, first: str, races: Sequence[str], wall: Comparison | None) -> Drift:
    """Whether the times of several races can be set against each other.

    Both lanes run one recipe, so on the same seeds their times differ by the machine alone.

    Args:
        later, first: the baselines' names.
        races: what the later races are called.
        wall: the comparison of `later` with `first` on the wall clock; None without a seed in common.
    """
    pairs = wall.pairs if wall else 0
    if wall is None or pairs < MIN_PAIRS:
        return Drift(later, first, tuple(races), "unknown", pairs)
    return Drift(
        later,
        first,
        tuple(races),
        "drifted" if _excludes_one(wall) else "none_shown",
        pairs,
        wall.ci_low,
        wall.ci_high,
    )


def _excludes_one(c: Comparison) -> bool:
    return (c.ci_low is not None and c.ci_low > 1) or (c.ci_high is not None and c.ci_high < 1)

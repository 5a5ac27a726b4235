"""Where the intervals of comparisons lie on one logarithmic axis, for the small drawings beside the verdicts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sooner.racing.results import Comparison

_EDGE = 6.0  # per cent of the width kept free at both ends
_NARROWEST = math.log(1.25)  # the axis reaches at least this far to both sides of 1x
_WIDEST = math.log(8.0)  # a bound further from 1x than this is drawn at the edge, as an open one is


@dataclass(frozen=True)
class Forest:
    """One interval in per cent of the width: `one` is 1x; `ratio` is None where unknown; an open side has an arrow."""

    low: float
    high: float
    ratio: float | None
    one: float
    open_low: bool
    open_high: bool


def forests(comparisons: list[Comparison]) -> list[Forest]:
    """One drawing per comparison, all on one axis that reaches from the lowest bound to the highest and shows 1x."""
    logs = [math.log(value) for c in comparisons for value in (c.ratio, c.ci_low, c.ci_high) if value]
    left = max(-_WIDEST, min([-_NARROWEST, *logs]))
    right = min(_WIDEST, max([_NARROWEST, *logs]))

    def place(value: float) -> float:
        share = (math.log(value) - left) / (right - left)
        return round(_EDGE + (100 - 2 * _EDGE) * min(1.0, max(0.0, share)), 2)

    return [
        Forest(
            low=place(c.ci_low) if c.ci_low else 0.0,
            high=place(c.ci_high) if c.ci_high else 100.0,
            ratio=place(c.ratio) if c.ratio else None,
            one=place(1.0),
            open_low=not c.ci_low or math.log(c.ci_low) < left,
            open_high=not c.ci_high or math.log(c.ci_high) > right,
        )
        for c in comparisons
    ]

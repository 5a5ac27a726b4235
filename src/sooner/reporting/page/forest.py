"""Where the intervals of comparisons lie on one logarithmic axis, for the small drawings beside the verdicts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from sooner.results.records import Comparison

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

    @property
    def style(self) -> str:
        """The places as values of the page's style sheet."""
        dot = self.one if self.ratio is None else self.ratio
        return f"--low:{self.low:g}%;--high:{self.high:g}%;--ratio:{dot:g}%"

    @property
    def marks(self) -> str:
        """What the page's style sheet draws otherwise: "open-low", "open-high", "no-ratio"."""
        marks = (("open-low", self.open_low), ("open-high", self.open_high), ("no-ratio", self.ratio is None))
        return " ".join(name for name, holds in marks if holds)


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis of ratios that shows 1x: `left` and `right` are logarithms."""

    left: float
    right: float

    def place(self, ratio: float) -> float:
        """Where a ratio lies, in per cent of the width; beyond the axis, at its end."""
        share = (math.log(ratio) - self.left) / (self.right - self.left)
        return round(_EDGE + (100 - 2 * _EDGE) * min(1.0, max(0.0, share)), 2)

    def draw(self, c: Comparison) -> Forest:
        """The drawing of one comparison."""
        return Forest(
            low=self.place(c.ci_low) if c.ci_low else 0.0,
            high=self.place(c.ci_high) if c.ci_high else 100.0,
            ratio=self.place(c.ratio) if c.ratio else None,
            one=self.place(1.0),
            open_low=not c.ci_low or math.log(c.ci_low) < self.left,
            open_high=not c.ci_high or math.log(c.ci_high) > self.right,
        )


def axis_of(comparisons: Iterable[Comparison]) -> Axis:
    """One axis for all drawings, from the lowest bound to the highest as far as 8 times."""
    logs = [math.log(value) for c in comparisons for value in (c.ratio, c.ci_low, c.ci_high) if value]
    return Axis(max(-_WIDEST, min([-_NARROWEST, *logs])), min(_WIDEST, max([_NARROWEST, *logs])))

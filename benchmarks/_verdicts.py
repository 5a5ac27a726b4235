"""What the tool says of a kept race, one comparison at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from benchmarks._sooner import Results, Run, compare_runs, compared, verdict

Clock = Literal["wall", "examples"]


def said(results: Results, lane: str, against: str, clock: Clock, target: float | None = None) -> str:
    """The verdict of one lane against another at `target`, the race's own unless given; "" of a lane against itself."""
    runs = {each.name: each.runs for each in results.lanes}
    target = results.target if target is None else target
    return "" if lane == against else verdict_of(runs[lane], runs[against], against, clock, target, results.detect)


def verdict_of(
    mine: Sequence[Run], theirs: Sequence[Run], against: str, clock: Clock, target: float, detect: float | None = None
) -> str:
    """The verdict of some runs against others, which may be of another race with the same seeds; all are `equal`."""
    figures = compare_runs(mine, theirs, target, clock)
    return "" if figures is None else verdict(compared("", against, figures, clock=clock, detect=detect))

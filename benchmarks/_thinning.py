"""Which evaluations of a run have to be kept, so that its time to every target stays what it is."""

from __future__ import annotations

import math
from collections.abc import Sequence


def needed(metric: Sequence[float], least: float = -math.inf, *, broke_off: bool = False) -> list[int]:
    """The places of the evaluations on which the time to some target depends, and of the first and the last.

    A run reaches a target at the first evaluation that is confirmed by the next one, and the time is interpolated from
    the one before. Most evaluations late in a run are none of these three for any target.

    Args:
        metric: (E,) at each evaluation in order, higher is better.
        least: the lowest target of interest.
        broke_off: the run ended before its budget, so its last evaluation has to be confirmed, too.

    Returns:
        ascending places in `metric`. Costs O(E^2).
    """
    kept = list(range(len(metric)))
    answers = _answers(metric, kept, least, broke_off)
    for place in range(1, len(metric) - 1):
        fewer = [each for each in kept if each != place]
        if _answers(metric, fewer, least, broke_off) == answers:
            kept = fewer
    return kept


def _answers(
    metric: Sequence[float], kept: Sequence[int], least: float, broke_off: bool
) -> list[tuple[float, int, int]]:
    """For each range of targets: its upper end, and the evaluations between which they are first reached."""
    found, reached = [], -math.inf
    for at, place in enumerate(kept):
        following = metric[kept[at + 1]] if at + 1 < len(kept) else -math.inf if broke_off else math.inf
        held = min(metric[place], following)
        if held > reached:
            if held >= least:
                found.append((held, kept[max(at - 1, 0)], place))
            reached = held
    return found

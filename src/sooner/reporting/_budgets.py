"""The fitted protocol in words: which budget is enough to reach the target, and which is not."""

from __future__ import annotations

from sooner.racing.results import Lane, Results, Rung
from sooner.reporting import _format as words


def has_rungs(results: Results) -> bool:
    """Whether the race was for the smallest budget."""
    return any(lane.rungs for lane in results.lanes)


def bracket(lane: Lane) -> tuple[Rung | None, Rung | None]:
    """The smallest budget that is enough, and the largest below it that was tried and is not; None for what is not."""
    place = next((i for i, rung in enumerate(lane.rungs) if rung.budget == lane.smallest_budget), None)
    if place is None:
        return None, lane.rungs[-1] if lane.rungs else None
    return lane.rungs[place], lane.rungs[place - 1] if place else None


def hits_of(rung: Rung) -> str:
    """ "5 of 6 runs"."""
    return f"{rung.hits} of {words.number_of(rung.runs, 'run')}"


def smallest(lane: Lane) -> str:
    """A sentence about a lane with a ladder, or nothing."""
    if not lane.rungs:
        return ""
    enough, below = bracket(lane)
    if enough is None:
        largest = lane.rungs[-1]
        return f"No budget up to {largest.budget} is enough: there {hits_of(largest)} reached the target."
    told = f"Smallest budget that is enough: {enough.budget}, {words.seconds(enough.seconds)}, in {hits_of(enough)}"
    if below is None:
        return f"{told}. No smaller one was tried."
    return f"{told}. {below.budget} is not: {hits_of(below)}."

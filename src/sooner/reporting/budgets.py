"""The fitted protocol in words: which budget is enough to reach the target, and which is not."""

from __future__ import annotations

from dataclasses import dataclass

from sooner.reporting import format as words
from sooner.results.budgets import counted
from sooner.results.records import Lane, Results, Rung


@dataclass(frozen=True)
class Step:
    """A budget of the ladder with what the lane's seeds say of it.

    `reached` of `seeds` reach the target with this budget or a smaller one. Few seeds run every budget, but each has
    shown from which one on it reaches the target.
    """

    rung: Rung
    reached: int
    seeds: int

    @property
    def share(self) -> str:
        """ "5 of 6 seeds"."""
        return f"{self.reached} of {words.number_of(self.seeds, 'seed')}"


def has_rungs(results: Results) -> bool:
    """Whether the race was for the smallest budget."""
    return any(lane.rungs for lane in results.lanes)


def bracket(results: Results, lane: Lane) -> tuple[Step | None, Step | None]:
    """The smallest budget that is enough, and the next smaller one, which is not; the largest where none is enough."""
    steps = _steps(results, lane)
    place = next((i for i, step in enumerate(steps) if step.rung.budget == lane.smallest_budget), None)
    if place is None:
        return None, steps[-1] if steps else None
    return steps[place], steps[place - 1] if place else None


def smallest(results: Results, lane: Lane) -> str:
    """Both in a sentence or two; nothing for a lane without a ladder."""
    enough, below = bracket(results, lane)
    if enough is None:
        return f"No budget up to {below.rung.budget} is enough: {below.share} reach the target." if below else ""
    text = f"{enough.rung.budget} is enough: {words.seconds(enough.rung.seconds)}, {enough.share} reach the target"
    return f"{text}. {below.rung.budget} is not: {below.share}." if below else f"{text}. No smaller budget was raced."


def _steps(results: Results, lane: Lane) -> list[Step]:
    """The rungs that were run, with the seeds that tell about all of them, else with those that ran them all."""
    ladder = results.rungs
    if not lane.rungs:
        return []
    climbs = [run.evaluations for run in lane.runs if run.evaluations]
    places = [[ladder.index(str(end.budget)) for end in climb] for climb in climbs]
    first = [
        next((place for place, metric in zip(at, counted(climb), strict=True) if metric >= results.target), None)
        for climb, at in zip(climbs, places, strict=True)
    ]
    known = [
        (at[0] == 0 or place > at[0]) if place is not None else at[-1] == len(ladder) - 1
        for place, at in zip(first, places, strict=True)
    ]
    if not all(known):
        first = [place for place, at in zip(first, places, strict=True) if len(at) == len(ladder)] or first
    return [
        Step(rung, sum(place is not None and place <= ladder.index(rung.budget) for place in first), len(first))
        for rung in lane.rungs
    ]

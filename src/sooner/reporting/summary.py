"""Summaries of a lane's runs: the medians and counts that the table, the page and the figures share."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from sooner.results.records import Comparison, Lane, Results, Run
from sooner.seams import SEAMS
from sooner.statistics.survival import Survival
from sooner.training.evaluation import OFF_THE_CLOCK

Kind = Literal[
    "baseline", "fitted", "random", "random-mask", "lane"
]  # what another lane is to the lane compared with it
BASELINE: tuple[Kind, ...] = ("baseline",)
CONTROLS: tuple[Kind, ...] = ("fitted", "random", "random-mask")
_CHOOSING = tuple(where for where in SEAMS if where.control)  # seams whose choices have a control that picks at random
_KINDS: dict[str, Kind] = {"random": "random", "random-mask": "random-mask"}


@dataclass(frozen=True)
class Median:
    """The median of times (or examples) to the target, where runs that missed it count as later than all others.

    `at_least` marks a lower bound: half of the runs or more missed, and only where they ended is known.
    """

    value: float
    at_least: bool = False


@dataclass(frozen=True)
class Spread:
    """Median, smallest and largest of the values that exist."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class LaneSummary:
    """One row of the table of lanes. A median or spread is None where no run gives one."""

    lane: Lane
    hits: int
    wall: Median | None
    examples: Median | None
    final: Spread | None
    test: Spread | None
    against_baseline: list[Comparison]
    against_controls: list[Comparison]


def summarise(results: Results) -> list[LaneSummary]:
    """One summary per lane, in the order of the results; its comparisons are those on the wall clock."""
    return [
        LaneSummary(
            lane=lane,
            hits=sum(run.hit for run in lane.runs),
            wall=median_time(lane.runs),
            examples=median_to_target(
                (run.examples_to_target, run.examples) for run in lane.runs if lane.counts_examples
            ),
            final=spread(run.final_metric for run in lane.runs),
            test=spread(run.test_metric for run in lane.runs),
            against_baseline=comparisons(results, lane.name, BASELINE),
            against_controls=comparisons(results, lane.name, CONTROLS),
        )
        for lane in results.lanes
    ]


def comparisons(results: Results, lane: str, kinds: Collection[Kind]) -> list[Comparison]:
    """The race's own comparisons of `lane` against lanes of these kinds, on the wall clock."""
    names = {other.name for other in results.lanes if kind(results, other) in kinds}
    return [c for c in own(results) if c.lane == lane and c.against in names]


def own(results: Results) -> list[Comparison]:
    """The race's own comparisons on the wall clock, without those on fresh seeds."""
    return [c for c in results.comparisons if c.clock == "wall" and not c.confirmation]


def confirmed(results: Results) -> list[Comparison]:
    """The comparisons on fresh seeds, on the wall clock."""
    return [c for c in results.comparisons if c.clock == "wall" and c.confirmation]


def has_examples(results: Results) -> bool:
    """Whether some lane tells how many examples it trained on."""
    return any(lane.counts_examples for lane in results.lanes)


def contestants(results: Results) -> Literal["recipes", "programs", "functions"]:
    """What the lanes run, by what they hold."""
    if any("command" in lane.recipe for lane in results.lanes):
        return "programs"
    return "functions" if any("function" in lane.recipe for lane in results.lanes) else "recipes"


def has_energy(results: Results) -> bool:
    """Whether the machine measured what some run used."""
    return any(run.energy_joules is not None for lane in results.lanes for run in lane.runs)


def cost(results: Results, time: Median | None) -> Median | None:
    """What a wall time costs at the race's price; None where either is unknown."""
    if time is None or results.price_per_hour is None:
        return None
    return Median(time.value / 3600 * results.price_per_hour, time.at_least)


def survival_of(lane: Lane) -> Survival | None:
    """The lane's survival estimate on the wall clock."""
    return next((estimate for estimate in lane.survival if estimate.clock == "wall"), None)


def kind(results: Results, against: Lane) -> Kind:
    """What a lane is to those compared with it.

    A lane that is the baseline's recipe on another budget is a fitted control, also where the user raced it himself.
    """
    if against.role == "baseline":
        return "baseline"
    baseline = next((lane for lane in results.lanes if lane.role == "baseline"), None)
    if baseline and _but_for_budget(against) == _but_for_budget(baseline):
        return "fitted"
    if against.role != "control":
        return "lane"
    return _at_random(results, against)


def _at_random(results: Results, control: Lane) -> Kind:
    """Which choice the control leaves to chance: the one in which it differs from a lane that it is compared with.

    Its name tells where the recipes do not: it may be another where races are pooled.
    """
    lanes = [lane for lane in results.lanes if control.name in lane.opponents]
    for where in _CHOOSING:
        fields = [field.name for field in where.fields]
        if any(lane.recipe.get(name) != control.recipe.get(name) for lane in lanes for name in fields):
            return _KINDS[where.control]
    named = [where.control for where in _CHOOSING if control.name.startswith(f"{where.control}@")]
    return _KINDS[named[0]] if named else "random"


def _but_for_budget(lane: Lane) -> dict[str, Any]:
    return {key: value for key, value in lane.recipe.items() if key not in ("name", "summary", "budget")}


def median_time(runs: Iterable[Run]) -> Median | None:
    """The median time to target, None without runs."""
    return median_to_target((run.time_to_target_s, run.budget_s) for run in runs)


def median_to_target(reached_and_end: Iterable[tuple[float | None, float]]) -> Median | None:
    """The median of pairs (amount at the target or None, amount at the run's end)."""
    pairs = list(reached_and_end)
    if not pairs:
        return None
    middle = median(math.inf if reached is None else reached for reached, _ in pairs)
    if math.isfinite(middle):
        return Median(middle)
    return Median(median(end if reached is None else reached for reached, end in pairs), at_least=True)


def spread(values: Iterable[float | None]) -> Spread | None:
    """Median and range of the values that are there, None if there are none."""
    known = [value for value in values if value is not None]
    return Spread(median(known), min(known), max(known)) if known else None


def on_the_clock(run: Run) -> float:
    """Seconds of the phases that the clock counts."""
    return sum(spent for phase, spent in run.phases.items() if phase not in OFF_THE_CLOCK)

"""Summaries of a lane's runs: the medians and counts that the table, the page and the figures share."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from statistics import median

from sooner.results import kinds
from sooner.results.kinds import Kind as Kind
from sooner.results.records import Comparison, Lane, Results, Run
from sooner.statistics.survival import Survival
from sooner.training.evaluation import OFF_THE_CLOCK

BASELINE: tuple[Kind, ...] = ("baseline",)
CONTROLS: tuple[Kind, ...] = ("fitted", "random", "random-mask", "without")


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


def comparisons(results: Results, lane: str, of: Collection[Kind]) -> list[Comparison]:
    """The race's own comparisons of `lane` against lanes of these kinds, on the wall clock."""
    names = {other.name for other in results.lanes if kind(results, other) in of}
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


def contestants(results: Results) -> kinds.Contestants:
    """What the lanes run; see `sooner.results.kinds`."""
    return kinds.contestants(results.lanes)


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
    """What a lane is to those compared with it; see `sooner.results.kinds`."""
    return kinds.kind(results.lanes, against)


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

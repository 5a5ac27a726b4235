"""Summaries of a lane's runs: the medians and counts that the table, the page and the figures share."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Literal

from sooner.results import kinds
from sooner.results.kinds import Kind as Kind
from sooner.results.records import Comparison, Lane, Results, Run
from sooner.statistics.survival import Survival
from sooner.training.evaluation import OFF_THE_CLOCK

Clock = Literal["wall", "calibrated"]
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
    calibrated: Median | None
    examples: Median | None
    final: Spread | None
    test: Spread | None
    against_baseline: list[Comparison]
    against_controls: list[Comparison]


def summarise(results: Results, clock: Clock = "wall") -> list[LaneSummary]:
    """One summary per lane, in the order of the results; its comparisons are those on `clock`."""
    return [
        LaneSummary(
            lane=lane,
            hits=sum(run.hit for run in lane.runs),
            wall=median_time(lane.runs, "wall"),
            calibrated=median_time(lane.runs, "calibrated"),
            examples=median_to_target(
                (run.examples_to_target, run.examples) for run in lane.runs if lane.counts_examples
            ),
            final=spread(run.final_metric for run in lane.runs),
            test=spread(run.test_metric for run in lane.runs),
            against_baseline=comparisons(results, lane.name, BASELINE, clock),
            against_controls=comparisons(results, lane.name, CONTROLS, clock),
        )
        for lane in results.lanes
    ]


def comparisons(results: Results, lane: str, of: Collection[Kind], clock: Clock) -> list[Comparison]:
    """The race's own comparisons of `lane` against lanes of these kinds, on this clock."""
    names = {other.name for other in results.lanes if kind(results, other) in of}
    return [c for c in own(results, clock) if c.lane == lane and c.against in names]


def own(results: Results, clock: Clock = "wall") -> list[Comparison]:
    """The race's own comparisons on this clock, without those on fresh seeds."""
    return [c for c in results.comparisons if c.clock == clock and not c.confirmation]


def confirmed(results: Results, clock: Clock = "wall") -> list[Comparison]:
    """The comparisons on fresh seeds, on this clock."""
    return [c for c in results.comparisons if c.clock == clock and c.confirmation]


def has_calibrated(results: Results) -> bool:
    """Whether the race has calibrated times: programs that do not report their steps have none."""
    if results.comparisons:
        return any(c.clock == "calibrated" for c in results.comparisons)
    return any(run.calibrated_budget_s > 0 for lane in results.lanes for run in lane.runs)


def has_examples(results: Results) -> bool:
    """Whether some lane tells how many examples it trained on."""
    return any(lane.counts_examples for lane in results.lanes)


def clocks(results: Results) -> tuple[Clock, ...]:
    """The clocks that times are shown on."""
    return ("wall", "calibrated") if has_calibrated(results) else ("wall",)


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


def survival_on(lane: Lane, clock: str) -> Survival | None:
    """The lane's survival estimate on this clock."""
    return next((estimate for estimate in lane.survival if estimate.clock == clock), None)


def kind(results: Results, against: Lane) -> Kind:
    """What a lane is to those compared with it; see `sooner.results.kinds`."""
    return kinds.kind(results.lanes, against)


def time_to_target(run: Run, clock: Clock) -> float | None:
    """Seconds to the target on this clock, None if the run missed it."""
    return run.time_to_target_s if clock == "wall" else run.calibrated_time_to_target_s


def length(run: Run, clock: Clock) -> float:
    """Seconds on this clock when the run ended."""
    return run.budget_s if clock == "wall" else run.calibrated_budget_s


def median_time(runs: Iterable[Run], clock: Clock) -> Median | None:
    """The median time to target, None without runs."""
    return median_to_target((time_to_target(run, clock), length(run, clock)) for run in runs)


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

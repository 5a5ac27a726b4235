"""What some races report beside their table and verdicts: budgets, means, money, lanes stopped early, rates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sooner.reporting import format as words
from sooner.reporting.budgets import smallest
from sooner.reporting.rates import cost as cost_of_search
from sooner.reporting.rates import searched, told
from sooner.reporting.summary import cost, median_time, survival_of
from sooner.results.records import Lane, Results


@dataclass(frozen=True)
class Aside:
    """A heading and its lines."""

    heading: str
    lines: tuple[str, ...]


def asides(results: Results) -> list[Aside]:
    """Those that this race has something for."""
    all_asides = (_budgets(results), _means(results), _money(results), _stopped(results), _rates(results))
    return [aside for aside in all_asides if aside.lines]


def _budgets(results: Results) -> Aside:
    lines = [f"{lane.name}: {smallest(results, lane)}" for lane in results.lanes if lane.rungs]
    return Aside(f"Smallest budget that reaches {words.goal(results)}", tuple(lines))


def _means(results: Results) -> Aside:
    """Only where runs were censored: without, they say what the medians say."""
    missed = any(not run.hit for lane in results.lanes for run in lane.runs)
    lines = tuple(line for lane in results.lanes for line in _mean(lane)) if missed else ()
    return Aside("Mean times to target, missed targets included (wall clock)", lines)


def _mean(lane: Lane) -> Iterator[str]:
    estimate = survival_of(lane)
    if estimate is None:
        return
    if estimate.rmst is None or estimate.ert is None:
        yield f"{lane.name}: never reached, in runs of up to {words.seconds(estimate.horizon)}"
        return
    mean = (
        f"{lane.name}: restricted mean {words.seconds(estimate.rmst)} "
        f"({words.seconds_range(estimate.rmst_low, estimate.rmst_high)}) of {words.seconds(estimate.horizon)}"
    )
    interval = words.seconds_range(estimate.ert_low, estimate.ert_high)
    yield f"{mean}; expected running time {words.seconds(estimate.ert)}{f' ({interval})' if interval else ''}"


def _money(results: Results) -> Aside:
    lines = []
    for lane in results.lanes:
        spent = cost(results, median_time(lane.runs))
        if spent is not None:
            lines.append(f"{lane.name}: {'> ' if spent.at_least else ''}{words.money(spent.value)}")
    return Aside(f"Money to target, at {words.money(results.price_per_hour or 0.0)} an hour", tuple(lines))


def _rates(results: Results) -> Aside:
    found = searched(results)
    heading = f"Learning rates, searched before the race in {cost_of_search(results)}" if found else ""
    return Aside(heading, tuple(f"{lane.name}: {told(tuning)}" for lane, tuning in found))


def _stopped(results: Results) -> Aside:
    lines = [
        f"{lane.name}: after {words.number_of(lane.dropped_after, 'pair')}, as it could not win any more"
        for lane in results.lanes
        if lane.dropped_after is not None
    ]
    return Aside("Stopped early", tuple(lines))

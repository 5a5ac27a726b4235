"""Races as they are stored and scored, of runs made by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sooner.racing import race as racing
from sooner.racing.plan.plan import Plan
from sooner.racing.store import Store
from sooner.results.records import Results
from tests.racing.made import plan, record


def race(folder: Path, planned: Plan, seconds: Mapping[str, float | Sequence[float]], *, pairs: int = 0) -> Results:
    """The results of a race whose runs of each lane take these seconds, one for all pairs or one for each.

    With `pairs` only so many of them have been run.
    """
    racing.start(folder, planned)
    store = Store(folder)
    for pair in range(pairs or planned.pairs):
        for lane in planned.lanes:
            took = seconds[lane.name]
            each = took * (1 + 0.01 * pair) if isinstance(took, int | float) else took[pair]
            store.add(record(lane.name, planned.seed + pair, each, metric=0.96))
    store.close()
    return racing.results(folder)


def later(*lanes: str, seed: int, **rules: object) -> Plan:
    """A plan as of `made.plan` whose pairs begin at another seed."""
    return replace(plan(*lanes, **rules), seed=seed)  # type: ignore[arg-type]

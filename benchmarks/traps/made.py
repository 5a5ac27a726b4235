"""Races made by hand: functions that run on a machine moved by hand, and runs as a store keeps them, then scored."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks._sooner import (
    Function,
    LocalEngine,
    Plan,
    Record,
    Results,
    Rules,
    Runs,
    plan_entries,
    race_results,
    run_race,
    score,
    start_race,
)
from benchmarks.traps.machine import Machine, by_hand
from numpy.typing import ArrayLike

import sooner
from sooner.tasks import Task
from sooner.training.evaluation import Evaluation

Lanes = Mapping[str, Callable[[int], Any]]


class _Silent:
    """A watcher that shows nothing."""

    def run_started(self, run: object) -> None:
        """Nothing."""

    looked = run_finished = run_started

    def stepped(self) -> None:
        """Nothing."""


class Kept:
    """A store in memory: what scoring reads of one."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = list(records)

    def records(self) -> list[Record]:
        """All runs, in the order in which they ended."""
        return self._records

    def get(self, key: str) -> None:
        """Nothing is known of the environments."""

    def mapping(self, key: str) -> dict[str, Any]:
        """Nothing is known of the machine, the versions and the data."""
        return {}

    def attempts(self) -> list[Record]:
        """No run failed and was repeated."""
        return []

    def notes(self) -> list[Any]:
        """The race noted nothing."""
        return []


def functions(make: Callable[[Machine], Lanes], *, target: float = 1.0, pairs: int = 6) -> Results:
    """A real race of functions, on a machine whose time they move themselves; the first is the baseline."""
    with by_hand() as machine:
        return sooner.race(make(machine), target=target, pairs=pairs, progress=False).results


def carried_out(plan: Plan, runs: Runs) -> Results:
    """A real race of recipes or programs, as planned."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "race"
        start_race(folder, replace(plan, environment=runs.environment()))
        run_race(folder, LocalEngine(runs), _Silent())
        return race_results(folder)


def planned(names: Sequence[str], *, target: float, pairs: int, seed: int = 0, **rules: Any) -> Plan:
    """A race of functions of these names, the first the baseline, of which none is run."""
    task = Task(name="functions", data="", target=target, recipe={}, metric="metric")
    entries = [Function(name, f"traps.{name}") for name in names]
    return plan_entries(task, entries, pairs=pairs, seed=seed, threads=1, rules=Rules(**rules))


def scored(plan: Plan, records: Sequence[Record]) -> Results:
    """The results of a race that came to these runs."""
    return score(plan, Kept(records))  # type: ignore[arg-type]


def raced(lanes: Mapping[str, Sequence[Record]], *, target: float, seed: int = 0) -> Results:
    """The results of a race of fixed pairs, the first with this seed, that came to these runs."""
    pairs = max(len(records) for records in lanes.values())
    plan = planned(list(lanes), target=target, pairs=pairs, seed=seed)
    return scored(plan, [each for runs in lanes.values() for each in runs])


def record(
    lane: str,
    seed: int,
    seconds: ArrayLike,
    metric: ArrayLike,
    *,
    steps: ArrayLike | None = None,
    batch: int = 1,
    **fields: Any,
) -> Record:
    """A run with these looks (E,), which ends with the last; without `steps` they are numbered from 1 on.

    It counts `batch` examples a step: with 1 as a lane that tells none.
    """
    times, metrics = np.asarray(seconds, dtype=float), np.asarray(metric, dtype=float)
    counts = np.arange(1, len(times) + 1) if steps is None else np.asarray(steps)
    each = zip(times.tolist(), counts.tolist(), metrics.tolist(), strict=True)
    looks = [Evaluation(at, count, count * batch, value) for at, count, value in each]
    end, step = float(times[-1]), int(counts[-1])
    fields = {"phases": {"run": end}, "steps": step, "examples": step * batch, **fields}
    return Record(lane, seed, "2026", "2026", seconds=end, looks=looks, **fields)


def reaching(lane: str, times: ArrayLike, *, budget: float | None = None, first: int = 0) -> list[Record]:
    """Runs, one a seed from `first` on, that reach a metric of 1 at these seconds (pairs,), on a straight line from 0.

    With `budget` they end after so many seconds, whether they have reached it or not.
    """
    runs = []
    for seed, time in enumerate(np.asarray(times, dtype=float), first):
        end = time if budget is None else budget
        seconds = np.linspace(0, end, 3)
        runs.append(record(lane, seed, seconds, seconds / time, steps=[0, 50, 100]))
    return runs

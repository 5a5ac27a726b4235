"""How often runs were begun, of a race that is interrupted, killed and taken up again."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from sooner.errors import StoreError
from sooner.racing import race as racing
from sooner.racing.amending import Amendment, amend
from sooner.racing.engines.local import LocalEngine
from sooner.racing.failure import Halt
from sooner.racing.functions import Function, FunctionRuns
from sooner.racing.plan.plan import plan_entries
from sooner.racing.starts import STARTS, Starts
from sooner.racing.store import Store
from sooner.results.suspicions import LeftBehind, StartedAgain
from sooner.tasks import Task
from tests.racing import made
from tests.racing.conftest import Silent

Train = Callable[[int], Iterator[tuple[int, float]]]


def quick(seed: int) -> Iterator[tuple[int, float]]:
    yield 1, 0.5
    yield 2, 0.9


def going(folder: Path, lane: Train, *, pairs: int = 3) -> LocalEngine:
    """What runs a race of `quick` against `lane`, which is planned where it is not there yet."""
    functions = {"quick": quick, "lane": lane}
    runs = FunctionRuns(functions)
    if not (folder / "race.db").exists():
        task = Task(name="functions", data="", target=0.8, recipe={}, metric="metric")
        entries = [Function(name, f"tests.{name}") for name in functions]
        planned = plan_entries(task, entries, pairs=pairs, seed=0, threads=1, environment=runs.environment())
        racing.start(folder, replace(planned, device="cpu"))
    return LocalEngine(runs)


def until_done(folder: Path, lane: Train) -> int:
    """Go on with the race each time that it is interrupted: how often."""
    for times in range(20):
        try:
            racing.run(folder, going(folder, lane), Silent())
        except KeyboardInterrupt:
            continue
        return times
    raise AssertionError("it did not end")


def test_a_function_that_is_started_again_says_so(tmp_path: Path) -> None:
    draws = iter([False, True, False, False, True, True])

    def lane(seed: int) -> Iterator[tuple[int, float]]:
        yield 1, 0.5
        if not next(draws):
            raise KeyboardInterrupt
        yield 2, 0.9

    assert until_done(tmp_path, lane) == 3
    resumed = {(record.lane, record.seed): record.resumed for record in racing.finished(tmp_path)}
    assert resumed == {**{("quick", seed): 0 for seed in range(3)}, ("lane", 0): 1, ("lane", 1): 2, ("lane", 2): 0}
    store = Store(tmp_path)
    assert store.mapping(STARTS) == {}  # what has ended is not counted on
    store.close()


def test_the_results_name_the_lane(tmp_path: Path) -> None:
    begun: list[int] = []

    def lane(seed: int) -> Iterator[tuple[int, float]]:
        yield 1, 0.5
        begun.append(seed)
        if begun.count(seed) == 1:
            raise KeyboardInterrupt
        yield 2, 0.9

    until_done(tmp_path, lane)
    assert StartedAgain("lane", 3, 3, "quick", 0, 3) in racing.results(tmp_path).notices


def test_a_run_that_was_killed_counts_as_begun(tmp_path: Path) -> None:
    """It left no record; what was written as it began is on disk."""
    engine = going(tmp_path, quick)
    store = Store(tmp_path)
    started = Starts(store, [])
    (run,) = [each for each in racing.load_plan(tmp_path).runs if (each.lane.name, each.seed) == ("lane", 1)]
    started.run_started(run)
    started.run_started(run)
    store.close()  # and the process is gone
    racing.run(tmp_path, engine, Silent())
    assert [record.resumed for record in racing.finished(tmp_path) if record.lane == "lane"] == [0, 2, 0]


def test_times_that_a_run_counts_itself_are_not_counted_twice(tmp_path: Path) -> None:
    going(tmp_path, quick)
    store = Store(tmp_path)
    starts = Starts(store, [])
    run = racing.load_plan(tmp_path).runs[0]
    for _ in range(2):
        starts.run_started(run)
    record = made.record(run.lane.name, run.seed, 1.0, resumed=1)
    assert starts.counted(record).resumed == 1
    assert starts.counted(replace(record, resumed=0)).resumed == 1
    assert starts.counted(replace(record, resumed=3)).resumed == 3
    store.close()


def test_a_run_that_failed_and_is_repeated_is_another_attempt(tmp_path: Path) -> None:
    broken = [True]

    def lane(seed: int) -> Iterator[tuple[int, float]]:
        if seed == 2 and broken:
            raise ValueError("too bad")
        yield 1, 0.9

    with pytest.raises(Halt):
        racing.run(tmp_path, going(tmp_path, lane), Silent())
    broken.clear()
    engine = going(tmp_path, lane)
    amend(tmp_path, Amendment("failed"), engine.environment())
    racing.run(tmp_path, engine, Silent())
    runs = [run for each in racing.results(tmp_path).lanes if each.name == "lane" for run in each.runs]
    assert [(run.resumed, run.attempts) for run in runs] == [(0, 1), (0, 1), (0, 2)]


def test_counts_that_are_none_are_damage(tmp_path: Path) -> None:
    engine = going(tmp_path, quick)
    store = Store(tmp_path)
    store.put(STARTS, {"lane 0": "often"})
    store.close()
    with pytest.raises(StoreError, match="'starts' holds something else than counts"):
        racing.run(tmp_path, engine, Silent())


def test_what_runs_leave_behind_is_noted_once_a_lane(tmp_path: Path) -> None:
    def lane(seed: int) -> Iterator[tuple[int, float]]:
        yield 1, 0.5
        torch.set_default_dtype(torch.float64)
        yield 2, 0.9

    racing.run(tmp_path, going(tmp_path, lane), Silent())
    found = [notice for notice in racing.results(tmp_path).notices if isinstance(notice, LeftBehind)]
    assert found == [LeftBehind("lane", ("torch.set_default_dtype(torch.float64)",))]

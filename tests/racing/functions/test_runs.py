import math
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import sooner
from sooner._report import sink
from sooner.racing.functions import Function, FunctionRuns
from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.record import RunRecord
from sooner.training.evaluation import Evaluation, Stopped
from tests.clock_by_hand import Hand

Pairs = Iterator[tuple[int, Any]]


def _run(function: Callable[..., Any], seed: int = 3, budget: str | None = None, **told: Any) -> RunRecord:
    lane = PlannedLane("mine", "lane", Function.of("mine", function, budget))
    return FunctionRuns({"mine": function}).run(lane, seed, saved=Path("saved"), **told)


def test_a_generator_is_followed_and_the_clock_stands_still_while_its_metric_is_computed(hand: Hand) -> None:
    hand.moves("training.clock")

    def train(seed: int) -> Pairs:
        for n in (1, 2):
            hand.sleep(5.0)
            yield 64 * n, lambda: hand.sleep(30.0) or n / 10  # noqa: B023

    looks: list[Evaluation] = []
    record = _run(train, on_look=looks.append)
    assert record.looks == looks
    assert [(look.step, look.examples, look.metric) for look in looks] == [(1, 64, 0.1), (2, 128, 0.2)]
    assert [look.seconds for look in looks] == [5.0, 10.0]
    assert (record.seconds, record.phases["evaluate"]) == (10.0, 60.0)
    assert (record.steps, record.examples, record.stopped, record.output) == (2, 128, None, None)
    assert record.peak_memory_bytes is not None
    assert record.peak_memory_bytes > 2**20


def test_what_the_race_does_with_a_look_is_off_the_clock(hand: Hand) -> None:
    hand.moves("training.clock")

    def train(seed: int) -> Pairs:
        hand.sleep(1.0)
        yield 1, 0.5

    assert _run(train, on_look=lambda look: hand.sleep(30.0)).seconds == 1.0


def test_a_clock_that_a_function_replaces_is_not_the_races_and_is_put_back() -> None:
    own = time.perf_counter

    def standing() -> float:
        return 0.0

    def train(seed: int) -> Pairs:
        time.perf_counter = standing
        time.sleep(0.02)
        yield 1, 0.5

    record = _run(train)
    assert record.seconds >= 0.02
    assert time.perf_counter is own
    assert len(record.left_behind) == 1
    assert record.left_behind[0].startswith("time.perf_counter = ")


def test_a_function_may_report_instead() -> None:
    def train(seed: int) -> None:
        assert sooner.report(0.1 * seed, step=10, examples=640) == 0.1 * seed
        sooner.report(lambda: 0.9, step=20)

    record = _run(train, seed=5)
    assert [(look.step, look.examples, look.metric) for look in record.looks] == [(10, 640, 0.5), (20, 640, 0.9)]
    assert sink.get() is None  # nothing listens after the run


def test_counts_that_run_back_break_the_run_off() -> None:
    def train(seed: int) -> Pairs:
        yield 100, 0.5
        yield 10, 0.6

    record = _run(train)
    assert [look.examples for look in record.looks] == [100]
    assert record.stopped is not None
    assert "ran back" in record.stopped


def test_a_budget_is_its_second_argument() -> None:
    def train(seed: int, budget: int) -> Pairs:
        yield budget, float(seed)

    lane = PlannedLane("mine@7", "lane", Function.of("mine", train, "5").at("7"))
    record = FunctionRuns({"mine": train}).run(lane, 1, saved=Path("saved"))
    assert (record.lane, record.examples, record.looks[0].metric) == ("mine@7", 7, 1.0)


def test_an_exception_is_a_run_that_broke_off() -> None:
    def train(seed: int) -> Pairs:
        yield 1, 0.5
        raise ValueError("too bad\nreally")

    record = _run(train)
    assert record.stopped == "ValueError: too bad"
    assert record.output is not None
    assert record.output.startswith("Traceback")
    assert 'raise ValueError("too bad' in record.output
    assert [look.metric for look in record.looks] == [0.5]


@pytest.mark.parametrize(
    ("yielded", "says"),
    [
        (0.5, r"TypeError: a lane must yield (examples, metric), not 0.5"),
        ((1, "high"), "TypeError: report needs a number"),
        ((-1, 0.5), "ValueError: examples must be a whole number of at least 0, not -1"),
        (("many", 0.5), "TypeError: "),
        ((math.nan, 0.5), "ValueError: examples must be"),
    ],
)
def test_what_is_no_pair_of_numbers_is_told(yielded: Any, says: str) -> None:
    def train(seed: int) -> Iterator[Any]:
        yield yielded

    assert (_run(train).stopped or "").startswith(says)


@pytest.mark.parametrize(("code", "says"), [(3, "SystemExit: 3"), (None, "SystemExit")])
def test_leaving_python_ends_the_run_only(code: int | None, says: str) -> None:
    assert (_run(lambda seed: sys.exit(code)).stopped or "").startswith(says)


def test_an_end_without_a_metric_is_told() -> None:
    assert "ended without a metric" in (_run(lambda seed: None).stopped or "")


def test_a_function_that_gives_up_because_it_diverged_is_no_crash() -> None:
    def train(seed: int) -> Pairs:
        yield 1, 0.9
        yield 2, math.nan
        raise FloatingPointError("nan")

    record = _run(train)
    assert record.stopped == "its last metric was nan, and it raised FloatingPointError: nan"
    assert not record.failed


def test_a_metric_that_became_nan_breaks_the_run_off() -> None:
    def train(seed: int) -> Pairs:
        yield 1, 0.9
        yield 2, torch.tensor(math.nan)

    record = _run(train)
    assert record.stopped == "its last metric was nan"
    assert [look.metric for look in record.looks] == [0.9]


@pytest.mark.parametrize("stop", [Stopped, KeyboardInterrupt])
def test_a_stop_passes_through_and_the_function_is_left_cleanly(stop: type[BaseException]) -> None:
    left: list[str] = []

    def train(seed: int) -> Pairs:
        try:
            yield 1, 0.5
            left.append("not here")
        finally:
            left.append("cleaned up")

    def on_step(save: Callable[[], None]) -> None:
        save()
        raise stop

    with pytest.raises(stop):
        _run(train, on_step=on_step)
    assert left == ["cleaned up"]
    assert sink.get() is None


def test_global_randomness_is_seeded_alike_for_all_lanes_and_put_back() -> None:
    drawn: list[tuple[float, float, float]] = []

    def train(seed: int) -> Pairs:
        drawn.append((random.random(), float(np.random.rand()), float(torch.rand(()))))  # noqa: NPY002
        yield 1, 0.5

    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002
    for seed in (3, 3, 4):
        _run(train, seed=seed)
    assert drawn[0] == drawn[1]
    assert all(a != b for a, b in zip(drawn[1], drawn[2], strict=True))
    assert before == (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())  # noqa: NPY002


def test_the_surroundings_tell_of_a_changed_function() -> None:
    def one(seed: int) -> Pairs:
        yield 1, 0.5

    def other(seed: int) -> Pairs:
        yield 1, 0.6

    assert FunctionRuns({"a": one}).environment() == FunctionRuns({"a": one}).environment()
    assert FunctionRuns({"a": one}).environment() != FunctionRuns({"a": other}).environment()

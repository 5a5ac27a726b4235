"""A planned race, and its runs by hand."""

from typing import Any

import pytest

from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.plan.plan import Plan
from sooner.racing.record import RunRecord
from sooner.racing.trackers import Wording, _tracker
from sooner.recipes import resolve
from sooner.reporting.notices import notice
from sooner.reporting.wording import verdict
from sooner.tasks import get_task
from sooner.training.evaluation import Evaluation

WORDING = Wording(verdict, notice)


def make_plan(**fields: Any) -> Plan:
    task = get_task("digits", target=0.9)
    baseline = resolve("baseline", dict(task.recipe))
    given: dict[str, Any] = {
        "task": task,
        "lanes": (
            PlannedLane("baseline", "baseline", baseline),
            PlannedLane("rs2-10", "lane", resolve("rs2-10", dict(task.recipe))),
        ),
        "target": 0.9,
        "pairs": 2,
        "seed": 0,
        "every": 100,
        "device": "cpu",
        "threads": 1,
    }
    return Plan(**{**given, **fields})


@pytest.fixture(autouse=True)
def every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks are written as soon as they are made."""
    monkeypatch.setattr(_tracker, "_EVERY", 0.0)


@pytest.fixture
def plan() -> Plan:
    return make_plan()


def looks(*metrics: float) -> list[Evaluation]:
    """A look every 100 examples, 10 steps and 2 seconds, the first before the first step."""
    return [Evaluation(2.0 * i, 10 * i, 100 * i, metric) for i, metric in enumerate(metrics)]


def record(lane: str, seed: int, found: list[Evaluation], **fields: Any) -> RunRecord:
    end = found[-1] if found else Evaluation(0.0, 0, 0, 0.0)
    given: dict[str, Any] = {
        "lane": lane,
        "seed": seed,
        "started": "2026-11-21T07:30:00+00:00",
        "finished": "2026-11-21T07:31:00+00:00",
        "steps": end.step,
        "examples": end.examples,
        "seconds": end.seconds,
        "looks": found,
        "phases": {"train": end.seconds},
        "test_metric": 0.875,
    }
    return RunRecord(**{**given, **fields})

"""Plans and records made by hand, for what decides on runs without making them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.plan.plan import Plan
from sooner.racing.plan.rules import Rules
from sooner.racing.record import RunRecord
from sooner.recipes import Recipe, resolve
from sooner.tasks import get_task
from sooner.training.evaluation import Evaluation

_DIGITS = get_task("digits", target=0.9)
_AT = {**_DIGITS.recipe["optimizer"], "lr": 0.05}  # whatever the task's is
TASK = replace(_DIGITS, recipe={**_DIGITS.recipe, "optimizer": _AT})


def recipe(name: str, **fields: Any) -> Recipe:
    """The task's baseline under another name, with these fields."""
    return Recipe.from_dict({**resolve("baseline", TASK.recipe).to_dict(), "name": name, **fields})


def smoothed(share: float) -> dict[str, Any]:
    """A loss with label smoothing, which makes a recipe another one at the same budget."""
    return {"name": "cross-entropy", "label_smoothing": share}


def plan(*lanes: str, pairs: int = 6, rungs: Sequence[str] = (), **rules: Any) -> Plan:
    """A race of the baseline against lanes of the same budget, which need no control."""
    planned = [PlannedLane("baseline", "baseline", recipe("baseline"))]
    planned += [
        PlannedLane(name, "lane", recipe(name, loss=smoothed(0.01 * place))) for place, name in enumerate(lanes, 1)
    ]
    return Plan(TASK, tuple(planned), 0.9, pairs, 0, 100, "cpu", 1, rules=Rules(**rules), rungs=tuple(rungs))


def record(lane: str, seed: int, seconds: float, *, metric: float = 0.9, **fields: Any) -> RunRecord:
    """A run that has `metric` after `seconds`, reached on a straight line from 0 at 0 seconds, and ends there."""
    looks = [Evaluation(0.0, 0, 0, 0.0), Evaluation(seconds, 100, 6400, metric)]
    return RunRecord(lane, seed, "2026", "2026", 100, 6400, seconds, looks, {"train": seconds}, 0.9, **fields)


def steady(made: RunRecord) -> RunRecord:
    """The run with a thousand examples a second: the longer it takes, the more it needs."""
    looks = [replace(look, examples=round(1000 * look.seconds)) for look in made.looks]
    return replace(made, looks=looks, examples=round(1000 * made.seconds))

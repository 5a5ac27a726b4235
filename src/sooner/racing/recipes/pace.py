"""How long the runs of a race will take here, measured by a few dozen steps of each recipe before it begins."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from sooner.budget import Budget
from sooner.errors import SoonerError
from sooner.racing.plan import tuning
from sooner.racing.plan.controls import spend
from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.plan.plan import Plan
from sooner.racing.recipes.runs import RecipeRuns
from sooner.racing.record import RunRecord
from sooner.recipes import Recipe
from sooner.tasks import Data
from sooner.tasks.split import split

_STRETCH = 16  # steps of the largest batch between evaluations
_STRETCHES = 3  # whose median is the pace


@dataclass(frozen=True)
class Pace:
    """What a recipe costs on this machine, in seconds.

    Attributes:
        fixed: before the first step: the model, the sampler, a selection.
        step: an optimizer step.
        examples: handed out per step, a number and not seconds.
        evaluated: the evaluation of one example.
    """

    fixed: float
    step: float
    examples: float
    evaluated: float


@dataclass(frozen=True)
class Sizes:
    """Numbers of examples: to train on, in an evaluation, in the test at the end."""

    train: int
    validation: int
    test: int


def measure(plan: Plan, data: Data) -> dict[str, Pace]:
    """The pace of each lane of a race of recipes, by its name, on the device and with the threads of `plan`.

    Each distinct recipe is run as the race would run it, with a budget of 48 steps of the largest batch; recipes that
    differ in their budget alone share a measurement. Costs some 130 steps per recipe, evaluations included. What a
    method does less often than that, such as scoring all data after an epoch, is not in it.

    Raises SoonerError where a recipe cannot be run so far.
    """
    sizes = sizes_of(plan, data)
    every = _STRETCH * max(lane.recipe.batch_size for lane in plan.lanes)
    runs = RecipeRuns(replace(plan, every=every), data)
    known: dict[str, Pace] = {}
    runs.warm_up(plan.lanes)
    with TemporaryDirectory(prefix="sooner-") as folder:
        for lane in plan.lanes:
            if _kind(lane) not in known:
                short = replace(lane, entry=_short(lane.recipe, _STRETCHES * every))
                record = runs.run(short, plan.seed, saved=Path(folder) / "run")
                known[_kind(lane)] = _pace(record, sizes)
    return {lane.name: known[_kind(lane)] for lane in plan.lanes}


def _short(recipe: Recipe, examples: int) -> Recipe:
    """The recipe with a budget of which it spends so many examples, where its batching stretches budgets, too."""
    stretched = recipe.at("1000000ex").spends.amount / 1_000_000
    return recipe.at(f"{max(1, round(examples / stretched))}ex")


def sizes_of(plan: Plan, data: Data) -> Sizes:
    """The sizes of the parts of `data` in a race."""
    train, validation = split(data.train.targets, plan.validation, plan.seed)
    return Sizes(len(train), len(validation), len(data.test))


def run_seconds(lane: PlannedLane, pace: Pace, sizes: Sizes, every: int) -> float:
    """How long a whole run of `lane` takes, evaluations every `every` examples and the test at its end included."""
    examples = spend(lane.recipe, sizes.train)
    if examples is None:  # a budget in seconds on the clock
        clock = Budget.parse(lane.recipe.budget).amount
        examples = int(max(0.0, clock - pace.fixed) / pace.step * pace.examples)
    else:
        clock = pace.fixed + math.ceil(examples / pace.examples) * pace.step
    looks = 2 + examples // every
    return clock + pace.evaluated * (looks * sizes.validation + sizes.test)


def race_seconds(plan: Plan, seconds: Mapping[str, float], pairs: int) -> float:
    """How long all runs of `plan` take with so many pairs, controls included; `seconds` are of a run, by lane."""
    return sum(seconds[run.lane.name] for run in replace(plan, pairs=pairs).runs)


def search_seconds(plan: Plan, seconds: Mapping[str, float]) -> float:
    """How long the trials of a race that is tuned take before it; 0 of another. `seconds` are of a run, by lane."""
    return sum(seconds[tuning.lane_of(run.lane.name)] for run in tuning.planned(plan))


def _kind(lane: PlannedLane) -> str:
    fields: dict[str, Any] = lane.recipe.to_dict()
    return json.dumps({key: value for key, value in fields.items() if key not in ("name", "summary", "budget")})


def _pace(record: RunRecord, sizes: Sizes) -> Pace:
    if record.stopped is not None or not record.steps:
        raise SoonerError(
            f"lane {record.lane} stopped at step {record.steps}, so its pace is not known: "
            f"{record.stopped or 'it took none'}. Its race would end the same way; change the recipe or leave it out"
        )
    evaluated = len(record.looks) * sizes.validation + sizes.test
    return Pace(
        fixed=record.looks[0].seconds,
        step=_step(record),
        examples=record.examples / record.steps,
        evaluated=record.phases.get("evaluate", 0.0) / evaluated,
    )


def _step(record: RunRecord) -> float:
    """Seconds of a step: its median over the stretches, which a hiccup leaves alone, and its part of every round."""
    first, last = record.looks[0], record.looks[-1]
    paces = [
        (after.seconds - after.besides - before.seconds + before.besides) / (after.step - before.step)
        for before, after in pairwise(record.looks)
        if after.step > before.step
    ]
    rounds = (last.besides - first.besides) / record.steps
    return (median(paces) if paces else (record.seconds - first.seconds) / record.steps) + rounds

"""Traps for the controls: recipes that differ in more than their method. The race plans them, a simple world runs them.

In that world a learning rate of 0.05 is the best, half precision halves a step, and cropped images cost and teach 0.65
of whole ones. So nothing but the method of an honest lane pays.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from benchmarks._sooner import (
    Plan,
    PlannedLane,
    PlannedRun,
    Record,
    Results,
    Rules,
    Runs,
    make_plan,
    make_runs,
    next_runs,
    spend,
)
from benchmarks.traps.made import carried_out, record, scored
from benchmarks.traps.said import Said, said_of
from benchmarks.traps.trap import ALIKE, FASTER, SLOWER, UNDECIDED, Build, Trap, Truth

from sooner.recipes import Recipe, resolve
from sooner.tasks import Data, Task, get_task, load_data

GROUP = "controls"
_BEST = 0.05  # learning rate
_CROPPED = 0.65
_SECONDS = 0.001  # an example in a batch of 64


@lru_cache(maxsize=1)
def _digits() -> tuple[Task, Data]:
    return get_task("digits", target=0.965), load_data("digits")


def prepared(rate: float, target: float, pairs: int = 6, *, tune: bool = False, **changes: Any) -> Plan:
    """The baseline, at that learning rate, against its recipe with these changes, and the controls of the race.

    With `tune` the race searches the rates of all of them first.
    """
    task, data = _digits()
    fields = resolve("baseline", task.recipe).to_dict()
    baseline = Recipe.from_dict({**fields, "precision": "float32", "optimizer": _sgd(rate)})
    lane = Recipe.from_dict({**baseline.to_dict(), "name": "lane", **changes})
    plan = make_plan(
        *(task, data, baseline, [lane]),
        pairs=pairs,
        seed=0,
        device="cpu",
        threads=1,
        rules=Rules(tune=tune),
        cost=lambda *recipes: _CROPPED,
    )
    return replace(plan, target=target)


@dataclass(frozen=True)
class World:
    """What training comes to: how much more an example teaches that InfoBatch chose, by score or at random."""

    pays: float = 1.0
    pays_at_random: float = 1.0

    def race(self, rate: float, target: float, **changes: Any) -> Results:
        """A race of `prepared` in this world."""
        plan = prepared(rate, target, **changes)
        records: list[Record] = []
        while missing := next_runs(plan, records):
            records += [self._run(run, plan) for run in missing]
        return scored(plan, records)

    def _run(self, run: PlannedRun, plan: Plan) -> Record:
        lane, seed = run.lane, run.seed
        recipe, data = lane.recipe, _digits()[1]
        n = round(len(data.train) * (1 - plan.validation))
        budget = spend(recipe, n) or n
        at = np.minimum(np.arange(0, budget + plan.every, plan.every), budget)
        pair, own = np.random.default_rng(seed), np.random.default_rng([seed, *lane.name.encode()])
        cost = _SECONDS * (64 / recipe.batch_size) ** 0.3 * (0.5 if recipe.precision == "bf16" else 1.0)
        learns = math.exp(-0.5 * (math.log(recipe.optimizer.options["lr"] / _BEST) / 1.5) ** 2)
        learns *= math.exp(0.05 * pair.normal() + 0.03 * own.normal())
        if any(each.name == "efficienttrain" for each in recipe.choices("augmentation")):
            cost, learns = cost * _CROPPED, learns * _CROPPED
        for choice in recipe.choices("sampling"):
            if choice.name == "infobatch":
                learns *= self.pays_at_random if choice.options.get("matched") else self.pays
        metric = 1 - 0.5 * np.exp(-learns * at / n / 2) - 0.03 * (1 - at / budget)
        return record(lane.name, seed, at * cost, metric, steps=at // recipe.batch_size, test_metric=float(metric[-1]))


def _sgd(rate: float) -> dict[str, Any]:
    return {"name": "sgd", "lr": rate, "momentum": 0.9, "weight_decay": 5e-4}


class _Steady:
    """Runs whose clock counts examples."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self.environment, self.warm_up = runs.environment, runs.warm_up

    def run(self, lane: PlannedLane, seed: int, **how: Any) -> Record:
        """A run of the race's own, its seconds put right."""
        made = self._runs.run(lane, seed, **how)
        looks = [replace(look, seconds=look.examples * _SECONDS, besides=0.0, scoring=0.0) for look in made.looks]
        return replace(made, looks=looks, seconds=made.examples * _SECONDS)


def _raced(world: World, rate: float = _BEST, target: float = 0.965, **changes: Any) -> Build:
    def build(rng: np.random.Generator, races: int) -> Iterator[Said]:
        for _ in range(races):
            yield said_of(world.race(rate, target, **changes))

    return build


def _trained(rng: np.random.Generator, races: int) -> Iterator[Said]:
    """The first trap with real training, whose seconds are its examples: on a machine that is perfectly steady."""
    for _ in range(races):
        plan = prepared(0.4, 0.95, budget="6ep", optimizer=_sgd(_BEST))
        threads = torch.get_num_threads()
        try:
            yield said_of(carried_out(plan, _Steady(make_runs(plan, _digits()[1]))))
        finally:
            torch.set_num_threads(threads)


def traps() -> list[Trap]:
    """All of this file."""
    infobatch = {"name": "infobatch", "prune_ratio": 0.5}
    any_speed = FASTER | ALIKE | SLOWER
    no_method = ("the method itself pays",)
    useless = Truth("the method does nothing, the other change does", any_speed, never=no_method)
    nothing = World()
    return [
        Trap(
            "half the budget and a better rate, no method",
            GROUP,
            Truth("a recipe with a better rate; there is no method in it", any_speed, never=no_method),
            _raced(nothing, 0.4, 0.94, budget="6ep", optimizer=_sgd(_BEST)),
        ),
        Trap(
            "the same, really trained",
            GROUP,
            Truth("a recipe with a better rate; there is no method in it", any_speed, UNDECIDED, never=no_method),
            _trained,
            short=0,
        ),
        Trap(
            "a better rate alone",
            GROUP,
            Truth("the baseline's rate was not tuned", ALIKE, told=r"\b(un)?tun(ed|ing)\b|learning rate"),
            _raced(nothing, 0.4, 0.94, optimizer=_sgd(_BEST)),
        ),
        Trap(
            "a better rate alone, in a race that is tuned",
            GROUP,
            Truth("the rates of both were searched, so both train alike", ALIKE, withheld=frozenset()),
            _raced(nothing, 0.4, 0.94, optimizer=_sgd(_BEST), tune=True),
        ),
        Trap(
            "a useless method beside a better rate",
            GROUP,
            useless,
            _raced(nothing, 0.4, 0.94, budget="6ep", sampling=infobatch, optimizer=_sgd(_BEST)),
        ),
        Trap(
            "a useless method beside a better rate, in a race that is tuned",
            GROUP,
            Truth("fewer epochs gain, the method nothing", any_speed, withheld=frozenset(), never=no_method),
            _raced(nothing, 0.4, 0.94, budget="6ep", sampling=infobatch, optimizer=_sgd(_BEST), tune=True),
        ),
        Trap(
            "a useless method beside half precision",
            GROUP,
            useless,
            _raced(nothing, budget="6ep", sampling=infobatch, precision="bf16"),
        ),
        Trap(
            "a useless method beside a larger batch",
            GROUP,
            useless,
            _raced(nothing, budget="6ep", sampling=infobatch, batch_size=256),
        ),
        Trap(
            "cheaper steps that teach as much less",
            GROUP,
            Truth("fewer seconds explain the gain", any_speed, must=("training for less may explain it",)),
            _raced(nothing, augmentation=["efficienttrain"]),
        ),
        Trap(
            "honest: a useless method and half the budget",
            GROUP,
            Truth(
                "training for less explains the gain",
                any_speed,
                withheld=frozenset(),
                never=no_method,
                must=("training for less may explain it",),
            ),
            _raced(nothing, budget="6ep", sampling=infobatch),
        ),
        Trap(
            "honest: a method that pays",
            GROUP,
            Truth("the method itself pays", FASTER, withheld=frozenset(), must=no_method),
            _raced(World(pays=1.8), budget="6ep", sampling=infobatch),
        ),
        Trap(
            "honest: a method that pays, at its own rate in a race that is tuned",
            GROUP,
            Truth("the method itself pays", FASTER, withheld=frozenset(), must=no_method),
            _raced(World(pays=1.8), 0.2, budget="6ep", sampling=infobatch, optimizer=_sgd(_BEST), tune=True),
        ),
        Trap(
            "honest: a score that is no better than chance",
            GROUP,
            Truth("any half of the examples does as well", FASTER | ALIKE, never=("the choice of examples pays",)),
            _raced(World(pays=1.8, pays_at_random=1.8), budget="6ep", sampling=infobatch),
        ),
    ]

"""What the trials of digits say of its learning rates: four lanes at five rates; prints the tables.

    python -m benchmarks.tuning.digits [--seeds 14]

Runs are those of a race: the same split, loop and evaluations, one thread. It goes on where it was stopped; the 280
runs of 14 seeds take some ten minutes on one quiet core. Kept of each is when it reached the target, in examples.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

import torch
from benchmarks._run import beside, each_once, markdown
from benchmarks._sooner import Time, make_plan, make_runs, select, timed_run

from sooner.recipes import Recipe, resolve
from sooner.tasks import get_task, load_data

KEPT = beside(__file__, "digits.json")
RATES = (0.0125, 0.025, 0.05, 0.1, 0.2)
LANES = ("rs2-30", "ema-90")  # beside the baseline and its fitted control
FIRST = 5000
TARGET = 0.975

Trials = Mapping[tuple[str, float, int], Time]  # by lane, rate and seed


def loaded() -> Trials:
    """What is kept: the examples to the target, censored where it was missed."""
    runs = json.loads(KEPT.read_text())["runs"]
    return {
        (run["lane"], run["rate"], run["seed"]): Time(float(run["examples"]), censored=not run["hit"]) for run in runs
    }


def per_hit(trials: Trials, lane: str, seeds: Sequence[int]) -> list[float]:
    """At each rate the examples of all these seeds over the hits."""
    of_rates = [[trials[lane, rate, seed] for seed in seeds] for rate in RATES]
    return [sum(time.value for time in times) / sum(not time.censored for time in times) for times in of_rates]


def loss(trials: Trials, lane: str, seeds: Sequence[int], count: int = 2) -> float:
    """How much more the rate that `count` of the seeds choose takes than the best over all, on average over choices."""
    known = per_hit(trials, lane, seeds)
    places = [
        select([[trials[lane, rate, seed] for seed in few] for rate in RATES], [[1.0] * count] * len(RATES)).place
        for few in combinations(seeds, count)
    ]
    return mean(known[place] / min(known) - 1 for place in places)


def tables(trials: Trials) -> str:
    """Examples per hit by lane and rate, and what a choice by two seeds loses."""
    lanes, seeds = list(dict.fromkeys(lane for lane, _, _ in trials)), sorted({seed for _, _, seed in trials})
    rows = []
    for lane in lanes:
        known = per_hit(trials, lane, seeds)
        shown = [f"**{each:,.0f}**" if each == min(known) else f"{each:,.0f}" for each in known]
        rows.append([lane, *shown, f"{loss(trials, lane, seeds):.0%}"])
    return markdown(("lane", *map(str, RATES), "lost by a choice of two seeds"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tuning.digits")
    parser.add_argument("--seeds", type=int, default=14)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    task, data = get_task("digits", target=TARGET), load_data("digits")
    fields = {**task.recipe, "precision": "float32"}
    recipes = [resolve(name, fields) for name in LANES]
    plan = make_plan(task, data, resolve("baseline", fields), recipes, pairs=1, seed=0, device="cpu", threads=1)
    runs, lanes = make_runs(plan, data), {lane.name: lane for lane in plan.lanes}

    def trial(wanted: tuple[str, float, int]) -> dict[str, Any]:
        name, rate, seed = wanted
        recipe = lanes[name].recipe.to_dict()
        at_rate = Recipe.from_dict({**recipe, "optimizer": {**recipe["optimizer"], "lr": rate}})
        with TemporaryDirectory() as folder:
            made = runs.run(replace(lanes[name], entry=at_rate), seed, saved=Path(folder) / "run")
        run = timed_run(made, TARGET)
        print(name, rate, seed, run.examples_to_target, flush=True)
        return {
            "lane": name,
            "rate": rate,
            "seed": seed,
            "hit": run.hit,
            "examples": round(run.examples_to_target or run.examples, 1),
        }

    result = json.loads(KEPT.read_text()) if KEPT.exists() else {"target": TARGET, "runs": []}
    seeds = range(FIRST, FIRST + asked.seeds)
    wanted = [(name, rate, seed) for seed in seeds for name in lanes for rate in RATES]
    each_once(KEPT, result, wanted, lambda run: (run["lane"], run["rate"], run["seed"]), trial)
    print(tables(loaded()))


if __name__ == "__main__":
    main()

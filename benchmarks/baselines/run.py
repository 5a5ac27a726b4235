"""Rates and budgets of a task's baseline, on seeds that no race uses: where it ends, and when it gets to the target.

    python -m benchmarks.baselines.run digits --budgets 3ep,6ep,12ep --rates 0.025,0.05,0.1,0.2,0.4

Runs are those of a race: the same split, loop and evaluations. One thread, so that the table does not depend on it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

import torch

from sooner.racing.plan.plan import make_plan
from sooner.racing.recipes.runs import RecipeRuns
from sooner.racing.record import RunRecord
from sooner.racing.timing import run_of
from sooner.recipes import resolve
from sooner.tasks import get_task, load_data


def row(records: list[RunRecord], target: float) -> list[str]:
    """Mean final validation accuracy with its range, test accuracy, hits, and examples per hit."""
    ends = [100 * record.looks[-1].metric for record in records]
    tests = [100 * record.test_metric for record in records if record.test_metric is not None]
    times = [run_of(record, target).examples_to_target for record in records]
    hits = [time for time in times if time is not None]
    spent = sum(time if time is not None else record.examples for time, record in zip(times, records, strict=True))
    return [
        f"{mean(ends):.2f} ({min(ends):.2f} to {max(ends):.2f})",
        f"{mean(tests):.2f}",
        f"{len(hits)} of {len(records)}",
        f"{spent / len(hits):,.0f}" if hits else "",
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("task")
    parser.add_argument("--budgets", default="3ep,6ep,12ep")
    parser.add_argument("--rates", default="0.025,0.05,0.1,0.2,0.4")
    parser.add_argument("--seeds", default="1000,1001,1002")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    task = get_task(asked.task)
    data = load_data(task.data, **task.options)
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    print("| budget | rate | final validation | test | reached | examples per hit |\n|---|---|---|---|---|---|")
    for budget in asked.budgets.split(","):
        for rate in asked.rates.split(","):
            fields = {**task.recipe, "optimizer": {**task.recipe["optimizer"], "lr": float(rate)}}
            baseline = resolve("baseline", {**fields, "budget": budget, "precision": "float32"})
            plan = make_plan(task, data, baseline, [], pairs=1, seed=0, device="cpu", threads=1)
            runs = RecipeRuns(plan, data)
            with TemporaryDirectory() as folder:
                records = [runs.run(plan.lanes[0], seed, saved=Path(folder) / "run") for seed in seeds]
            print(f"| {budget} | {rate} | {' | '.join(row(records, task.target))} |", flush=True)


if __name__ == "__main__":
    main()

"""Hand-made races: exact ones for the figures' numbers, and one that looks like a real race."""

from __future__ import annotations

import dataclasses
import math
import random
from typing import Any

from sooner.results.notices import OtherPrograms
from sooner.results.records import Comparison, Evaluation, Lane, Results, Run
from sooner.results.rescoring import rescore
from sooner.results.verdict import Finding


def run(
    metrics: list[float],
    *,
    seed: int = 0,
    target: float = 0.5,
    seconds_per_look: float = 1.0,
    slow: float = 1.0,
    every: int = 100,
    stopped: str | None = None,
    **more: Any,
) -> Run:
    """A run that is evaluated every `every` examples and `slow` times `seconds_per_look` seconds.

    It reaches the target on the straight line between two evaluations.
    """
    looks = [Evaluation(slow * seconds_per_look * i, 10 * i, every * i, metric) for i, metric in enumerate(metrics)]
    at = _crossing(metrics, target)
    end = max(0, len(metrics) - 1) * seconds_per_look
    fields: dict[str, Any] = {
        "seed": seed,
        "hit": at is not None,
        "time_to_target_s": None if at is None else slow * seconds_per_look * at,
        "steps_to_target": None if at is None else 10 * at,
        "examples_to_target": None if at is None else every * at,
        "budget_s": slow * end,
        "final_metric": metrics[-1] if metrics else None,
        "test_metric": metrics[-1] - 0.01 if metrics and not stopped else None,
        "phases": {"setup": 0.02 * end, "train": slow * end * 0.98, "evaluate": 0.2 * end, "checkpoint": 0.01 * end},
        "evaluations": looks,
        "steps": looks[-1].step if looks else 0,
        "examples": looks[-1].examples if looks else 0,
        "flops": 1e9 * len(looks),
        "peak_memory_bytes": 300 * 2**20,
        "stopped": stopped,
    }
    return Run(**{**fields, **more})


def _crossing(metrics: list[float], target: float) -> float | None:
    for i, metric in enumerate(metrics):
        if metric >= target:
            return 0.0 if i == 0 else i - 1 + (target - metrics[i - 1]) / (metric - metrics[i - 1])
    return None


def race(lanes: list[Lane], comparisons: list[Comparison] | None = None, **more: Any) -> Results:
    """A race to 50% on "digits"."""
    fields: dict[str, Any] = {
        "task": "digits",
        "target": 0.5,
        "metric": "accuracy",
        "protocol": "first-hit",
        "device": "cpu",
        "started": "2026-11-21T07:30:00+00:00",
        "lanes": lanes,
        "comparisons": comparisons or [],
        "model": "mlp",
        "pairs": max((len(lane.runs) for lane in lanes), default=0),
        "evaluate_every": 100,
        "machine": {"cpu": "Some CPU", "cores": 2, "threads": 2},
        "versions": {"sooner": "0.1.0", "torch": "2.8.0"},
        "data": {"n_test": 360, "classes": [str(i) for i in range(10)]},
    }
    return Results(**{**fields, **more})


def compared(
    lane: str, against: str, ratio: float | None, low: float | None, high: float | None, **more: Any
) -> Comparison:
    """A comparison whose finding follows from its interval."""
    if low is not None and low > 1:
        finding = Finding.FASTER
    elif high is not None and high < 1:
        finding = Finding.SLOWER
    else:
        finding = Finding.NO_DIFFERENCE
    fields: dict[str, Any] = {"pairs": 6, "p_value": 0.03, "finding": finding, "hits": 6, "against_hits": 6}
    return Comparison(lane, against, ratio, low, high, **{**fields, **more})


def realistic(seed: int = 0, **more: Any) -> Results:
    """Fashion-MNIST as it might be raced: a full-budget baseline, RS2 at 30% and its fitted control, six pairs each.

    The control reaches the target as soon as RS2 does; a run of RS2 misses it by diverging, which leaves its intervals
    open.
    """
    draw = random.Random(seed)
    target = 0.9
    plans = {"baseline": (40, 1.0, 0.925), "rs2-30": (12, 1.04, 0.9065), "baseline@3ep": (12, 1.0, 0.9075)}
    lanes: dict[str, list[Run]] = {name: [] for name in plans}
    for pair in range(6):
        shared = draw.gauss(0, 0.0018)
        for name, (looks, pace, final) in plans.items():
            end = final + shared + draw.gauss(0, 0.0012)
            metrics = [0.1]
            for i in range(1, looks + 1):
                progress = i / looks
                rise = 0.34 * math.exp(-progress * looks / 2.2) + 0.085 * (1 - progress) ** 1.15
                metrics.append(end - rise + draw.gauss(0, 0.0035) * (1 - progress))
            broken = name == "rs2-30" and pair == 4
            if broken:
                metrics = metrics[:5]
            lanes[name].append(
                run(
                    metrics,
                    seed=pair,
                    target=target,
                    seconds_per_look=1.9 * pace,
                    every=13500,
                    slow=1 + abs(draw.gauss(0, 0.03)),
                    stopped="loss became nan at step 214" if broken else None,
                )
            )
    full = {"name": "reshuffle"}
    kept = [
        Lane("baseline", "baseline", _recipe("baseline", "10ep", full), lanes["baseline"]),
        Lane(
            "rs2-30",
            "lane",
            _recipe("rs2-30", "3ep", {"name": "rs2", "fraction": 0.3}),
            lanes["rs2-30"],
            opponents=["baseline", "baseline@3ep"],
        ),
        Lane(
            "baseline@3ep",
            "control",
            _recipe("baseline@3ep", "3ep", full),
            lanes["baseline@3ep"],
            "rs2-30",
            opponents=["baseline"],
        ),
    ]
    found = race(
        kept,
        task="fashion_mnist",
        model="convnet-16",
        target=target,
        pairs=6,
        evaluate_every=13500,
        data={"name": "fashion_mnist", "n_train_and_validation": 60000, "validation_share": 0.1, "n_test": 10000},
        notices=[OtherPrograms(0.22)],
    )
    return rescore(dataclasses.replace(found, **more))


def _recipe(name: str, budget: str, sampling: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "model": "convnet-16",
        "budget": budget,
        "batch_size": 128,
        "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.0005},
        "schedule": {"name": "one-cycle", "warmup": 0.2},
        "augmentation": [{"name": "flip"}, {"name": "translate", "pixels": 2}],
        "sampling": sampling,
    }


def fitted() -> Results:
    """A fitted race to 50%: four budgets, three seeds; the lane needs half of the baseline's budget.

    The middle seed of each lane crosses in the middle. No seed of the hopeless control ever does.
    """
    budgets = ("1ep", "2ep", "4ep", "8ep")
    ends = {
        "baseline": [[0.2, 0.3, 0.45, 0.6], [0.2, 0.35, 0.52, 0.62], [0.1, 0.3, 0.55, 0.6]],
        "x": [[0.3, 0.4, 0.6, 0.7], [0.3, 0.55, 0.62, 0.7], [0.35, 0.52, 0.6, 0.65]],
        "short": [[0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4]],
    }
    roles: dict[str, Any] = {"baseline": "baseline", "x": "lane", "short": "control"}
    lanes = []
    for name, seeds in ends.items():
        runs = [
            Run(
                seed=seed, hit=False, time_to_target_s=None, steps_to_target=None,
                examples_to_target=None, budget_s=8.0, final_metric=metrics[-1],
                test_metric=None, phases={"train": 15.0}, steps=80, examples=800,
                evaluations=[
                    Evaluation(2.0**i, 10 * 2**i, 100 * 2**i, metric, budget)
                    for i, (budget, metric) in enumerate(zip(budgets, metrics, strict=True))
                ],
            )
            for seed, metrics in enumerate(seeds)
        ]  # fmt: skip
        others = [other for other in ("baseline", "short") if other != name and name != "baseline"]
        lanes.append(Lane(name, roles[name], {"sampling": name}, runs, opponents=others))
    return rescore(race(lanes, protocol="fitted", rungs=list(budgets)))

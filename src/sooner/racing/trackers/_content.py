"""What a tracker gets of a run and of a race, as flat names and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sooner.racing.plan.lanes import PlannedLane
from sooner.racing.plan.plan import Plan
from sooner.racing.plan.tuning import trial_of
from sooner.racing.record import RunRecord
from sooner.racing.timing import run_of
from sooner.racing.trackers._base import Value, Wording
from sooner.results.records import Results


def params(lane: PlannedLane) -> dict[str, Value]:
    """All of what a lane runs: `{"optimizer": {"lr": 0.1}}` becomes `{"optimizer.lr": 0.1}`."""
    return {**dict(_flat("", lane.entry.to_dict())), "lane": lane.name, "role": lane.role}


def _flat(prefix: str, given: Any) -> Iterator[tuple[str, Value]]:
    if isinstance(given, Mapping):
        for key, value in given.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), value)
    elif isinstance(given, list | tuple):
        for position, value in enumerate(given):
            yield from _flat(f"{prefix}.{position}", value)
    elif given is not None:
        yield prefix, given if isinstance(given, str | int | float) else str(given)


def lane_of(plan: Plan, name: str) -> PlannedLane | None:
    """The lane of a stored run; of one at a budget, NAME@BUDGET, at that; of a trial, NAME@lr=RATE, at that rate."""
    lanes = {lane.name: lane for lane in plan.lanes}
    if name in lanes:
        return lanes[name]
    base, _, budget = name.rpartition("@")
    if base not in lanes:
        return None
    lane = lanes[base]
    if (trial := trial_of(lane, name, plan.rungs)) is not None:
        return trial
    return PlannedLane(name, lane.role, lane.entry.at(budget), lane.added_for)


def outcome(record: RunRecord, plan: Plan) -> dict[str, float]:
    """What a run amounts to. Without `time_to_target` where the target was not reached."""
    run = run_of(record, plan.target)
    hit, time = run.hit, run.time_to_target_s
    if plan.rules.protocol == "fitted":  # a run counts by its end alone
        hit = run.final_metric is not None and run.final_metric >= plan.target
        time = run.budget_s if hit else None
    numbers = {
        f"test_{plan.task.metric}": run.test_metric,
        "time_to_target": time,
        "reached_target": float(hit),
        "total_seconds": run.budget_s,
        "total_steps": float(run.steps),
        "total_examples": float(run.examples),
        "peak_memory_bytes": run.peak_memory_bytes,
        "flops": run.flops,
        "sparse_flops": run.sparse_flops,
        "energy_joules": run.energy_joules,
    }
    return {name: float(value) for name, value in numbers.items() if value is not None}


def notes(record: RunRecord) -> dict[str, str]:
    """The texts of a run."""
    texts = {
        "stopped": record.stopped,
        "output": record.output,
        "host": record.host,
        "started": record.started,
        "finished": record.finished,
        "resumed": str(record.resumed) if record.resumed else "",
    }
    return {name: text for name, text in texts.items() if text}


def race_params(results: Results) -> dict[str, Value]:
    """What a race was, for its summary."""
    return {
        "task": results.task,
        "model": results.model,
        "metric": results.metric,
        "target": results.target,
        "protocol": results.protocol,
        "pairs": results.pairs,
        "device": results.device,
        "complete": results.complete,
        **{f"versions.{name}": version for name, version in results.versions.items()},
    }


def verdicts(results: Results, wording: Wording) -> tuple[dict[str, float], dict[str, str]]:
    """The figures of all comparisons, "LANE vs OTHER/CLOCK/FIGURE", and what each amounts to in words."""
    figures: dict[str, float] = {}
    words: dict[str, str] = {}
    for comparison in results.comparisons:
        suffix = "/confirmation" if comparison.confirmation else ""
        name = f"{comparison.lane} vs {comparison.against}/{comparison.clock}{suffix}"
        words[name] = wording.verdict(comparison)
        given = {
            "ratio": comparison.ratio,
            "ci_low": comparison.ci_low,
            "ci_high": comparison.ci_high,
            "p_value": comparison.p_value,
            "pairs": float(comparison.pairs),
        }
        figures.update({f"{name}/{key}": value for key, value in given.items() if value is not None})
    words.update({f"warning {number}": wording.notice(notice) for number, notice in enumerate(results.notices, 1)})
    return figures, words

"""From a stored run to its times: on the wall clock, on the calibrated one, in steps and in examples."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sooner.racing.crossing import at, first_crossing
from sooner.racing.frontier import counted
from sooner.racing.results import Evaluation, Run
from sooner.racing.store import Record


def _pace(record: Record) -> float:
    """The run's median seconds per step, over the stretches between its evaluations.

    Each run by its own: a pace that a lane's runs shared would put its error into every pair alike, where no paired
    test can see it, and two lanes with the same steps would always get a verdict.
    """
    paces = [
        (after.seconds - before.seconds) / (after.step - before.step)
        for before, after in zip(record.looks, record.looks[1:], strict=False)
        if after.step > before.step
    ]
    return statistics.median(paces) if paces else 0.0


def _fixed_costs(record: Record) -> float:
    """The run's seconds on the clock before its first step: set-up and selection. What comes later is in its pace."""
    return record.looks[0].seconds if record.looks else record.seconds


def run_of(record: Record, target: float) -> Run:
    """The run that `record` tells of, timed to `target` on all clocks."""
    pace, fixed = _pace(record), _fixed_costs(record)
    evaluations = [
        Evaluation(look.seconds, fixed + pace * look.step, look.step, look.examples, look.metric)
        for look in record.looks
    ]
    run = Run(
        seed=record.seed,
        hit=False,
        time_to_target_s=None,
        calibrated_time_to_target_s=None,
        steps_to_target=None,
        examples_to_target=None,
        budget_s=record.seconds,
        calibrated_budget_s=fixed + pace * record.steps,
        final_metric=record.looks[-1].metric if record.looks else None,
        test_metric=record.test_metric,
        phases=record.phases,
        evaluations=evaluations,
        steps=record.steps,
        examples=record.examples,
        flops=record.flops,
        peak_memory_bytes=record.peak_memory_bytes,
        stopped=record.stopped,
        output=record.output,
        energy_joules=record.energy_joules,
        host=record.host,
        resumed=record.resumed,
    )
    return timed(run, target)


def timed(run: Run, target: float) -> Run:
    """The same run with its times to another target."""
    position = first_crossing(counted(run.evaluations), target, confirm_last=run.stopped is not None)
    hit = not np.isnan(position)

    def there(values: list[float]) -> float | None:
        return float(at(position, values)) if hit else None

    return replace(
        run,
        hit=bool(hit),
        time_to_target_s=there([e.seconds for e in run.evaluations]),
        calibrated_time_to_target_s=there([e.calibrated_seconds for e in run.evaluations]),
        steps_to_target=there([e.step for e in run.evaluations]),
        examples_to_target=there([e.examples for e in run.evaluations]),
    )


def climb_of(seed: int, climb: Sequence[Evaluation], records: Sequence[Record], target: float) -> Run:
    """What one seed did under the fitted protocol, as one run: its evaluations are the ends of its `records`."""
    last = max(records, key=lambda record: record.examples)
    phases: dict[str, float] = {}
    for record in records:
        for name, spent in record.phases.items():
            phases[name] = phases.get(name, 0.0) + spent
    memory = [record.peak_memory_bytes for record in records if record.peak_memory_bytes is not None]
    run = replace(
        run_of(last, target),
        seed=seed,
        budget_s=climb[-1].seconds if climb else last.seconds,
        calibrated_budget_s=climb[-1].calibrated_seconds if climb else last.seconds,
        final_metric=climb[-1].metric if climb else None,
        phases=phases,
        evaluations=list(climb),
        peak_memory_bytes=max(memory, default=None),
        stopped=None if climb else last.stopped,
    )
    return timed(run, target)

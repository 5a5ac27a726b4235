"""From a stored run to its times: on the clock, in steps and in examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sooner.racing.record import RunRecord
from sooner.results.records import Evaluation, Run
from sooner.results.trajectories import timed


def run_of(record: RunRecord, target: float) -> Run:
    """The run in `record`, timed to `target`: its seconds are wall time, whatever its steps cost and when."""
    evaluations = [Evaluation(look.seconds, look.step, look.examples, look.metric) for look in record.looks]
    run = Run(
        seed=record.seed,
        hit=False,
        time_to_target_s=None,
        steps_to_target=None,
        examples_to_target=None,
        budget_s=record.seconds,
        final_metric=record.looks[-1].metric if record.looks else None,
        test_metric=record.test_metric,
        phases=record.phases,
        evaluations=evaluations,
        steps=record.steps,
        examples=record.examples,
        flops=record.flops,
        sparse_flops=record.sparse_flops,
        peak_memory_bytes=record.peak_memory_bytes,
        stopped=record.stopped,
        output=record.output,
        energy_joules=record.energy_joules,
        host=record.host,
        resumed=record.resumed,
        reference_s=record.reference,
    )
    return timed(run, target)


def climb_of(seed: int, climb: Sequence[Evaluation], records: Sequence[RunRecord], target: float) -> Run:
    """What one seed did under the fitted protocol, as one run: its evaluations are the ends of its `records`."""
    last = max(records, key=lambda record: record.examples)
    phases: dict[str, float] = {}
    for record in records:
        for name, spent in record.phases.items():
            phases[name] = phases.get(name, 0.0) + spent
    memory = [record.peak_memory_bytes for record in records if record.peak_memory_bytes is not None]
    paces = [record.reference for record in records if record.reference is not None]
    run = replace(
        run_of(last, target),
        seed=seed,
        budget_s=climb[-1].seconds if climb else last.seconds,
        final_metric=climb[-1].metric if climb else None,
        phases=phases,
        evaluations=list(climb),
        peak_memory_bytes=max(memory, default=None),
        reference_s=sum(paces) / len(paces) if paces else None,
        stopped=None if climb else last.stopped,
    )
    return timed(run, target)

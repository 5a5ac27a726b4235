"""From a stored run to its times: on the wall clock, on the calibrated one, in steps and in examples."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from sooner.racing.record import RunRecord
from sooner.results.records import Evaluation, Run
from sooner.results.rescoring import timed


def _calibrated(record: RunRecord) -> list[float]:
    """Seconds at each of the run's looks, its steps and its scoring at the run's own median pace.

    Steps on smaller images or larger batches, or of a model with fewer channels, have a pace of their own.

    What a round costs when it begins is no part of a pace: it falls between few looks, and a median would drop it. Each
    run by its own: a pace that a lane's runs shared would put its error into every pair alike, where no paired test can
    see it, and two lanes with the same steps would always get a verdict.
    """
    paces, per_scored = _paces(record), _scoring_pace(record)
    first = record.looks[0]
    spent = paces.get(first.kind, _median(paces.values())) * first.step  # a program's first look comes after some steps
    fixed, stepping = first.seconds - spent, [spent]
    for before, after in pairwise(record.looks):
        stepping.append(stepping[-1] + paces.get(after.kind, 0.0) * (after.step - before.step))
    return [
        fixed + spent + per_scored * look.scored + look.besides - first.besides
        for spent, look in zip(stepping, record.looks, strict=True)
    ]


def _paces(record: RunRecord) -> dict[str, float]:
    """The run's median seconds per step, by kind of step, over the stretches between its evaluations."""
    paces: dict[str, list[float]] = {}
    for before, after in pairwise(record.looks):
        if after.step > before.step:
            steps = after.seconds - after.besides - after.scoring - before.seconds + before.besides + before.scoring
            paces.setdefault(after.kind, []).append(steps / (after.step - before.step))
    return {kind: _median(own) for kind, own in paces.items()}


def _scoring_pace(record: RunRecord) -> float:
    """The run's median seconds per example that was passed forward before it was trained on."""
    return _median(
        (after.scoring - before.scoring) / (after.scored - before.scored)
        for before, after in pairwise(record.looks)
        if after.scored > before.scored
    )


def _median(paces: Iterable[float]) -> float:
    values = list(paces)
    return statistics.median(values) if values else 0.0


def run_of(record: RunRecord, target: float) -> Run:
    """The run in `record`, timed to `target` on all clocks."""
    calibrated = _calibrated(record) if record.looks else []
    evaluations = [
        Evaluation(look.seconds, seconds, look.step, look.examples, look.metric)
        for look, seconds in zip(record.looks, calibrated, strict=True)
    ]
    last, kind = (record.looks[-1].step, record.looks[-1].kind) if record.looks else (record.steps, "")
    pace = _paces(record).get(kind, 0.0)
    run = Run(
        seed=record.seed,
        hit=False,
        time_to_target_s=None,
        calibrated_time_to_target_s=None,
        steps_to_target=None,
        examples_to_target=None,
        budget_s=record.seconds,
        calibrated_budget_s=(calibrated or [record.seconds])[-1] + pace * (record.steps - last),
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

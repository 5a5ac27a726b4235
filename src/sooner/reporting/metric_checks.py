"""Checks of the metric itself: its noise, how near the target lies to it, its steps and its scale."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from sooner.reporting import format as words
from sooner.reporting.check import Check
from sooner.results.looks import touched
from sooner.results.records import Lane, Results

_NOISIER = 2.0  # times the noise of another lane, before a word is said
_COARSER = 3.0  # times the steps of another lane
_OTHER_SCALE = 20.0  # times the best of all other lanes, for a metric above 1 against a target below
_DISTINCT = 10  # values from which on steps are told from chance
_OFF = 2e-3  # of a step


def metric_checks(results: Results) -> Iterable[Check]:
    """What the metric leaves in doubt; the fitted protocol reads the end of each run alone, and no noise."""
    yield from _scale(results)
    yield from _steps(results)
    if not results.rungs:
        yield from _touched(results)
        yield from _noise(results)


def _noise(results: Results) -> Iterable[Check]:
    known = {lane.name: lane.metric_noise for lane in results.lanes if lane.metric_noise}
    if not known:
        return
    steady, noisy = min(known, key=lambda name: known[name]), max(known, key=lambda name: known[name])
    low, high = known[steady], known[noisy]
    shown = words.significant(low) if low == high else f"{words.significant(low)} to {words.significant(high)}"
    if high <= _NOISIER * low:
        yield Check(
            "good",
            "Noise of the metric",
            f"One evaluation is off by {shown} where runs cross the target (standard deviation). A run reaches the "
            "target when its evaluations lie above it by more than that explains.",
        )
        return
    yield Check(
        "caution",
        "Noise of the metric",
        f"One evaluation of {noisy} is off by {words.significant(high)}, of {steady} by {words.significant(low)} "
        f"(standard deviation): {high / low:.1f} times as much. Luck makes neither reach the target earlier, but "
        f"a run of {noisy} that ends little above it is counted as a miss.",
    )


def _touched(results: Results) -> Iterable[Check]:
    found = {lane.name: sum(touched(run, results.target) for run in lane.runs) for lane in results.lanes}
    if not any(found.values()):
        return
    where = words.join([f"{count} of {name}" for name, count in found.items() if count])
    amount = sum(found.values())
    count = "counts as a miss" if amount == 1 else "count as misses"
    yield Check(
        "caution",
        "Target within the noise",
        f"{words.number_of(amount, 'run')} ({where}) had an evaluation at the target, but not above it by more "
        f"than the noise of {'its' if amount == 1 else 'their'} metric, and {count}. A target further below what lanes "
        "end at, or a larger validation set, would tell.",
    )


def _steps(results: Results) -> Iterable[Check]:
    """Lanes whose metric comes in steps, where another's is finer: it is rounded, or counted on fewer examples."""
    steps = {lane.name: step_of(_metrics(lane)) for lane in results.lanes if _metrics(lane)}
    if len(steps) < 2:
        return
    finest = min(steps, key=lambda name: steps[name])
    for name, step in steps.items():
        if step > _COARSER * steps[finest]:
            yield Check(
                "caution",
                "Coarse metric",
                f"The metric of {name} comes in steps of {words.significant(step)}, and that of {finest} in finer "
                "ones. A rounded metric is at the target up to half a step too early or too late, in all of its runs "
                "alike.",
            )


def step_of(metrics: list[float]) -> float:
    """The step of which all of these are multiples, 0 where there is none."""
    values = sorted(set(metrics))
    if len(values) < _DISTINCT:
        return 0.0
    step = min(high - low for low, high in pairwise(values))
    return step if all(abs(value / step - round(value / step)) < _OFF for value in values) else 0.0


def _scale(results: Results) -> Iterable[Check]:
    best = {lane.name: max(_metrics(lane)) for lane in results.lanes if _metrics(lane)}
    for name, value in best.items():
        others = max([other for known, other in best.items() if known != name], default=value)
        if 0 < results.target <= 1 < value <= 100 and value > _OTHER_SCALE * max(others, 0.0):
            yield Check(
                "bad",
                "Other scale",
                f"The metric of {name} goes up to {words.significant(value)}, and that of the other lanes to "
                f"{words.significant(others)}: one seems to be in percent. Its times to the target "
                f"{words.significant(results.target)} mean nothing.",
            )


def _metrics(lane: Lane) -> list[float]:
    return [look.metric for run in lane.runs for look in run.evaluations]

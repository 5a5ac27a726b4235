"""The metric against time: every run, the median run of each lane, and the target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import Any

from sooner.reporting import format as words
from sooner.reporting.budgets import has_rungs
from sooner.reporting.figures._base import (
    Figure,
    Panel,
    Plot,
    TimeUnit,
    axis,
    heading,
    label,
    layout,
    line_across,
    log_axis,
    percent,
    rounded,
    target_note,
    time_unit,
)
from sooner.reporting.style import LaneStyle
from sooner.reporting.summary import spread
from sooner.results.records import Evaluation, Lane, Results, Run

_BELOW = 2.0  # how much more of the range near the target lies below it than above
_MOST_POINTS = 400  # of a line: half a point for each pixel of its width, and more bytes show nothing more
_AFTER = 0.35  # share of the range of time near the target that lies behind what decides it, at most


def metric_over_time(results: Results, styles: Sequence[LaneStyle], at: Results | None = None) -> Figure:
    """The figure, with one style per lane in the order of the results. Nothing to draw under the fitted protocol.

    With `at`, the same race at another target: what changes for it.
    """
    every = f", every {words.number_of(results.evaluate_every, 'example')}," if results.evaluate_every else ""
    drawn = any(run.evaluations for lane in results.lanes for run in lane.runs) and not has_rungs(results)
    return Figure(
        key="metric",
        title=f"{results.metric.capitalize()} against time",
        reading=(
            "Each thin line is a run; further left is better. The thick line is the lane's median run: at each "
            f"evaluation{every} the median {results.metric} against the median time, as long as half of the runs go "
            "on. A run that broke down counts as below all others from there on. A dot marks where a run reaches the "
            "target; one that never does ends in an open circle, or in a cross if it broke down. The plot opens on "
            "the times and values around the target; “Whole” shows all of the race."
        ),
        alt=_alt(at or results),
        panels=(Panel("", _plot(results, styles, at)),) if drawn else (),
        controls=("range", "scale"),
    )


def median_run(runs: Sequence[Run]) -> list[tuple[float, float]]:
    """The lane's median run as (seconds, metric), one point per evaluation that at least half of the runs have.

    Runs of a lane are evaluated after the same numbers of examples, so the median is taken at equal examples. A run
    that stopped early counts as below all others afterwards, so that the survivors do not flatter the lane.
    """
    grid: dict[int, list[Evaluation]] = {}
    for run in runs:
        for evaluation in run.evaluations:
            grid.setdefault(evaluation.examples, []).append(evaluation)
    points = []
    for examples in sorted(grid):
        there = grid[examples]
        broken = sum(run.stopped is not None and _last_look(run) < examples for run in runs)
        if 2 * (len(there) + broken) < len(runs):
            continue
        middle = median([e.metric for e in there] + [-math.inf] * broken)
        if math.isfinite(middle):
            points.append((median(e.seconds for e in there), middle))
    return points


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A line of at most `_MOST_POINTS` that looks the same: of each stretch the lowest and the highest point.

    The first point and the last stay.
    """
    if len(points) <= _MOST_POINTS:
        return list(points)
    size = math.ceil(len(points) / (_MOST_POINTS // 2 - 1))
    kept = {0, len(points) - 1}
    for start in range(0, len(points), size):
        stretch = range(start, min(start + size, len(points)))
        kept |= {min(stretch, key=lambda i: points[i][1]), max(stretch, key=lambda i: points[i][1])}
    return [points[i] for i in sorted(kept)]


def _last_look(run: Run) -> int:
    return run.evaluations[-1].examples if run.evaluations else -1


def _plot(results: Results, styles: Sequence[LaneStyle], at: Results | None) -> Plot:
    unit = time_unit(results)
    now = at or results
    metrics = _near_target(results, now.target)
    data: list[dict[str, Any]] = []
    if at is None:
        lanes = list(enumerate(zip(results.lanes, styles, strict=True)))
        data = [_run(results, run, lane, i, style, unit) for i, (lane, style) in lanes for run in lane.runs]
        data += [_median(lane, i, style, unit) for i, (lane, style) in lanes]
        data = [trace for trace in data if trace["x"]]
    moving = enumerate(zip(now.lanes, styles, strict=True))
    data += [_ends(now, lane, i, style, unit) for i, (lane, style) in moving]
    return {
        "data": data,
        "layout": layout(
            440,
            axis(f"wall time, {unit.name}", rangemode="tozero"),
            axis("", range=metrics, **percent(results)),
            shapes=[line_across("y", now.target, "dash")],
            annotations=[heading(f"validation {results.metric}"), target_note(now)],
        ),
        "log": _log_time(results, unit),
        "zoom": _near_time(now, metrics[0], unit),
    }


def _near_time(results: Results, low: float, unit: TimeUnit) -> dict[str, Any]:
    """The axes of time where the race is decided, linear and logarithmic; empty where no run comes so far.

    From the first run that reaches the metric `low` to the last that reaches the target, or that ends without it; a
    little of what the runs do afterwards goes with it.
    """
    runs = [run for lane in results.lanes for run in lane.runs]
    entries = [_entry(run, low) for run in runs]
    begins = [begin for begin in entries if begin is not None]
    if not begins:
        return {}
    reached = [run.time_to_target_s for run in runs]
    ends = [run.budget_s if when is None else when for run, when in zip(runs, reached, strict=True)]
    begin, decided, last = min(begins), max(ends), max(run.budget_s for run in runs)
    if not begin < decided:
        return {}
    end = min(last, decided + _AFTER * (decided - begin) / (1 - _AFTER))
    margin = 0.02 * (end - begin)
    left, right = unit.of(max(0.0, begin - margin)), unit.of(end + margin)
    logarithmic = {"log": log_axis(left, right)} if left > 0 else {}
    return {"linear": {"range": [left, right]}, **logarithmic}


def _entry(run: Run, low: float) -> float | None:
    """When the run first is at `low` or above, on the straight line between two looks."""
    before: Evaluation | None = None
    for look in run.evaluations:
        if look.metric >= low:
            if before is None or look.metric <= before.metric:
                return look.seconds
            share = (low - before.metric) / (look.metric - before.metric)
            return before.seconds + share * (look.seconds - before.seconds)
        before = look
    return None


def _log_time(results: Results, unit: TimeUnit) -> dict[str, Any]:
    """The logarithmic time axis, from the first evaluation after training began."""
    runs = [run for lane in results.lanes for run in lane.runs if run.evaluations]
    first = [when for run in runs for e in run.evaluations[:2] if (when := e.seconds) > 0 and e.examples]
    if not first:
        return {"type": "log"}
    return log_axis(unit.of(min(first)) / 1.1, unit.of(max(run.budget_s for run in runs)) * 1.05)


def _near_target(results: Results, now: float) -> list[float]:
    """The range of the metric in which the race is decided, and the best of each lane: the climb would hide them.

    It reaches as far as the target `now`.
    """
    lanes = [[e.metric for run in lane.runs for e in run.evaluations] for lane in results.lanes]
    values = [results.target, *(value for lane in lanes for value in lane)]
    lowest, high = min(values), max(values)
    reach = max(high - results.target, 0.03 * (high - lowest), 1e-6)
    low = max(lowest, min([results.target - _BELOW * reach, *(max(lane) - reach for lane in lanes if lane)]))
    margin = 0.05 * max(high - low, 1e-6)
    return [rounded(min(low, now) - margin), rounded(max(high, now) + margin)]


def _run(results: Results, run: Run, lane: Lane, index: int, style: LaneStyle, unit: TimeUnit) -> dict[str, Any]:
    digits = ":.1%" if words.is_share(results) else ":.4g"
    points = thinned([(e.seconds, e.metric) for e in run.evaluations])
    return {
        "type": "scatter",
        "mode": "lines" if len(run.evaluations) > 1 else "markers",
        "x": [unit.of(seconds) for seconds, _ in points],
        "y": [rounded(value) for _, value in points],
        "line": {"color": style.colour, "width": 1, "dash": style.dash},
        "marker": {"color": style.colour, "size": 4},
        "opacity": 0.4,
        "hovertemplate": f"%{{y{digits}}} after %{{x:.3g}} {unit.name}",
        "name": f"{label(lane.name)}, seed {run.seed}",
        "meta": {"lane": index},
    }


def _median(lane: Lane, index: int, style: LaneStyle, unit: TimeUnit) -> dict[str, Any]:
    points = thinned(median_run(lane.runs))
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [unit.of(seconds) for seconds, _ in points],
        "y": [rounded(value) for _, value in points],
        "line": {"color": style.colour, "width": 3.5, "dash": style.dash},
        "hoverinfo": "skip",
        "name": f"{label(lane.name)}, median run",
        "meta": {"lane": index},
    }


def _ends(results: Results, lane: Lane, index: int, style: LaneStyle, unit: TimeUnit) -> dict[str, Any]:
    """Where each run reached the target, or where it ended without."""
    points: list[tuple[float, float, str, str]] = []
    for run in lane.runs:
        reached = run.time_to_target_s
        if reached is not None:
            points.append((reached, results.target, "circle", f"seed {run.seed} reaches the target"))
        elif run.evaluations:
            what, symbol = ("broke down", "x-thin") if run.stopped else ("ends without the target", "circle-open")
            points.append((run.budget_s, run.evaluations[-1].metric, symbol, f"seed {run.seed} {what}"))
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [unit.of(seconds) for seconds, *_ in points],
        "y": [rounded(value) for _, value, *_ in points],
        "marker": {
            "symbol": [symbol for *_, symbol, _ in points],
            "color": style.colour,
            "size": 8,
            "line": {"color": style.colour, "width": 2},
        },
        "text": [text for *_, text in points],
        "hovertemplate": f"%{{text}}<br>%{{x:.3g}} {unit.name}",
        "name": label(lane.name),
        "meta": {"lane": index},
        "uid": f"ends-{index}",
    }


def _alt(results: Results) -> str:
    ends = []
    for lane in results.lanes:
        final = spread(run.final_metric for run in lane.runs)
        if final:
            ends.append(f"{lane.name} ends at a median of {words.metric(results, final.median)}")
    runs = words.number_of(sum(len(lane.runs) for lane in results.lanes), "run")
    tail = f": {'; '.join(ends)}." if ends else "."
    return f"Validation {results.metric} against time for {runs}, with the target at {words.target(results)}{tail}"

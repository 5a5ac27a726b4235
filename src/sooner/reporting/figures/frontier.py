"""The frontier of the fitted protocol: the metric that each budget ends at, against the time it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sooner.reporting import format as words
from sooner.reporting.budgets import has_rungs, smallest
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
from sooner.results.records import Lane, Results, Run


def frontier(results: Results, styles: Sequence[LaneStyle], at: Results | None = None) -> Figure:
    """The figure, with one style per lane in the order of the results. Nothing to draw under another protocol.

    With `at`, the same race at another target: what changes for it.
    """
    return Figure(
        key="frontier",
        title=f"{results.metric.capitalize()} for the time spent",
        reading=(
            "Each point of a line is a budget, with the schedule fitted to it: how much time its runs take, and the "
            "median that they end at, over seeds that were not chosen for it. The band reaches from the worst to the "
            "best of them; each small dot is a run. Further left and higher is better. The ring is around the smallest "
            "budget that is enough: with it, or with a smaller one, at least "
            f"{results.share:.0%} of the seeds reach the target."
        ),
        alt=_alt(at or results),
        panels=(Panel("", _plot(results, styles, at)),) if has_rungs(results) else (),
    )


def _plot(results: Results, styles: Sequence[LaneStyle], at: Results | None) -> Plot:
    unit = time_unit(results)
    now = at or results
    lanes = [(i, lane, style) for i, (lane, style) in enumerate(zip(now.lanes, styles, strict=True)) if lane.rungs]
    data: list[dict[str, Any]] = []
    if at is None:
        data += [_band(*lane, unit) for lane in lanes]
        data += [_runs(*lane, unit) for lane in lanes]
        data += [_line(*lane, unit) for lane in lanes]
    data += [_ring(*lane, unit) for lane in lanes]
    times = [unit.of(rung.seconds) for lane in results.lanes for rung in lane.rungs]
    low = max(min(times), 1e-9)  # a program may say that it took no time at all
    return {
        "data": data,
        "layout": layout(
            440,
            axis(f"wall time of a run, {unit.name}", **log_axis(low / 1.15, max(low, *times) * 1.15)),
            axis("", **percent(results)),
            shapes=[line_across("y", now.target, "dash")],
            annotations=[heading(f"validation {results.metric} at the end"), target_note(now)],
        ),
    }


def _line(index: int, lane: Lane, style: LaneStyle, unit: TimeUnit) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [unit.of(rung.seconds) for rung in lane.rungs],
        "y": [rounded(rung.metric) for rung in lane.rungs],
        "line": {"color": style.colour, "width": 2.5, "dash": style.dash},
        "marker": {"color": style.colour, "size": 7, "symbol": style.symbol},
        "text": [f"{label(rung.budget)}, {words.number_of(rung.runs, 'run')}" for rung in lane.rungs],
        "hovertemplate": f"%{{text}}<br>median %{{y:.4g}} after %{{x:.3g}} {unit.name}",
        "name": label(lane.name),
        "meta": {"lane": index},
    }


def _band(index: int, lane: Lane, style: LaneStyle, unit: TimeUnit) -> dict[str, Any]:
    times = [unit.of(rung.seconds) for rung in lane.rungs]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [*times, *reversed(times)],
        "y": [*(rounded(rung.low) for rung in lane.rungs), *(rounded(rung.high) for rung in reversed(lane.rungs))],
        "fill": "toself",
        "fillcolor": style.colour,
        "line": {"color": style.colour, "width": 0},
        "opacity": 0.16,
        "hoverinfo": "skip",
        "name": label(lane.name),
        "meta": {"lane": index},
    }


def _runs(index: int, lane: Lane, style: LaneStyle, unit: TimeUnit) -> dict[str, Any]:
    """Each run that was made: one per seed and budget."""
    points: list[tuple[float, float, Run]] = [(e.seconds, e.metric, run) for run in lane.runs for e in run.evaluations]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [unit.of(seconds) for seconds, *_ in points],
        "y": [rounded(metric) for _, metric, _ in points],
        "marker": {"color": style.colour, "size": 4, "opacity": 0.5},
        "text": [f"seed {run.seed}" for *_, run in points],
        "hovertemplate": f"%{{text}}: %{{y:.4g}} after %{{x:.3g}} {unit.name}",
        "name": label(lane.name),
        "meta": {"lane": index},
    }


def _ring(index: int, lane: Lane, style: LaneStyle, unit: TimeUnit) -> dict[str, Any]:
    """Around the smallest budget that is enough."""
    enough = [rung for rung in lane.rungs if rung.budget == lane.smallest_budget]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [unit.of(rung.seconds) for rung in enough],
        "y": [rounded(rung.metric) for rung in enough],
        "marker": {"symbol": "circle-open", "size": 17, "color": style.colour, "line": {"width": 2.5}},
        "text": [f"{label(rung.budget)} is enough" for rung in enough],
        "hovertemplate": "%{text}",
        "name": label(lane.name),
        "meta": {"lane": index},
        "uid": f"ring-{index}",
    }


def _alt(results: Results) -> str:
    budgets = " ".join(f"{lane.name}: {smallest(results, lane)}" for lane in results.lanes if lane.rungs)
    return f"Validation {results.metric} at the end of each budget against its time. {budgets}"

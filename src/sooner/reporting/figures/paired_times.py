"""Time to target of every run, with the runs of one seed joined across the lanes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sooner.reporting import format as words
from sooner.reporting.figures._base import (
    Figure,
    Panel,
    Plot,
    TimeUnit,
    axis,
    label,
    lane_axis,
    layout,
    log_axis,
    row_height,
    time_unit,
)
from sooner.reporting.style import LaneStyle
from sooner.reporting.summary import median_time
from sooner.results.records import Lane, Results, Run


def paired_times(results: Results, styles: Sequence[LaneStyle], at: Results | None = None) -> Figure:
    """The figure, with one style per lane in the order of the results.

    With `at`, the same race at another target: the figure of that one.
    """
    now = at or results
    drawn = any(lane.runs for lane in results.lanes)
    return Figure(
        key="pairs",
        title="Time to target, pair by pair",
        reading=(
            "Each dot is a run, each line joins the runs of one seed, the bar is the lane's median. Lines that all "
            "lean the same way are what makes a verdict. An open triangle is a run that missed the target, drawn "
            "where it ended, with a dotted line: its time is somewhere to the right. On the logarithmic axis equal "
            "ratios are equally wide."
        ),
        alt=_alt(now),
        panels=(Panel("", _plot(now, styles)),) if drawn else (),
    )


def _plot(results: Results, styles: Sequence[LaneStyle]) -> Plot:
    unit = time_unit(results)
    seeds = sorted({run.seed for lane in results.lanes for run in lane.runs})
    data = [_pair(results, seed, unit) for seed in seeds]
    for row, (lane, style) in enumerate(zip(results.lanes, styles, strict=True)):
        data += [_median(lane, row, style, unit), _runs(lane, row, style, unit)]
    shown = [x for trace in data for x in trace["x"] if x is not None]
    rows = row_height(results)
    return {
        "data": data,
        "rows": rows,
        "layout": layout(
            rows["frame"] + rows["each"] * len(results.lanes),
            axis(f"wall time to target, {unit.name}", **_scale(min(shown), max(shown))),
            lane_axis(results),
        ),
    }


def _time(run: Run) -> float:
    reached = run.time_to_target_s
    return run.budget_s if reached is None else reached


def _scale(shortest: float, longest: float) -> dict[str, Any]:
    """A logarithmic axis; a plain one where a run failed at once, as zero has no logarithm."""
    if shortest <= 0:
        return {"rangemode": "tozero"}
    return log_axis(shortest / 1.15, longest * 1.15)


def _pair(results: Results, seed: int, unit: TimeUnit) -> dict[str, Any]:
    """The line of one seed through the lanes that ran it, which the page cuts where it hides lanes.

    The page dots the part to and from a run that missed the target, as `customdata` marks it.
    """
    rows = [(row, run) for row, lane in enumerate(results.lanes) for run in lane.runs if run.seed == seed]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [unit.of(_time(run)) for _, run in rows],
        "y": [row for row, _ in rows],
        "customdata": [int(run.hit) for _, run in rows],
        "line": {"color": "var(--faint)", "width": 1, "dash": "solid"},
        "hoverinfo": "skip",
        "name": f"seed {seed}",
        "meta": {"joins": True},
        "uid": f"seed-{seed}",
    }


def _runs(lane: Lane, row: int, style: LaneStyle, unit: TimeUnit) -> dict[str, Any]:
    reached = [run.time_to_target_s is not None for run in lane.runs]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [unit.of(_time(run)) for run in lane.runs],
        "y": [row for _ in lane.runs],
        "marker": {
            "color": style.colour,
            "symbol": [style.symbol if hit else "triangle-right-open" for hit in reached],
            "opacity": 1,
            "size": [9 if hit else 11 for hit in reached],
            "line": {"width": [0 if hit else 2 for hit in reached], "color": style.colour},
        },
        "text": [
            f"seed {run.seed}: {'' if hit else 'over '}{words.seconds(_time(run))}"
            for run, hit in zip(lane.runs, reached, strict=True)
        ],
        "hovertemplate": "%{text}",
        "name": label(lane.name),
        "meta": {"lane": row},
        "uid": f"runs-{row}",
    }


def _median(lane: Lane, row: int, style: LaneStyle, unit: TimeUnit) -> dict[str, Any]:
    middle = median_time(lane.runs)
    known = middle is not None and not middle.at_least
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [unit.of(middle.value)] if middle is not None and known else [],
        "y": [row] if known else [],
        "marker": {"symbol": "line-ns", "size": 26, "line": {"color": style.colour, "width": 3}},
        "hoverinfo": "skip",
        "name": f"{label(lane.name)}, median",
        "meta": {"lane": row},
        "uid": f"median-{row}",
    }


def _alt(results: Results) -> str:
    medians = []
    for lane in results.lanes:
        middle = median_time(lane.runs)
        if middle is not None:
            medians.append(f"{lane.name} {'over ' if middle.at_least else ''}{words.seconds(middle.value)}")
    return (
        f"Dots of time to target per run, joined by seed. Median: {', '.join(medians)}." if medians else "No runs yet."
    )

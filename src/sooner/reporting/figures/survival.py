"""Which share of a lane's runs has reached the target by when."""

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
    heading,
    label,
    layout,
    log_axis,
    rounded,
    time_unit,
)
from sooner.reporting.style import LaneStyle
from sooner.reporting.summary import survival_of
from sooner.results.records import Results
from sooner.statistics.survival import Survival


def survival(results: Results, styles: Sequence[LaneStyle], at: Results | None = None) -> Figure:
    """The figure, with one style per lane in the order of the results.

    With `at`, the same race at another target: the figure of that one.
    """
    drawn = any(lane.survival for lane in results.lanes)
    return Figure(
        key="survival",
        title="Who has reached it by when",
        reading=(
            "Each step is a run that reaches the target, so a line shows which share of the lane's runs has reached it "
            "by then; further left and higher is better. The band is the 95% interval at each single time, and wide "
            "with a few runs (Kaplan and Meier, 1958). A line that ends below 100% is of a lane that missed the target "
            "in some runs. In the table, the restricted mean is the mean time to the target or to the time given below "
            "it, whichever is first; the expected running time is what one would spend on average by starting again "
            "until a run reaches the target: all time spent, divided by the runs that reached it."
        ),
        alt=_alt(at or results),
        panels=(Panel("", _plot(results, styles, at or results)),) if drawn else (),
        controls=("scale",),
    )


def _plot(results: Results, styles: Sequence[LaneStyle], now: Results) -> Plot:
    unit = time_unit(results)
    drawn = [
        (i, lane.name, style, estimate)
        for i, (lane, style) in enumerate(zip(now.lanes, styles, strict=True))
        if (estimate := survival_of(lane))
    ]
    # Where every run had the target at time 0, there is no time to show, and the axis still needs a length.
    horizon = max([unit.of(_end(estimate)) for *_, estimate in drawn], default=1.0) or 1.0
    first = min([unit.of(time) for *_, estimate in drawn for time in estimate.times if time > 0], default=horizon / 10)
    bands = [_band(i, name, style, estimate, unit) for i, name, style, estimate in drawn]
    return {
        "data": [*bands, *(_line(i, name, style, estimate, unit) for i, name, style, estimate in drawn)],
        "layout": layout(
            360,
            axis(f"wall time, {unit.name}", range=[0, horizon * 1.03]),
            axis("", range=[-0.03, 1.05], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1]),
            annotations=[heading(f"runs that have reached {words.target(now)}")],
        ),
        "log": log_axis(min(first, horizon) / 1.3, horizon * 1.03),
    }


def _end(estimate: Survival) -> float:
    """Where the lane's line ends: the horizon that all means are restricted to may come before its last step."""
    return max([estimate.horizon, *estimate.times])


def _line(index: int, name: str, style: LaneStyle, estimate: Survival, unit: TimeUnit) -> dict[str, Any]:
    times = [unit.of(time) for time in estimate.times]
    reached = [rounded(share) for share in estimate.reached]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [0.0, *times, unit.of(_end(estimate))],
        "y": [0.0, *reached, reached[-1] if reached else 0.0],
        "line": {"color": style.colour, "width": 2.5, "dash": style.dash, "shape": "hv"},
        "hovertemplate": f"%{{y:.0%}} by %{{x:.3g}} {unit.name}",
        "name": label(name),
        "meta": {"lane": index},
        "uid": f"reached-{index}",
    }


def _band(index: int, name: str, style: LaneStyle, estimate: Survival, unit: TimeUnit) -> dict[str, Any]:
    """From the first run that reaches the target on: before, it would fill the plot of every lane alike.

    There and back as steps, since a filled path has no shape of its own.
    """
    known = [i for i, share in enumerate(estimate.reached) if share > 0]
    times = [*(unit.of(estimate.times[i]) for i in known), unit.of(_end(estimate))]
    low, high = ([*(shares[i] for i in known), *shares[-1:]] for shares in (estimate.low, estimate.high))
    path = [*_steps(times, low), *reversed(_steps(times, high))] if known else []
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [x for x, _ in path],
        "y": [rounded(y) for _, y in path],
        "fill": "toself",
        "fillcolor": style.colour,
        "line": {"color": style.colour, "width": 0},
        "opacity": 0.14,
        "hoverinfo": "skip",
        "name": label(name),
        "meta": {"lane": index},
        "uid": f"band-{index}",
    }


def _steps(times: Sequence[float], shares: Sequence[float]) -> list[tuple[float, float]]:
    """Level from each time to the next, then up."""
    points = []
    for i, (time, share) in enumerate(zip(times, shares, strict=True)):
        if i:
            points.append((time, shares[i - 1]))
        points.append((time, share))
    return points


def _alt(results: Results) -> str:
    ends = []
    for lane in results.lanes:
        estimate = survival_of(lane)
        if estimate:
            share = estimate.reached[-1] if estimate.reached else 0.0
            ends.append(f"{lane.name} {share:.0%} by {words.seconds(_end(estimate))}")
    return f"Steps of the share of runs that have reached {words.goal(results)}: {'; '.join(ends)}."

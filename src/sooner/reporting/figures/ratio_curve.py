"""How many times faster each lane is than the baseline and than its control, at every target the race can judge."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

from sooner.reporting import format as words
from sooner.reporting.figures._base import (
    Figure,
    Panel,
    Plot,
    axis,
    heading,
    label,
    layout,
    line_across,
    log_axis,
    note,
    percent,
    rounded,
)
from sooner.reporting.style import LaneStyle
from sooner.reporting.summary import BASELINE, CONTROLS, Kind, kind, own
from sooner.reporting.wording import verdict
from sooner.results.records import Comparison, Results
from sooner.statistics.comparison import CurvePoint

_ROOM = 0.12  # of the height: what a line of words needs
_REACH = 8.0  # a bound further than this from every ratio is not worth the height it would take


def ratio_curve(results: Results, styles: Sequence[LaneStyle], at: Results | None = None) -> Figure:
    """The figure, with one style per lane in the order of the results.

    With `at`, the same race at another target: what changes for it.
    """
    titles = {"Against the baseline": BASELINE, "Against its control": CONTROLS}
    shown = own(results)
    edges = _edges(shown)
    return Figure(
        key="ratio",
        title="How much faster, at every target",
        reading=(
            "The line is how many times less time the lane needs than the other one to reach the target below it. Of "
            "lanes that train alike at most one band in twenty leaves 1x at any target, so a lane is shown to be "
            "faster wherever its whole band lies above 1x. Where lanes differ the band is 95% at one target, less for "
            "the whole line. A band that runs to the edge of the plot is open on that side, because runs missed that "
            "target or the pairs are too few. The mark is the race at the chosen target."
        ),
        alt=_alt(at or results),
        panels=tuple(
            Panel(title, _plot(results, styles, edges, kinds, at))
            for title, kinds in titles.items()
            if any(_known(point) for c in _among(results, shown, kinds) for point in _points(results, c))
        ),
    )


def _among(results: Results, comparisons: Sequence[Comparison], kinds: Collection[Kind]) -> list[Comparison]:
    """Those against lanes of these kinds."""
    against = {lane.name for lane in results.lanes if kind(results, lane) in kinds}
    return [c for c in comparisons if c.against in against]


def _points(results: Results, comparison: Comparison) -> list[CurvePoint]:
    """The curve, or the race's own target alone where there is none."""
    if comparison.curve:
        return comparison.curve
    return [CurvePoint(results.target, comparison.ratio, comparison.ci_low, comparison.ci_high)]


def _known(point: CurvePoint) -> bool:
    return not (point.ratio is None and point.ci_low is None and point.ci_high is None)


def _edges(comparisons: Sequence[Comparison]) -> tuple[float, float]:
    """Lowest and highest ratio that the panels show: all ratios, 1x, and bounds not too far from them."""
    points = [CurvePoint(0.0, c.ratio, c.ci_low, c.ci_high) for c in comparisons]
    points += [point for c in comparisons for point in c.curve]
    ratios = [1.0, *(point.ratio for point in points if point.ratio)]
    bounds = [bound for point in points for bound in (point.ci_low, point.ci_high) if bound]
    low = max(min([*ratios, *bounds]), min(ratios) / _REACH)
    high = min(max([*ratios, *bounds]), max(ratios) * _REACH)
    return min(low, 0.9) / 1.1, max(high, 1.1) * 1.1


def _plot(
    results: Results,
    styles: Sequence[LaneStyle],
    edges: tuple[float, float],
    kinds: Collection[Kind],
    at: Results | None,
) -> Plot:
    now = at or results
    position = {lane.name: i for i, lane in enumerate(results.lanes)}
    data = [] if at else _curves(results, _among(results, own(results), kinds), styles, edges)
    for c in _among(now, own(now), kinds):
        index = position[c.lane]
        data.append({**_mark(now, c, styles[index]), **_look(c, index), "uid": f"mark-{index}-{position[c.against]}"})
    scale = log_axis(*edges)
    return {
        "data": data,
        "layout": layout(
            360,
            axis(f"target, validation {results.metric}", **percent(results)),
            axis("", **{**scale, "ticktext": [f"{tick}x" for tick in scale["ticktext"]]}),
            shapes=[line_across("y", 1.0, "solid"), line_across("x", now.target, "dash")],
            annotations=[heading("times faster"), *_corners(*edges)],
        ),
    }


def _look(comparison: Comparison, index: int) -> dict[str, Any]:
    return {"name": label(f"{comparison.lane} against {comparison.against}"), "meta": {"lane": index}}


def _curves(
    results: Results, comparisons: Sequence[Comparison], styles: Sequence[LaneStyle], edges: tuple[float, float]
) -> list[dict[str, Any]]:
    """The bands of all comparisons, below the lines of all."""
    position = {lane.name: i for i, lane in enumerate(results.lanes)}
    bands, lines = [], []
    for c in comparisons:
        index = position[c.lane]
        points = _points(results, c)
        if any(point.ci_low or point.ci_high for point in points):  # else a band would fill the plot
            bands += [{**_band(part, styles[index], edges), **_look(c, index)} for part in _stretches(points)]
        lines.append({**_line(points, styles[index]), **_look(c, index)})
    return [*bands, *lines]


def _stretches(points: Sequence[CurvePoint]) -> list[list[CurvePoint]]:
    """The curve cut where nothing is known, so that no band spans a gap."""
    parts: list[list[CurvePoint]] = [[]]
    for point in sorted(points, key=lambda point: point.target):
        if _known(point):
            parts[-1].append(point)
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part]


def _band(points: Sequence[CurvePoint], style: LaneStyle, edges: tuple[float, float]) -> dict[str, Any]:
    low, high = edges
    targets = [rounded(point.target) for point in points]
    bottom = [rounded(max(low, point.ci_low or low)) for point in points]
    top = [rounded(min(high, point.ci_high or high)) for point in points]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [*targets, *reversed(targets)],
        "y": [*bottom, *reversed(top)],
        "fill": "toself",
        "fillcolor": style.colour,
        "line": {"color": style.colour, "width": 0 if len(points) > 1 else 2},
        "opacity": 0.2 if len(points) > 1 else 0.5,
        "hoverinfo": "skip",
    }


def _line(points: Sequence[CurvePoint], style: LaneStyle) -> dict[str, Any]:
    ordered = sorted(points, key=lambda point: point.target)
    return {
        "type": "scatter",
        "mode": "lines" if len(points) > 1 else "markers",
        "x": [rounded(point.target) for point in ordered],
        "y": [None if point.ratio is None else rounded(point.ratio) for point in ordered],
        "text": [
            f"{words.ratio(point.ratio)}, 95% interval {words.interval(point.ci_low, point.ci_high)}"
            for point in ordered
        ],
        "connectgaps": False,
        "line": {"color": style.colour, "width": 2.5, "dash": style.dash},
        "marker": {"color": style.colour, "size": 6},
        "hovertemplate": "%{text}<br>to reach %{x}",
    }


def _mark(results: Results, comparison: Comparison, style: LaneStyle) -> dict[str, Any]:
    """The verdict's own point."""
    known = comparison.ratio is not None
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [rounded(results.target)] if known else [],
        "y": [rounded(comparison.ratio)] if comparison.ratio is not None else [],
        "marker": {
            "color": style.colour,
            "symbol": style.symbol,
            "size": 10,
            "line": {"color": "var(--paper)", "width": 1.5},
        },
        "text": [label(verdict(comparison))],
        "hovertemplate": "%{text}",
    }


def _corners(low: float, high: float) -> list[dict[str, Any]]:
    """Which side is which, where there is room between 1x and the edge."""
    place = {"xref": "paper", "yref": "paper", "x": 0.01}
    above = math.log(high) / math.log(high / low)
    corners = []
    if above > _ROOM:
        corners.append(note("faster ↑", **place, y=0.99, yanchor="top"))
    if above < 1 - _ROOM:
        corners.append(note("slower ↓", **place, y=0.01, yanchor="bottom"))
    return corners


def _alt(results: Results) -> str:
    ratios = [f"{c.lane} against {c.against}: {words.ratio_and_interval(c)}" for c in own(results)]
    at_target = f" At {words.target(results)}: {'; '.join(ratios)}." if ratios else ""
    return f"Curves of the ratio of times to target over all targets, with 95% bands.{at_target}"

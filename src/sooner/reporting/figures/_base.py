"""What the figures share: their record, their axes, and the unit of time.

A figure is plain data for plotly.js. Its colours are names of the page's style sheet (`var(--ink)`), which the page
puts in when it draws, so one figure serves light, dark and print.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sooner.reporting import format as words
from sooner.results.records import Results

# {"data": [...], "layout": {...}}, "log" where the page can make the time axis logarithmic, "zoom" where it opens on a
# part of both axes (of time by the scale, "linear" or "log"), and "rows" (height in pixels of the frame and of each)
# where every lane is a row, which the page closes up when a lane is hidden. A trace that depends on the target has a
# "uid", one that belongs to a lane has "meta": {"lane": position}.
Plot = dict[str, Any]
Control = Literal["scale", "range"]

_NOTE = {"showarrow": False, "xanchor": "left", "font": {"size": 13, "color": "var(--ink-soft)"}}
_STEPS = ((1.0,), (2.0, 5.0), (1.5, 3.0, 7.0), (1.1, 1.2, 1.3, 2.5, 4.0, 6.0, 8.0, 9.0), (1.05, 9.5))
_FEW_TICKS = 4
_LONGEST = 24  # characters of a lane's name beside a plot


@dataclass(frozen=True)
class Panel:
    """One drawing of a figure; `title` tells panels of one figure apart."""

    title: str
    plot: Plot


@dataclass(frozen=True)
class Key:
    """An entry of a figure's own legend: a colour as a CSS value, hatched where it is off the clock."""

    label: str
    colour: str
    hatched: bool = False


@dataclass(frozen=True)
class Figure:
    """A figure of the page.

    Attributes:
        key: its name in the page's addresses.
        title: what it shows.
        reading: how to read it, in a few sentences.
        alt: what someone who cannot see it should know.
        panels: one or more drawings; none where the results hold nothing to draw.
        controls: which of the page's switches act on it.
        keys: legend entries other than lanes.
    """

    key: str
    title: str
    reading: str
    alt: str
    panels: tuple[Panel, ...]
    controls: tuple[Control, ...] = ()
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True)
class TimeUnit:
    """A unit in which a race's times are easy to read."""

    name: str
    seconds: float

    def of(self, seconds: float) -> float:
        """Seconds in this unit, rounded to what a figure can show."""
        return rounded(seconds / self.seconds)


def time_unit(results: Results) -> TimeUnit:
    """Seconds, minutes or hours, by the longest run."""
    runs = [run for lane in results.lanes for run in lane.runs]
    longest = max([0.0, *(run.budget_s for run in runs)])
    if longest > 3 * 3600:
        return TimeUnit("hours", 3600.0)
    return TimeUnit("minutes", 60.0) if longest > 300 else TimeUnit("seconds", 1.0)


def rounded(value: float) -> float:
    """Five significant figures: finer than a pixel, and a third of the bytes."""
    return float(f"{value:.5g}")


def label(name: str) -> str:
    """A name that plotly shows as it is, though it reads text as HTML."""
    return html.escape(name, quote=False)


def axis(title: str, **more: Any) -> dict[str, Any]:
    """An axis in the page's manner: a light grid, no frame, no zero line."""
    return {
        "title": {"text": title, "standoff": 10, "font": {"size": 13}},
        "gridcolor": "var(--grid)",
        "linecolor": "var(--rule)",
        "zeroline": False,
        "automargin": True,
        "ticks": "",
        **more,
    }


def layout(height: int, x: Mapping[str, Any], y: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The layout of one panel, `height` in pixels; its width is the page's. Annotations may stand above the plot."""
    return {
        "height": height,
        "margin": {"l": 8, "r": 12, "t": 32 if "annotations" in more else 8, "b": 8},
        "font": {"family": "var(--sans)", "size": 13, "color": "var(--ink-soft)"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {
            "bgcolor": "var(--paper)",
            "bordercolor": "var(--rule)",
            "font": {"color": "var(--ink)", "family": "var(--sans)", "size": 13},
            "align": "left",
        },
        "hovermode": "closest",
        "showlegend": False,
        "xaxis": dict(x),
        "yaxis": dict(y),
        **more,
    }


def heading(text: str) -> dict[str, Any]:
    """What the vertical axis measures, level above it, where a narrow screen has room for it."""
    return {**_NOTE, "text": text, "xref": "paper", "yref": "paper", "x": 0, "y": 1, "yshift": 8, "yanchor": "bottom"}


def note(text: str, **place: Any) -> dict[str, Any]:
    """Words inside a panel."""
    return {**_NOTE, "text": text, **place}


def target_note(results: Results) -> dict[str, Any]:
    """The target written on its line across the plot."""
    return note(f"target {words.target(results)}", xref="paper", x=0.005, y=results.target, yanchor="bottom")


def log_ticks(low: float, high: float) -> list[float]:
    """Round numbers from `low` to `high`, both positive; finer ones only where the coarse are fewer than four."""
    inside: list[float] = []
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in _STEPS:
        ticks = [float(f"{step}e{decade}") for decade in decades for step in steps]
        inside += [tick for tick in ticks if low <= tick <= high]
        if len(inside) >= _FEW_TICKS:
            break
    return sorted(inside)


def log_axis(low: float, high: float) -> dict[str, Any]:
    """What makes an axis from `low` to `high`, both positive, logarithmic with round numbers written out."""
    ticks = log_ticks(low, high)
    return {
        "type": "log",
        "range": [math.log10(low), math.log10(high)],
        "tickvals": ticks,
        "ticktext": [f"{tick:g}" for tick in ticks],
    }


def line_across(axis_name: Literal["x", "y"], at: float, dash: str) -> dict[str, Any]:
    """A straight line across the panel where `axis_name` is `at`."""
    across = {"xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at}
    upward = {"yref": "paper", "y0": 0, "y1": 1, "x0": at, "x1": at}
    ends = across if axis_name == "y" else upward
    return {"type": "line", "layer": "below", "line": {"color": "var(--ink)", "width": 1.2, "dash": dash}, **ends}


def percent(results: Results) -> dict[str, Any]:
    """What makes an axis one of per cent, where the metric is a share."""
    return {"tickformat": ".0%"} if words.is_share(results) else {}


def row_height(results: Results) -> dict[str, int]:
    """The height of a plot with one row per lane, closer together where they are many."""
    return {"frame": 90, "each": 60 if len(results.lanes) <= 6 else 34}


def lane_axis(results: Results) -> dict[str, Any]:
    """A vertical axis with one row per lane, the first on top."""
    amount = len(results.lanes)
    return axis(
        "",
        range=[amount - 0.4, -0.6],
        tickvals=list(range(amount)),
        ticktext=[f"{label(_shortened(lane.name))}  " for lane in results.lanes],
        showgrid=False,
        tickfont={"color": "var(--ink)"},
    )


def _shortened(name: str) -> str:
    """A name that leaves room for the plot on a phone: its middle is what it can best do without."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST // 2]}…{name[-_LONGEST // 2 + 1 :]}"

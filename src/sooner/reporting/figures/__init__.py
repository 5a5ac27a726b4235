"""The figures of the page, one file each, as plain data for plotly.js."""

from __future__ import annotations

from collections.abc import Sequence

from sooner.reporting.figures._base import Figure
from sooner.reporting.figures.frontier import frontier
from sooner.reporting.figures.metric_over_time import metric_over_time
from sooner.reporting.figures.paired_times import paired_times
from sooner.reporting.figures.phases import phases
from sooner.reporting.figures.ratio_curve import ratio_curve
from sooner.reporting.figures.survival import survival
from sooner.reporting.style import LaneStyle
from sooner.results.records import Results

__all__ = [
    "Figure",
    "all_figures",
    "frontier",
    "metric_over_time",
    "moved_figures",
    "paired_times",
    "phases",
    "ratio_curve",
    "survival",
]
_MOVING = (frontier, metric_over_time, ratio_curve, paired_times, survival)


def all_figures(results: Results, styles: Sequence[LaneStyle]) -> list[Figure]:
    """The figures that the results hold something for, in reading order."""
    figures = [*(figure(results, styles) for figure in _MOVING), phases(results)]
    return [figure for figure in figures if figure.panels]


def moved_figures(results: Results, styles: Sequence[LaneStyle], at: Results) -> list[Figure]:
    """Of those, what changes where the same race is scored at another target: `at`."""
    return [figure for figure in (figure(results, styles, at) for figure in _MOVING) if figure.panels]

"""The figures of the page, one file each, as plain data for plotly.js."""

from __future__ import annotations

from collections.abc import Sequence

from sooner.racing.results import Results
from sooner.reporting._style import LaneStyle
from sooner.reporting.figures._base import Figure
from sooner.reporting.figures.metric_over_time import metric_over_time
from sooner.reporting.figures.paired_times import paired_times
from sooner.reporting.figures.phases import phases
from sooner.reporting.figures.ratio_curve import ratio_curve

__all__ = ["Figure", "all_figures", "metric_over_time", "paired_times", "phases", "ratio_curve"]


def all_figures(results: Results, styles: Sequence[LaneStyle]) -> list[Figure]:
    """The figures that the results hold something for, in reading order."""
    found = [
        metric_over_time(results, styles),
        ratio_curve(results, styles),
        paired_times(results, styles),
        phases(results),
    ]
    return [figure for figure in found if figure.panels]

from __future__ import annotations

import pytest

from sooner.reporting.figures import all_figures
from sooner.reporting.figures._base import label, lane_axis, log_ticks
from sooner.reporting.style import lane_styles
from sooner.results.records import Lane
from tests.reporting.races import fitted, race, realistic


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.05, 2000, [0.1, 1.0, 10.0, 100.0, 1000.0]),
        (0.8, 30, [1.0, 2.0, 5.0, 10.0, 20.0]),
        (0.65, 3.1, [0.7, 1.0, 1.5, 2.0, 3.0]),
        (0.88, 1.25, [0.9, 1.0, 1.1, 1.2]),
        (0.93, 1.07, [0.95, 1.0, 1.05]),
    ],
)
def test_logarithmic_ticks_are_round_and_few(low: float, high: float, expected: list[float]) -> None:
    assert log_ticks(low, high) == expected


def test_names_are_escaped_once() -> None:
    assert label("<b>&'") == "&lt;b&gt;&amp;'"


def test_a_long_name_leaves_room_for_the_plot() -> None:
    lanes = [Lane(name, "lane", {}, []) for name in ("short", "a" * 24, f"{'a' * 30}-{'b' * 30}")]
    texts = [text.strip() for text in lane_axis(race(lanes))["ticktext"]]
    assert texts == ["short", "a" * 24, f"{'a' * 12}…{'b' * 11}"]


def test_plotly_accepts_every_figure() -> None:
    from plotly.graph_objects import Figure

    keys = []
    figures = []
    for results in (realistic(), fitted()):
        figures += all_figures(results, lane_styles(results))
        keys.append([figure.key for figure in figures])
    assert keys[0] == ["metric", "ratio", "pairs", "survival", "phases"]
    assert keys[1][5:] == ["frontier", "ratio", "pairs", "survival", "phases"]
    for figure in figures:
        for panel in figure.panels:
            plot = panel.plot
            assert len(Figure(data=plot["data"], layout=plot["layout"]).data) == len(plot["data"])

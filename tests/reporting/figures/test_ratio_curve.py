from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from sooner.reporting.figures import ratio_curve
from sooner.reporting.style import lane_styles
from sooner.results.records import Comparison, Lane, Results
from sooner.statistics.comparison import CurvePoint
from tests.reporting.races import compared, race

LANES = [
    Lane("baseline", "baseline", {"budget": "10ep"}, []),
    Lane("x", "lane", {"budget": "1ep", "sampling": "x"}, []),
    Lane("short", "control", {"budget": "1ep"}, []),
]


def plots(results: Results) -> dict[str, dict[str, Any]]:
    return {panel.title: dict(panel.plot) for panel in ratio_curve(results, lane_styles(results)).panels}


def curved(points: list[CurvePoint], **more: Any) -> Comparison:
    return compared("x", "baseline", 1.5, 1.25, 2.0, curve=points, **more)


def parts(plot: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any]]:
    """Bands, line and mark of a panel with one comparison."""
    bands = [trace for trace in plot["data"] if "fill" in trace]
    line, mark = [trace for trace in plot["data"] if "fill" not in trace]
    return bands, line, mark


def test_one_panel_against_the_baseline_and_one_against_controls() -> None:
    both = [compared("x", "baseline", 2.0, 1.5, 2.5), compared("x", "short", 1.0, 0.9, 1.1)]
    shown = plots(race(LANES, both))
    assert list(shown) == ["Against the baseline", "Against its control"]
    assert list(plots(race(LANES, both[:1]))) == ["Against the baseline"]
    assert plots(race(LANES, [])) == {}


def test_curve_band_and_mark() -> None:
    points = [CurvePoint(0.6, 1.5, 1.2, 1.8), CurvePoint(0.4, 1.25, 1.0, 1.5)]
    (band,), line, mark = parts(plots(race(LANES, [curved(points)]))["Against the baseline"])
    assert (line["x"], line["y"]) == ([0.4, 0.6], [1.25, 1.5])
    assert band["x"] == [0.4, 0.6, 0.6, 0.4]
    assert band["y"] == [1.0, 1.2, 1.8, 1.5]
    assert (mark["x"], mark["y"]) == ([0.5], [1.5])
    assert line["line"]["color"] == band["fillcolor"] == mark["marker"]["color"] == "var(--lane-1)"


def test_an_open_side_runs_to_the_edge_of_the_plot() -> None:
    points = [CurvePoint(0.4, 1.5, 1.25, None), CurvePoint(0.6, 2.0, None, 4.0)]
    plot = plots(race(LANES, [curved(points)]))["Against the baseline"]
    (band,), line, _ = parts(plot)
    low, high = (10**edge for edge in plot["layout"]["yaxis"]["range"])
    assert low < 1.0 < 4.0 < high
    assert band["y"] == [1.25, pytest.approx(low, rel=1e-4), 4.0, pytest.approx(high, rel=1e-4)]
    assert line["text"] == ["1.50x, 95% interval at least 1.25x", "2.00x, 95% interval at most 4.00x"]


def test_an_unknown_ratio_is_a_gap_in_the_line_and_nothing_known_a_gap_in_the_band() -> None:
    points = [
        CurvePoint(0.1, 1.5, 1.2, 1.8),
        CurvePoint(0.2, None, 1.1, None),
        CurvePoint(0.3, None, None, None),
        CurvePoint(0.4, 1.5, 1.2, 1.8),
    ]
    bands, line, _ = parts(plots(race(LANES, [curved(points)]))["Against the baseline"])
    assert line["y"] == [1.5, None, None, 1.5]
    assert line["connectgaps"] is False
    assert [band["x"] for band in bands] == [[0.1, 0.2, 0.2, 0.1], [0.4, 0.4]]


def test_too_few_pairs_have_a_line_but_no_band() -> None:
    bands, line, _ = parts(
        plots(race(LANES, [curved([CurvePoint(0.4, 1.5, None, None)], pairs=5)]))["Against the baseline"]
    )
    assert bands == []
    assert line["y"] == [1.5]


def test_without_a_curve_there_is_the_verdicts_own_point() -> None:
    (band,), line, mark = parts(plots(race(LANES, [compared("x", "baseline", 2.0, 1.5, 2.5)]))["Against the baseline"])
    assert (line["x"], line["y"], line["mode"]) == ([0.5], [2.0], "markers")
    assert (band["x"], band["y"]) == ([0.5, 0.5], [1.5, 2.5])
    assert mark["y"] == [2.0]


def test_nothing_known_is_not_drawn() -> None:
    assert plots(race(LANES, [compared("x", "baseline", None, None, None)])) == {}


def test_a_far_bound_does_not_flatten_the_rest() -> None:
    plot = plots(race(LANES, [curved([CurvePoint(0.5, 1.5, 1e-6, 1e6)])]))["Against the baseline"]
    low, high = plot["layout"]["yaxis"]["range"]
    assert high - low < 2.5  # decades
    (band,), *_ = parts(plot)
    assert 1e-3 < min(band["y"]) < max(band["y"]) < 1e3


def test_at_another_target_only_what_moves_is_drawn() -> None:
    results = race(LANES, [curved([CurvePoint(0.4, 1.5, 1.2, 1.8), CurvePoint(0.5, 1.5, 1.25, 2.0)])])
    at = dataclasses.replace(results, target=0.4, comparisons=[compared("x", "baseline", 1.3, 1.2, 1.8)])
    (panel,) = ratio_curve(results, lane_styles(results), at).panels
    (mark,) = panel.plot["data"]
    assert (mark["x"], mark["y"]) == ([0.4], [1.3])
    assert panel.plot["layout"]["shapes"][1]["x0"] == 0.4
    own = plots(results)["Against the baseline"]
    assert panel.plot["layout"]["yaxis"] == own["layout"]["yaxis"], "the axis stays where it is"
    assert mark["uid"] in [trace.get("uid") for trace in own["data"]]


def test_scale_lines_at_one_and_at_the_target() -> None:
    layout = plots(race(LANES, [compared("x", "baseline", 2.0, 1.5, 2.5)]))["Against the baseline"]["layout"]
    one, target = layout["shapes"]
    assert (one["y0"], one["y1"], target["x0"], target["x1"]) == (1.0, 1.0, 0.5, 0.5)
    assert layout["yaxis"]["type"] == "log"
    assert "1x" in layout["yaxis"]["ticktext"]


def test_neither_clocks_nor_confirmations_mix() -> None:
    results = race(
        LANES,
        [
            compared("x", "baseline", 2.0, 1.5, 2.5),
            compared("x", "baseline", 9.0, 8.0, 10.0, confirmation=True),
            compared("x", "baseline", 7.0, 6.0, 8.0, clock="examples"),
        ],
    )
    (panel,) = ratio_curve(results, lane_styles(results)).panels
    assert [trace["y"] for trace in panel.plot["data"] if "fill" not in trace] == [[2.0], [2.0]]

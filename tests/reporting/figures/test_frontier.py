from __future__ import annotations

from typing import Any

from sooner.reporting.figures import frontier, metric_over_time
from sooner.reporting.style import lane_styles
from sooner.results.records import Results
from sooner.results.rescoring import rescore
from tests.reporting.races import fitted, realistic


def plot(at: Results | None = None) -> dict[str, Any]:
    (panel,) = frontier(fitted(), lane_styles(fitted()), at).panels
    return dict(panel.plot)


def of_lane(lane: int) -> list[dict[str, Any]]:
    return [trace for trace in plot()["data"] if trace["meta"]["lane"] == lane]


def test_medians_band_runs_and_the_ring() -> None:
    band, runs, line, ring = of_lane(0)
    assert (line["x"], line["y"]) == ([1.0, 2.0, 4.0, 8.0], [0.2, 0.3, 0.52, 0.6])
    assert band["x"] == [1.0, 2.0, 4.0, 8.0, 8.0, 4.0, 2.0, 1.0]
    assert band["y"] == [0.1, 0.3, 0.45, 0.6, 0.62, 0.55, 0.35, 0.2]
    assert len(runs["x"]) == 12
    assert (ring["x"], ring["y"], ring["text"]) == ([4.0], [0.52], ["4ep is enough"])
    assert of_lane(2)[-1]["x"] == []


def test_time_is_logarithmic_and_the_target_a_line() -> None:
    layout = plot()["layout"]
    assert layout["xaxis"]["type"] == "log"
    assert layout["shapes"][0]["y0"] == 0.5


def test_at_another_target_the_ring_and_the_line_move_alone() -> None:
    moved = plot(rescore(fitted(), 0.25))
    assert [trace["uid"] for trace in moved["data"]] == ["ring-0", "ring-1", "ring-2"]
    assert [trace["x"] for trace in moved["data"]] == [[2.0], [1.0], [4.0]]
    assert moved["layout"]["shapes"][0]["y0"] == 0.25
    assert moved["layout"]["xaxis"] == plot()["layout"]["xaxis"]


def test_it_takes_the_place_of_the_curves_of_runs() -> None:
    styles = lane_styles(fitted())
    assert metric_over_time(fitted(), styles).panels == ()
    assert frontier(realistic(), styles).panels == ()
    assert "short: No budget up to 8ep is enough" in frontier(fitted(), styles).alt

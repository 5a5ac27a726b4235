from __future__ import annotations

from typing import Any

from sooner.racing.results import Lane, Results
from sooner.reporting._style import lane_styles
from sooner.reporting._summary import Clock
from sooner.reporting.figures import paired_times
from tests.reporting.races import race, run


def traces(results: Results, clock: Clock = "wall") -> list[dict[str, Any]]:
    return list(paired_times(results, lane_styles(results)).panels[0].plots[clock]["data"])


def named(results: Results, name: str) -> list[dict[str, Any]]:
    return [trace for trace in traces(results) if trace["name"] == name]


def three_lanes() -> Results:
    return race([
        Lane("baseline", "baseline", {}, [run([0.1, 0.5], seed=0), run([0.1, 0.3, 0.5], seed=1)]),
        Lane("x", "lane", {}, [run([0.1, 0.5], seed=0, slow=3.0), run([0.1, 0.2, 0.3, 0.4], seed=1)]),
        Lane("late", "control", {}, [run([0.1, 0.5], seed=0, slow=2.0)]),
    ])  # fmt: skip


def test_each_seed_is_a_line_from_lane_to_lane() -> None:
    (line,) = named(three_lanes(), "seed 0")
    assert line["x"] == [1.0, 3.0, None, 3.0, 2.0, None]
    assert line["y"] == [0, 1, None, 1, 2, None]
    assert line["line"]["dash"] == "solid"


def test_a_miss_is_open_at_its_budget_and_its_line_dotted() -> None:
    results = three_lanes()
    (line,) = named(results, "seed 1")
    assert (line["x"], line["line"]["dash"]) == ([2.0, 3.0, None], "dot")
    (runs,) = named(results, "x")
    assert runs["x"] == [3.0, 3.0]
    assert runs["marker"]["symbol"] == ["circle", "triangle-right-open"]
    assert runs["text"] == ["seed 0: 3.00 s", "seed 1: over 3.00 s"]


def test_the_calibrated_clock() -> None:
    (runs,) = [trace for trace in traces(three_lanes(), "calibrated") if trace["name"] == "x"]
    assert runs["x"] == [1.0, 3.0]


def test_a_median_is_drawn_only_where_it_is_known() -> None:
    results = three_lanes()
    assert named(results, "baseline, median")[0]["x"] == [1.5]
    assert named(results, "x, median") == []


def test_a_seed_that_a_lane_has_not_run_yet_has_no_line_to_it() -> None:
    lanes = [
        Lane("baseline", "baseline", {}, [run([0.1, 0.5], seed=0)]),
        Lane("x", "lane", {}, []),
        Lane("y", "lane", {}, [run([0.1, 0.5], seed=0)]),
    ]
    results = race(lanes, complete=False)
    assert named(results, "seed 0") == []
    assert [trace["name"] for trace in traces(results)] == ["baseline, median", "baseline", "y, median", "y"]


def test_a_time_of_zero_has_a_plain_axis() -> None:
    failed = race([Lane("baseline", "baseline", {}, [run([], stopped="out of memory"), run([0.1, 0.5], seed=1)])])
    axes = [
        paired_times(results, lane_styles(results)).panels[0].plots["wall"]["layout"]["xaxis"].get("type")
        for results in (failed, three_lanes())
    ]
    assert axes == [None, "log"]


def test_no_runs_no_figure() -> None:
    results = race([Lane("baseline", "baseline", {}, [])])
    assert paired_times(results, lane_styles(results)).panels == ()

from __future__ import annotations

from typing import Any

from sooner.reporting.figures import paired_times
from sooner.reporting.style import lane_styles
from sooner.results.records import Lane, Results
from tests.reporting.races import race, run


def traces(results: Results) -> list[dict[str, Any]]:
    return list(paired_times(results, lane_styles(results)).panels[0].plot["data"])


def named(results: Results, name: str) -> list[dict[str, Any]]:
    return [trace for trace in traces(results) if trace["name"] == name]


def three_lanes() -> Results:
    return race([
        Lane("baseline", "baseline", {}, [run([0.1, 0.5], seed=0), run([0.1, 0.3, 0.5], seed=1)]),
        Lane("x", "lane", {}, [run([0.1, 0.5], seed=0, slow=3.0), run([0.1, 0.2, 0.3, 0.4], seed=1)]),
        Lane("late", "control", {}, [run([0.1, 0.5], seed=0, slow=2.0)]),
    ])  # fmt: skip


def test_each_seed_is_a_line_through_its_lanes() -> None:
    (line,) = named(three_lanes(), "seed 0")
    assert (line["x"], line["y"]) == ([1.0, 3.0, 2.0], [0, 1, 2])
    assert line["meta"] == {"joins": True}


def test_a_miss_is_open_at_its_budget_and_told_to_the_line() -> None:
    results = three_lanes()
    (line,) = named(results, "seed 1")
    assert (line["x"], line["customdata"]) == ([2.0, 3.0], [1, 0])
    (runs,) = named(results, "x")
    assert runs["x"] == [3.0, 3.0]
    assert runs["marker"]["symbol"] == ["circle", "triangle-right-open"]
    assert runs["text"] == ["seed 0: 3.00 s", "seed 1: over 3.00 s"]


def test_a_median_is_drawn_only_where_it_is_known() -> None:
    results = three_lanes()
    assert named(results, "baseline, median")[0]["x"] == [1.5]
    assert named(results, "x, median")[0]["x"] == []


def test_a_seed_that_a_lane_has_not_run_yet_is_not_on_its_line() -> None:
    lanes = [
        Lane("baseline", "baseline", {}, [run([0.1, 0.5], seed=0)]),
        Lane("x", "lane", {}, []),
        Lane("y", "lane", {}, [run([0.1, 0.5], seed=0)]),
    ]
    results = race(lanes, complete=False)
    (line,) = named(results, "seed 0")
    assert line["y"] == [0, 2]


def test_every_trace_belongs_to_a_row_and_can_be_told_from_the_others() -> None:
    found = traces(three_lanes())
    assert len({trace["uid"] for trace in found}) == len(found)
    for trace in found:
        assert trace["meta"] == {"joins": True} or set(trace["y"]) <= {trace["meta"]["lane"]}


def test_a_time_of_zero_has_a_plain_axis() -> None:
    failed = race([Lane("baseline", "baseline", {}, [run([], stopped="out of memory"), run([0.1, 0.5], seed=1)])])
    axes = [
        paired_times(results, lane_styles(results)).panels[0].plot["layout"]["xaxis"].get("type")
        for results in (failed, three_lanes())
    ]
    assert axes == [None, "log"]


def test_no_runs_no_figure() -> None:
    results = race([Lane("baseline", "baseline", {}, [])])
    assert paired_times(results, lane_styles(results)).panels == ()

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from sooner.reporting.figures import metric_over_time
from sooner.reporting.figures.metric_over_time import median_run, thinned
from sooner.reporting.style import lane_styles
from sooner.results.records import Lane, Results
from sooner.results.rescoring import rescore
from tests.reporting.races import race, run


def plot(results: Results) -> dict[str, Any]:
    return dict(metric_over_time(results, lane_styles(results)).panels[0].plot)


def traces(results: Results) -> dict[str, dict[str, Any]]:
    return {trace["name"]: trace for trace in plot(results)["data"]}


def test_median_run_at_equal_examples() -> None:
    runs = [
        run([0.1, 0.4, 0.6], seed=0),
        run([0.2, 0.5, 0.9], seed=1, slow=2.0),
        run([0.0, 0.3, 0.8], seed=2, slow=3.0),
    ]
    assert median_run(runs) == [(0.0, 0.1), (2.0, 0.4), (4.0, 0.8)]


def test_a_broken_run_counts_as_worst_so_that_survivors_do_not_flatter() -> None:
    broken = run([0.1, 0.2], seed=0, stopped="loss became nan")
    runs = [broken, run([0.1, 0.3, 0.6], seed=1), run([0.1, 0.4, 0.8], seed=2)]
    assert median_run(runs) == [(0.0, 0.1), (1.0, 0.3), (2.0, 0.6)]
    assert median_run([broken, runs[1]]) == [(0.0, 0.1), (1.0, 0.25)]


def test_the_median_ends_where_fewer_than_half_of_the_runs_go_on() -> None:
    runs = [run([0.1, 0.2, 0.3, 0.4]), run([0.1, 0.2, 0.3], seed=1), run([0.1, 0.2], seed=2), run([0.1, 0.2], seed=3)]
    assert [value for _, value in median_run(runs)] == [0.1, 0.2, 0.3]


def test_runs_medians_and_ends() -> None:
    runs = [
        run([0.1, 0.4, 0.6], seed=0, slow=2.0),
        run([0.1, 0.2, 0.3], seed=1),
        run([0.1, 0.2], seed=2, stopped="loss became nan"),
    ]
    results = race([Lane("baseline", "baseline", {}, runs)])
    wall = traces(results)
    assert wall["baseline, seed 0"]["x"] == [0.0, 2.0, 4.0]
    assert wall["baseline, seed 0"]["y"] == [0.1, 0.4, 0.6]
    assert wall["baseline, median run"]["line"]["width"] > wall["baseline, seed 0"]["line"]["width"]
    ends = wall["baseline"]
    assert (ends["x"], ends["y"]) == ([3.0, 2.0, 1.0], [0.5, 0.3, 0.2])
    assert ends["marker"]["symbol"] == ["circle", "circle-open", "x-thin"]


def test_a_long_line_keeps_its_peaks_and_its_ends() -> None:
    points = [(float(i), 0.5 + 0.4 * (i == 1234) - 0.3 * (i == 3000) + 1e-4 * (i % 7)) for i in range(5000)]
    few = thinned(points)
    assert len(few) <= 400
    assert few == sorted(few)
    assert {points[0], points[1234], points[3000], points[-1]} <= set(few) <= set(points)
    assert max(later - before for (before, _), (later, _) in pairwise(few)) <= 2 * 5000 / 199 + 2
    assert thinned(points[:400]) == points[:400]
    drawn = traces(race([Lane("baseline", "baseline", {}, [run([y for _, y in points])])]))["baseline, seed 0"]
    assert len(drawn["x"]) == len(few)


def test_the_target_line_and_lane_styles() -> None:
    results = race([
        Lane("baseline", "baseline", {}, [run([0.1, 0.6])]), Lane("c", "control", {}, [run([0.1, 0.6])])
    ])  # fmt: skip
    shown = plot(results)
    assert [(shape["y0"], shape["y1"]) for shape in shown["layout"]["shapes"]] == [(0.5, 0.5)]
    dashes = {trace["meta"]["lane"]: trace["line"]["dash"] for trace in shown["data"] if "line" in trace}
    assert dashes == {0: "solid", 1: "dash"}
    assert {trace["meta"]["lane"] for trace in shown["data"]} == {0, 1}


def test_a_run_with_no_or_one_evaluation() -> None:
    runs = [run([], stopped="out of memory"), run([0.2], seed=1)]
    shown = traces(race([Lane("baseline", "baseline", {}, runs)]))
    assert "baseline, seed 0" not in shown
    assert shown["baseline, seed 1"]["mode"] == "markers"


def test_nothing_to_draw() -> None:
    results = race([Lane("baseline", "baseline", {}, [run([], stopped="out of memory")])])
    assert metric_over_time(results, lane_styles(results)).panels == ()


def test_the_view_opens_near_the_target_but_shows_the_best_of_each_lane() -> None:
    good = Lane("baseline", "baseline", {}, [run([0.0, 0.45, 0.6])])
    low, high = plot(race([good]))["layout"]["yaxis"]["range"]
    assert 0.2 < low < 0.3  # twice the 0.1 above the target, below it
    assert high > 0.6
    bad = Lane("x", "lane", {}, [run([0.0, 0.05])])
    assert plot(race([good, bad]))["layout"]["yaxis"]["range"][0] < 0.05


def test_time_is_near_the_target_too() -> None:
    """A quick lane is decided after 3.5 s of a race whose baseline goes on to 40 s."""
    slow = run([0.0, 0.2, 0.4, *[0.55] * 38])  # at 0.5 after 2 2/3 s
    quick = run([0.0, 0.4, 0.6], seconds_per_look=0.5)
    missed = run([0.0, 0.3, 0.4, 0.45], seconds_per_look=3.5 / 3)
    lanes = [Lane("baseline", "baseline", {}, [slow]), Lane("x", "lane", {}, [quick, missed])]
    shown = plot(race(lanes))
    low = shown["layout"]["yaxis"]["range"][0]
    assert low == pytest.approx(0.3 - 0.05 * 0.3)  # twice the 0.1 above the target, below it, and a margin
    begin, end = 0.5 * low / 0.4, 3.5 + 0.35 / 0.65 * (3.5 - 0.5 * low / 0.4)
    margin = 0.02 * (end - begin)
    zoom = shown["zoom"]
    assert zoom["linear"]["range"] == pytest.approx([begin - margin, end + margin], rel=1e-4)
    assert [10**edge for edge in zoom["log"]["range"]] == pytest.approx(zoom["linear"]["range"], rel=1e-4)
    assert zoom["log"]["tickvals"] == [0.5, 1.0, 2.0, 5.0]


def test_time_is_near_another_target() -> None:
    lanes = [Lane("baseline", "baseline", {}, [run([0.0, 0.5, 0.6, 0.7, 0.8, 0.81, 0.81, 0.81], target=0.79)])]
    results = rescore(race(lanes, target=0.79))
    at = rescore(results, 0.5)
    (panel,) = metric_over_time(results, lane_styles(results), at).panels
    left, right = panel.plot["zoom"]["linear"]["range"]
    own_left, own_right = plot(results)["zoom"]["linear"]["range"]
    assert left < 1 < right < own_right
    assert own_left < 3.9 < own_right


@pytest.mark.parametrize("metrics", [[0.2], [], [0.6, 0.7]])
def test_where_no_time_is_near_the_target_the_axis_shows_all(metrics: list[float]) -> None:
    lanes = [Lane("baseline", "baseline", {}, [run(metrics), run([0.1], seed=1)])]
    zoom = plot(race(lanes))["zoom"]
    assert zoom == {} or zoom["linear"]["range"][0] == 0.0


def test_the_logarithmic_axis_begins_after_the_first_training() -> None:
    log = plot(race([Lane("baseline", "baseline", {}, [run([0.1, 0.2, 0.3, 0.4, 0.6])])]))["log"]
    assert log["type"] == "log"
    assert 10 ** log["range"][0] == pytest.approx(1 / 1.1)
    assert log["tickvals"] == [1.0, 1.5, 2.0, 3.0]


def test_long_races_are_in_minutes() -> None:
    results = race([Lane("baseline", "baseline", {}, [run([0.1, 0.2, 0.6], seconds_per_look=300)])])
    assert traces(results)["baseline, seed 0"]["x"] == [0.0, 5.0, 10.0]
    assert plot(results)["layout"]["xaxis"]["title"]["text"] == "wall time, minutes"

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import Any

from sooner.reporting.figures import survival
from sooner.reporting.style import lane_styles
from sooner.results.records import Lane, Results
from sooner.results.rescoring import rescore
from tests.reporting.races import race, run


def results() -> Results:
    """The baseline reaches 50% at 1 and 2 s and misses once by 3 s; the other lane never does."""
    runs = [run([0.1, 0.5, 0.6], seed=0), run([0.1, 0.3, 0.5, 0.6], seed=1), run([0.1, 0.2, 0.3, 0.4], seed=2)]
    never = [run([0.1, 0.2, 0.3], seed=seed, slow=2.0) for seed in range(3)]
    return rescore(race([Lane("baseline", "baseline", {}, runs), Lane("x", "lane", {"sampling": "x"}, never)]))


def traces(at: Results | None = None) -> dict[str, dict[str, Any]]:
    (panel,) = survival(results(), lane_styles(results()), at).panels
    return {trace["uid"]: trace for trace in panel.plot["data"]}


def test_a_step_per_run_that_reaches_it_up_to_the_horizon() -> None:
    line = traces()["reached-0"]
    steps = dict(zip(line["x"], line["y"], strict=True))
    assert steps == {0.0: 0.0, 1.0: 0.33333, 2.0: 0.66667, 3.0: 0.66667}
    assert line["line"]["shape"] == "hv"
    assert line["meta"] == {"lane": 0}


def test_the_band_is_of_steps_and_begins_with_the_first_hit() -> None:
    band = traces()["band-0"]
    assert min(band["x"]) == 1.0
    assert max(band["x"]) == 3.0
    corners = list(zip(band["x"], band["y"], strict=True))
    for (x0, y0), (x1, y1) in pairwise(corners):
        assert x0 == x1 or y0 == y1, "no slope"
    assert traces()["band-1"]["x"] == []


def test_a_lane_that_never_reaches_it_stays_at_zero() -> None:
    line = traces()["reached-1"]
    assert set(line["y"]) == {0.0}
    assert line["x"][-1] > 0
    assert line["x"] == sorted(line["x"])


def test_a_horizon_before_the_last_step_cuts_no_line() -> None:
    cut = results()
    lanes = [
        dataclasses.replace(lane, survival=[dataclasses.replace(each, horizon=1.5) for each in lane.survival])
        for lane in cut.lanes
    ]
    line = traces(dataclasses.replace(cut, lanes=lanes))["reached-0"]
    assert line["x"] == sorted(line["x"])
    assert line["y"][-1] == 0.66667


def test_at_another_target_it_is_that_ones() -> None:
    line = traces(rescore(results(), 0.3))["reached-0"]
    assert line["y"][-1] == 1.0
    figure = survival(results(), lane_styles(results()), rescore(results(), 0.3))
    assert "30% accuracy: baseline 100%" in figure.alt
    assert "reached 30%" in figure.panels[0].plot["layout"]["annotations"][0]["text"]


def test_without_estimates_there_is_no_figure() -> None:
    bare = race([Lane("baseline", "baseline", {}, [run([0.1, 0.9])])])
    assert survival(bare, lane_styles(bare)).panels == ()

from __future__ import annotations

from typing import Any

import pytest

from sooner.reporting.page.changes import plot_changes, text_changes


def test_texts_that_never_change_are_left_out_and_the_rest_told_once() -> None:
    found = text_changes(
        [{"a": "1 s", "b": "x", "c": "2 s"}, {"a": "2 s", "b": "x", "c": "2 s"}, {"a": "2 s", "b": "x", "c": "1 s"}]
    )
    assert found == {"strings": ["1 s", "2 s"], "places": {"a": [0, 1, 1], "c": [1, 1, 0]}}


def test_a_place_that_is_missing_at_some_target_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="same places"):
        text_changes([{"a": "1"}, {"a": "1", "b": "2"}])


def test_a_plot_changes_by_its_moving_traces_and_the_values_of_its_layout() -> None:
    still = {"x": [1], "name": "still"}
    base: dict[str, Any] = {
        "data": [still, {"uid": "m", "x": [1], "marker": {"size": 3, "color": "red"}}, {"uid": "n", "x": [2]}],
        "layout": {"shapes": [{"y0": 1}, {"y0": 2, "x0": 3}], "xaxis": {"range": [0, 1], "type": "log"}},
        "log": {"range": [0, 2]},
    }
    at: dict[str, Any] = {
        "data": [{"uid": "m", "x": [1], "marker": {"size": 4, "color": "red"}}, {"uid": "n", "x": [2]}],
        "layout": {"shapes": [{"y0": 1}, {"y0": 4, "x0": 3}], "xaxis": {"range": [0, 3], "type": "log"}},
        "log": {"range": [0, 2]},
    }
    assert plot_changes(base, at) == {
        "data": {"m": {"marker": {"size": 4}}},
        "layout": {"shapes": {1: {"y0": 4}}, "xaxis": {"range": [0, 3]}},
    }
    assert plot_changes(base, base) == {}

import re

import pytest

from sooner.results.drift import drift
from sooner.results.records import Comparison


def on(clock: str, low: float | None, high: float | None, pairs: int = 6) -> dict[str, Comparison]:
    return {clock: Comparison("b#2", "b", 1.0, low, high, pairs, 0.5, "words", clock=clock)}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, "0 seeds in common, and it takes 6"),
        (on("wall", None, None, 5), "5 seeds in common"),
        (on("wall", 0.98, 1.02), "shows no drift between the races: b#2 against b, .* 0.98 to 1.02 times its speed"),
        (on("wall", None, None), "shows no drift .* a speed that the runs leave open"),
        (on("wall", 1.1, 1.2), "drifted .* 1.1 to 1.2 times its speed .* on the wall clock or the calibrated one"),
        (on("wall", 1.1, None), "drifted .* at least 1.1 times its speed"),
        (on("wall", None, 0.9), "drifted .* at most 0.9 times its speed"),
        (on("wall", 1.1, 1.2) | on("calibrated", 0.9, 1.1), "drifted .* though the calibrated clock shows no drift"),
        (on("wall", 1.1, 1.2) | on("calibrated", 1.05, 1.1), "drifted .* or the calibrated one"),
    ],
)
def test_what_the_baselines_tell(found: dict[str, Comparison], expected: str) -> None:
    assert re.search(expected, drift("b#2", "b", "race two", found))

import pytest

from sooner.results.drift import drift
from sooner.results.notices import Drift
from sooner.results.records import Comparison
from sooner.results.verdict import Finding


def on(clock: str, low: float | None, high: float | None, pairs: int = 6) -> dict[str, Comparison]:
    return {clock: Comparison("b#2", "b", 1.0, low, high, pairs, 0.5, Finding.OPEN, clock=clock)}


def told(drifted: str, pairs: int = 6, low: float | None = None, high: float | None = None, **more: bool) -> Drift:
    return Drift("b#2", "b", ("race two",), drifted, pairs, low, high, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, told("unknown", 0)),
        (on("wall", None, None, 5), told("unknown", 5)),
        (on("wall", 0.98, 1.02), told("none_shown", 6, 0.98, 1.02)),
        (on("wall", None, None), told("none_shown")),
        (on("wall", 1.1, 1.2), told("drifted", 6, 1.1, 1.2)),
        (on("wall", 1.1, None), told("drifted", 6, 1.1)),
        (on("wall", None, 0.9), told("drifted", 6, None, 0.9)),
        (on("wall", 1.1, 1.2) | on("calibrated", 0.9, 1.1), told("drifted", 6, 1.1, 1.2, steady_calibrated=True)),
        (on("wall", 1.1, 1.2) | on("calibrated", 1.05, 1.1), told("drifted", 6, 1.1, 1.2)),
        (on("wall", 1.1, 1.2) | on("calibrated", 0.9, 1.1, 5), told("drifted", 6, 1.1, 1.2)),
    ],
)
def test_what_the_baselines_tell(found: dict[str, Comparison], expected: Drift) -> None:
    assert drift("b#2", "b", ["race two"], found) == expected

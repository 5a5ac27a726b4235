import pytest

from sooner.results.drift import drift
from sooner.results.notices import Drift
from sooner.results.records import Comparison
from sooner.results.verdict import Finding


def wall(low: float | None, high: float | None, pairs: int = 6) -> Comparison:
    return Comparison("b#2", "b", 1.0, low, high, pairs, 0.5, Finding.OPEN)


def told(drifted: str, pairs: int = 6, low: float | None = None, high: float | None = None) -> Drift:
    return Drift("b#2", "b", ("race two",), drifted, pairs, low, high)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, told("unknown", 0)),
        (wall(None, None, 5), told("unknown", 5)),
        (wall(0.98, 1.02), told("none_shown", 6, 0.98, 1.02)),
        (wall(None, None), told("none_shown")),
        (wall(1.1, 1.2), told("drifted", 6, 1.1, 1.2)),
        (wall(1.1, None), told("drifted", 6, 1.1)),
        (wall(None, 0.9), told("drifted", 6, None, 0.9)),
    ],
)
def test_what_the_baselines_tell(found: Comparison | None, expected: Drift) -> None:
    assert drift("b#2", "b", ["race two"], found) == expected

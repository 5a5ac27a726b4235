from __future__ import annotations

import pytest

from sooner.reporting.page.forest import Forest, axis_of
from sooner.results.records import Comparison
from tests.reporting.races import compared


def forests(comparisons: list[Comparison]) -> list[Forest]:
    axis = axis_of(comparisons)
    return [axis.draw(comparison) for comparison in comparisons]


def test_intervals_share_one_logarithmic_axis() -> None:
    wide, narrow = forests([compared("a", "b", 1.0, 0.25, 4.0), compared("a", "c", 2.0, 1.0, 4.0)])
    assert (wide.low, wide.one, wide.ratio, wide.high) == (6.0, 50.0, 50.0, 94.0)
    assert (narrow.low, narrow.one, narrow.ratio, narrow.high) == (50.0, 50.0, 72.0, 94.0)
    assert (wide.open_low, wide.open_high) == (False, False)


@pytest.mark.parametrize(
    ("low", "high", "open_low", "open_high"),
    [(1.2, None, False, True), (None, 0.8, True, False), (None, None, True, True), (0.01, 1.5, True, False)],
)
def test_an_open_or_very_far_side_is_an_arrow(
    low: float | None, high: float | None, open_low: bool, open_high: bool
) -> None:
    (drawn,) = forests([compared("a", "b", None, low, high)])
    assert (drawn.open_low, drawn.open_high, drawn.ratio) == (open_low, open_high, None)
    assert 0 <= drawn.low <= drawn.high <= 100


def test_one_is_always_on_the_axis() -> None:
    (drawn,) = forests([compared("a", "b", 3.0, 2.9, 3.1)])
    assert 6.0 < drawn.one < drawn.low


def test_what_lies_beyond_a_given_axis_is_drawn_at_its_end() -> None:
    axis = axis_of([])
    drawn = axis.draw(compared("a", "b", 3.0, 2.9, 3.1))
    assert (drawn.ratio, drawn.open_low, drawn.open_high) == (94.0, False, True)


def test_the_style_sheet_gets_places_and_marks() -> None:
    drawn = axis_of([]).draw(compared("a", "b", None, None, 1.0))
    assert drawn.style == "--low:0%;--high:50%;--ratio:50%"
    assert drawn.marks == "open-low no-ratio"

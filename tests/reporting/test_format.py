from __future__ import annotations

import pytest

from sooner.reporting import format as words
from tests.reporting.races import compared, race


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0 s"), (0.00123, "0.00123 s"), (0.8517, "0.852 s"), (12.34, "12.3 s"), (59.4, "59.4 s"),
     (60.2, "1 min 00 s"), (125, "2 min 05 s"), (4330, "1 h 12 min")],
)  # fmt: skip
def test_seconds(value: float, text: str) -> None:
    assert words.seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(950, "950"), (9999, "9999"), (12_345, "12.3k"), (450_000, "450k"), (4e6, "4.00M"), (1.2e9, "1.20G"),
     (3e15, "3000T")],
)  # fmt: skip
def test_count(value: float, text: str) -> None:
    assert words.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "unknown"), (1.4349, "1.43x"), (0.9984, "0.998x"), (1.0, "1.00x"), (14.26, "14.3x")]
)
def test_ratio(value: float | None, text: str) -> None:
    assert words.ratio(value) == text


@pytest.mark.parametrize(
    ("low", "high", "long", "short"),
    [
        (1.213, 1.66, "1.21 to 1.66x", "1.21–1.66"),
        (1.213, None, "at least 1.21x", "≥1.21"),
        (None, 0.9, "at most 0.90x", "≤0.90"),
        (None, None, "open on both sides", "open"),
    ],
)
def test_an_interval_says_which_side_is_open(low: float | None, high: float | None, long: str, short: str) -> None:
    comparison = compared("a", "b", 1.0, low, high)
    assert words.interval_of(comparison) == long
    assert words.short_interval(comparison) == short


def test_too_few_pairs_have_no_interval_rather_than_an_open_one() -> None:
    comparison = compared("a", "b", 1.5, None, None, pairs=5)
    assert words.interval_of(comparison) == "no interval"
    assert words.short_interval(comparison) == ""


def test_a_share_is_in_per_cent_with_the_decimals_that_its_target_needs() -> None:
    assert words.metric(race([]), 0.91234) == "91.2%"
    assert words.metric(race([], target=0.995), 0.99514) == "99.51%"
    assert words.goal(race([], target=0.995)) == "99.5% accuracy"
    assert words.metric_range(race([]), 0.9, 0.914) == "90.0–91.4%"


def test_another_metric_is_a_plain_number() -> None:
    results = race([], metric="score", target=21.5)
    assert words.metric(results, 21.46789) == "21.47"
    assert words.goal(results) == "score 21.5"


def test_moment_is_in_utc() -> None:
    assert words.moment("2026-11-21T09:05:00+02:00") == "21 November 2026, 07:05 UTC"
    assert words.moment("2026-11-21T09:05:00") == "21 November 2026, 09:05 UTC"
    assert words.moment("") == ""


def test_lists_and_counts() -> None:
    assert [words.join([*"abc"[:n]]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert words.number_of(1, "run") == "1 run"
    assert words.number_of(0, "run") == "0 runs"
    assert words.number_of(13_500, "example") == "13,500 examples"

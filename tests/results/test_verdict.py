"""Every finding, by the figures that lead to it."""

from __future__ import annotations

import pytest

from sooner.results.verdict import Cause, Finding, Reason, Verdict, judge
from sooner.statistics.comparison import ComparisonFigures, compare
from sooner.statistics.times import Time


def _figures(
    ratio: float | None,
    ci_low: float | None,
    ci_high: float | None,
    pairs: int = 8,
    missed: int = 0,
    against_missed: int = 0,
    looks: int = 1,
    alpha: float = 0.05,
) -> ComparisonFigures:
    hits, against_hits = pairs - missed, pairs - against_missed
    return ComparisonFigures(ratio, ci_low, ci_high, pairs, 0.5, hits, against_hits, 19, looks, alpha)


@pytest.mark.parametrize(
    ("figures", "finding"),
    [
        (_figures(1.43, 1.21, 1.66), Finding.FASTER),
        (_figures(1.01, 1.002, 1.03), Finding.FASTER),
        (_figures(None, 1.2, None, against_missed=8), Finding.FASTER),
        (_figures(0.71, 0.6, 0.86), Finding.SLOWER),
        (_figures(None, None, 0.7, missed=8), Finding.SLOWER),
        (_figures(0.98, 0.90, 1.07), Finding.NO_DIFFERENCE),
        (_figures(1.0, 1.0, 1.0), Finding.NO_DIFFERENCE),
        (_figures(1.1, 0.9, None, against_missed=2), Finding.NO_DIFFERENCE),
        (_figures(None, None, 1.7, missed=8), Finding.NOT_REACHED),
        (_figures(None, None, None, pairs=3, missed=3), Finding.NOT_REACHED),
        (_figures(None, 0.85, None, against_missed=8), Finding.NOT_REACHED_BY_OTHER),
        (_figures(None, None, None, against_missed=8), Finding.NOT_REACHED_BY_OTHER),
        (_figures(None, None, None, pairs=6, missed=6, against_missed=6), Finding.NEITHER_REACHED),
        (_figures(1.5, None, None, pairs=5), Finding.TOO_FEW_PAIRS),
        (_figures(1.5, None, None, pairs=5, against_missed=5), Finding.TOO_FEW_PAIRS),
        (_figures(None, None, None, pairs=0), Finding.TOO_FEW_PAIRS),
        # A look whose share of the 5% no number of so few pairs can undercut.
        (_figures(1.5, None, None, pairs=20, alpha=0.0), Finding.TOO_FEW_PAIRS),
        (_figures(1.5, None, None, pairs=6, alpha=0.02), Finding.TOO_FEW_PAIRS),
    ],
)
def test_the_finding_is_what_the_figures_show(figures: ComparisonFigures, finding: Finding) -> None:
    assert judge(figures) == Verdict(finding)


@pytest.mark.parametrize(
    ("figures", "cause"),
    [
        (_figures(None, None, None, missed=3, against_missed=4), Cause.CENSORED),
        (_figures(None, None, None), Cause.FIRST_EVALUATION),
    ],
)
def test_an_open_ratio_has_its_reason(figures: ComparisonFigures, cause: Cause) -> None:
    assert judge(figures) == Verdict(Finding.OPEN, (Reason(cause),))


@pytest.mark.parametrize(
    ("figures", "finding"),
    [
        (_figures(1.01, 0.95, 1.07), Finding.EQUAL),
        (_figures(0.96, 0.85, 1.08), Finding.NOT_FASTER),
        (_figures(None, None, 1.08, missed=2), Finding.NOT_FASTER),
        (_figures(0.98, 0.85, 1.12), Finding.NO_DIFFERENCE),
        (_figures(1.04, 1.02, 1.06), Finding.FASTER),
        (_figures(0.96, 0.93, 0.98), Finding.SLOWER),
        (_figures(None, None, 1.08, missed=8), Finding.NOT_REACHED),
    ],
)
def test_the_difference_that_matters_is_found_or_excluded(figures: ComparisonFigures, finding: Finding) -> None:
    assert judge(figures, detect=0.10) == Verdict(finding)


@pytest.mark.parametrize("pairs", range(6))
def test_never_a_verdict_under_six_pairs_however_clear(pairs: int) -> None:
    assert judge(compare([Time(1.0)] * pairs, [Time(100.0)] * pairs)).finding is Finding.TOO_FEW_PAIRS


def test_six_clear_pairs_are_enough() -> None:
    lane, against = [Time(1.0 + i / 10) for i in range(6)], [Time(2.0 + i / 5) for i in range(6)]
    assert judge(compare(lane, against)).finding is Finding.FASTER

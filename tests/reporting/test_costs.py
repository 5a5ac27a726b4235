from __future__ import annotations

import json
from typing import Any

import pytest

from sooner.reporting.check import Check
from sooner.reporting.checks import checks
from sooner.reporting.costs import cost
from sooner.reporting.results_file import results_json
from sooner.reporting.terminal import plain_text
from sooner.results.records import Comparison, Lane, Results
from sooner.results.rescoring import rescore
from sooner.results.verdict import Cause, Finding, Reason
from tests.reporting.races import compared, race, realistic, run


def of(c: Comparison) -> Results:
    runs = [run([0.1, 0.9], seed=seed) for seed in range(6)]
    return race([Lane("baseline", "baseline", {}, runs), Lane("x", "lane", {"sampling": "x"}, runs)], [c])


def caution(c: Comparison) -> Check | None:
    return next((check for check in checks(of(c)) if check.subject == "Typical run and bill"), None)


def faster(**cost: Any) -> Comparison:
    return compared("x", "baseline", 1.2, 1.1, 1.4, **cost)


def test_a_lane_that_wins_typically_and_costs_more_is_cautioned() -> None:
    check = caution(faster(cost_ratio=0.8, cost_low=0.5, cost_high=1.28))
    assert check is not None
    assert check.level == "caution"
    assert check.text.startswith(
        "In a typical pair x is faster than baseline (1.20x), but all runs of x together cost more for each that hits "
        "than those of baseline: their expected times are in the ratio 0.80x (95% interval 0.50 to 1.28x). x sometimes "
        "takes very long, or misses."
    )
    assert check.text in plain_text(of(faster(cost_ratio=0.8, cost_low=0.5, cost_high=1.28)))


def test_an_opponent_that_costs_more_is_named() -> None:
    check = caution(compared("x", "baseline", 0.8, 0.7, 0.9, cost_ratio=1.3, cost_low=0.9, cost_high=2.0))
    assert check is not None
    assert "x is slower than baseline (0.80x), but all runs of baseline together cost more" in check.text
    assert "baseline sometimes takes very long, or misses" in check.text


def test_a_bill_that_is_no_chance_is_told_where_no_typical_difference_is_shown() -> None:
    check = caution(compared("x", "baseline", 1.05, 0.9, 1.2, cost_ratio=0.6, cost_low=0.4, cost_high=0.9))
    assert check is not None
    assert "x is not shown to differ from baseline (1.05x), but all runs of x together cost more" in check.text


@pytest.mark.parametrize(
    "c",
    [
        faster(cost_ratio=1.1, cost_low=0.7, cost_high=1.6),  # the same direction
        faster(),  # not known, as in files of version 0.2.0
        compared("x", "baseline", 1.05, 0.9, 1.2, cost_ratio=0.9, cost_low=0.7, cost_high=1.1),  # both may be chance
        faster(cost_ratio=0.8, finding=Finding.WITHHELD, reasons=(Reason(Cause.CLOCK_DISTURBED),)),
        faster(cost_ratio=0.8, finding=Finding.TOO_FEW_PAIRS),
        faster(cost_ratio=0.8, clock="examples"),
        faster(cost_ratio=0.8, confirmation=True),
    ],
)
def test_where_they_agree_or_nothing_was_shown_there_is_no_word(c: Comparison) -> None:
    assert caution(c) is None


def test_a_verdict_that_has_a_bound_alone_can_be_at_odds_too() -> None:
    check = caution(compared("x", "baseline", None, 1.1, None, cost_ratio=0.9, cost_low=0.5, cost_high=1.5))
    assert check is not None
    assert "x is faster than baseline, but" in check.text


def test_the_words_of_a_cost() -> None:
    assert cost(faster(cost_ratio=0.8, cost_low=0.5, cost_high=1.28)) == "0.80x (95% interval 0.50 to 1.28x)"
    assert cost(faster(cost_ratio=0.8)) == "0.80x (no interval)"
    assert cost(faster()) == "unknown"


def test_results_json_has_the_ratio_of_expected_times_and_says_it() -> None:
    results = rescore(realistic())
    for c, raw in zip(results.comparisons, json.loads(results_json(results))["comparisons"], strict=True):
        assert (raw["cost_ratio"], raw["cost_low"], raw["cost_high"]) == (c.cost_ratio, c.cost_low, c.cost_high)
        assert raw["cost"] == cost(c)
    known = [c for c in results.comparisons if c.cost_low is not None]
    assert known
    assert all((c.cost_low or 0) < (c.cost_ratio or 0) < (c.cost_high or 0) for c in known)
    assert Results.from_json(results_json(results)) == results

"""Ladders by hand, and what every ladder keeps."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sooner.budget import Budget
from sooner.racing.plan.ladder import ladder


def test_four_octaves_of_epochs_by_half_octaves() -> None:
    assert ladder("40ep") == ("2.5ep", "3.5ep", "5ep", "7.1ep", "10ep", "14ep", "20ep", "28ep", "40ep")


def test_two_digits_unless_they_move_the_budget_too_far() -> None:
    # 3 / 2^1.5 = 1.0607: 1.1 would be 3.7% off, so it keeps three digits.
    assert ladder("3ep", smallest=1 / 4) == ("0.75ep", "1.06ep", "1.5ep", "2.1ep", "3ep")


def test_steps_and_examples_stay_whole_and_are_raced_once() -> None:
    assert ladder("4ba") == ("1ba", "2ba", "3ba", "4ba")
    assert ladder("2e6ex", smallest=1 / 2) == ("1000000ex", "1400000ex", "2000000ex")


def test_a_programs_budget_keeps_its_kind_of_number() -> None:
    assert ladder("40", smallest=1 / 4) == ("10", "14", "20", "28", "40")
    assert ladder("0.5", smallest=1 / 2) == ("0.25", "0.35", "0.5")


def test_another_ratio_and_reach() -> None:
    assert ladder("80s", smallest=1 / 8, ratio=2) == ("10s", "20s", "40s", "80s")
    assert ladder("80s", smallest=1) == ("80s",)


@pytest.mark.parametrize("budget", ["", "ten", "10 parsecs", "0", "0ep", "-3", "nan"])
def test_what_is_no_budget_is_refused(budget: str) -> None:
    with pytest.raises(ValueError, match="budget"):
        ladder(budget)


def test_a_share_of_another_budget_is_refused() -> None:
    with pytest.raises(ValueError, match="share of another budget"):
        ladder("0.5x")


def test_bounds_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="smallest"):
        ladder("10ep", smallest=0)
    with pytest.raises(ValueError, match="ratio"):
        ladder("10ep", ratio=1)


@given(st.floats(0.01, 1e6), st.sampled_from(["ep", "s", "ba", "ex"]))
def test_ladders_climb_in_about_equal_ratios_to_their_budget(amount: float, unit: str) -> None:
    whole = unit in ("ba", "ex")
    budget = Budget(max(1, round(amount)) if whole else amount, unit)  # type: ignore[arg-type]
    rungs = [Budget.parse(rung).amount for rung in ladder(str(budget))]
    assert rungs[-1] == budget.amount
    assert all(low < high for low, high in pairwise(rungs))
    if not whole or rungs[0] > 50:
        assert rungs[0] == pytest.approx(budget.amount / 16, rel=0.03)
        for low, high in pairwise(rungs):
            assert high / low == pytest.approx(2**0.5, rel=0.06)

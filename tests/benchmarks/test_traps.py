"""The race is fooled by the traps that are listed and by no others, and the README states what is kept."""

from collections import Counter

import pytest
from benchmarks._sooner import Finding
from benchmarks.traps import show
from benchmarks.traps.expected import WRONG
from benchmarks.traps.run import every
from benchmarks.traps.said import Said
from benchmarks.traps.trap import ALIKE, FASTER, Outcome, Truth

TRAPS = {trap.name: trap for trap in every()}
SHORT = [trap for trap in TRAPS.values() if trap.short]


def one(finding, *, clock="wall", sentences=(), cautions=()):
    return Said(((clock, finding),), "", sentences, cautions)


def test_names_are_unique_and_the_list_of_wrong_ones_names_traps():
    assert [name for name, count in Counter(trap.name for trap in every()).items() if count > 1] == []
    assert set(WRONG) <= set(TRAPS)


@pytest.mark.parametrize("trap", SHORT, ids=lambda trap: trap.name)
def test_the_race_is_fooled_where_it_is_expected_and_nowhere_else(trap):
    outcome = trap.spring(trap.short)
    wrong = outcome.status(trap.truth) == "wrong"
    assert wrong == (trap.name in WRONG), f"take it off benchmarks/traps/expected.py, or mend this: {outcome.said}"


def test_the_readme_has_the_tables_of_what_is_kept():
    before, now = show.load()
    assert show.tables(every(), before, now) in show.README.read_text()
    assert {name for name, each in now.items() if each["status"] == "wrong"} == set(WRONG)
    assert set(now) == set(TRAPS)


def test_what_agrees_with_the_truth_is_right_what_claims_nothing_is_withheld_and_the_rest_is_wrong():
    alike = Truth("", ALIKE)
    assert alike.judge(one(Finding.NO_DIFFERENCE)) == "right"
    assert alike.judge(one(Finding.WITHHELD)) == "withheld"
    assert alike.judge(one(Finding.FASTER)) == "wrong"
    assert alike.judge(Said((), "")) == "wrong"  # a race that compares nothing has not been asked


def test_an_honest_race_may_not_be_withheld():
    assert Truth("", FASTER, withheld=frozenset()).judge(one(Finding.WITHHELD)) == "wrong"


def test_each_clock_is_judged():
    slower_yet_faster = Said((("wall", Finding.SLOWER), ("calibrated", Finding.FASTER)), "")
    assert Truth("", frozenset({Finding.SLOWER})).judge(slower_yet_faster) == "wrong"
    assert Truth("", frozenset({Finding.SLOWER}), calibrated=FASTER).judge(slower_yet_faster) == "right"


def test_sentences_that_may_not_be_said_or_are_missing_make_a_verdict_wrong():
    pays = one(Finding.FASTER, sentences=("lane is faster than the baseline. The method itself pays.",))
    assert Truth("", FASTER, never=("the method itself pays",)).judge(pays) == "wrong"
    assert Truth("", FASTER, must=("the method itself pays",)).judge(pays) == "right"
    assert Truth("", FASTER, must=("the method itself pays",)).judge(one(Finding.FASTER)) == "wrong"


def test_a_stated_assumption_withholds():
    truth = Truth("", ALIKE, told="own word")
    assert truth.judge(one(Finding.FASTER, cautions=("Metric: it is the programs' own word.",))) == "withheld"
    assert truth.judge(one(Finding.FASTER, cautions=("Pairs: too few.",))) == "wrong"


def test_shares_are_judged_within_two_standard_errors():
    rare = Truth("", ALIKE, wrong_at_most=0.05)
    # Of 100 races 5 may be wrong, with a standard error of 2.18.
    assert Outcome(100, 91, 0, 9, "").status(rare) == "right"
    assert Outcome(100, 90, 0, 10, "").status(rare) == "wrong"
    assert Outcome(100, 0, 100, 0, "").status(rare) == "withheld"
    often = Truth("", FASTER, right_at_least=0.85)
    # 85 have to be right, with a standard error of 3.57.
    assert Outcome(100, 78, 22, 0, "").status(often) == "right"
    assert Outcome(100, 77, 23, 0, "").status(often) == "wrong"

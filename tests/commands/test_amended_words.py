from dataclasses import replace

from sooner.commands.amended_words import lines
from sooner.racing.amending import Amended, Amendment
from tests.racing.made import plan, record


def test_a_race_that_goes_on_as_it_was_planned_needs_no_word() -> None:
    assert list(lines(Amendment(), plan("x"), Amended(plan("x")), [])) == []


def test_results_are_told_from_failures() -> None:
    diverged = record("x", 0, 1.0, stopped="the loss became nan by step 3")
    (told,) = lines(Amendment("failed"), plan("x"), Amended(plan("x")), [diverged])
    assert told.startswith("no run failed, so none is repeated. 1 run ended early by what its lane does")
    assert told.endswith("repeating results would be choosing among them.")


def test_many_failures_are_named_in_part() -> None:
    failed = tuple(record("x", seed, 1.0, stopped="ValueError: b") for seed in range(7))
    (told,) = lines(Amendment("failed"), plan("x", pairs=7), Amended(plan("x", pairs=7), failed), [])
    assert told.startswith("repeating 7 runs that failed: x seed 0 (ValueError: b), ")
    assert "x seed 4 (ValueError: b) and 2 more" in told


def test_what_added_pairs_cost() -> None:
    before = plan("x", pairs=10)
    free, dear, few = replace(before, pairs=12), replace(before, pairs=12, looked=(10,)), replace(before, pairs=11)
    asked = Amendment(pairs=12)
    assert list(lines(asked, before, Amended(free), [])) == [
        "12 pairs instead of 10; no verdict could be seen yet, so it costs nothing"
    ]
    # Of ten pairs 50 in 1,024 have a statistic that is a verdict, which leaves (5% - 4.88%) / 2.
    (told,) = lines(asked, before, Amended(dear), [])
    assert "seen after 10, so all 12 are judged at 0.059% instead of 5%" in told
    assert told.endswith("planned so")
    (told,) = lines(asked, before, Amended(replace(few, looked=(10,))), [])
    assert told.endswith("Under 12 pairs nothing can be decided at that level")


def test_a_race_that_is_over_says_what_else_can_be_asked() -> None:
    runs = [record(lane, 0, 1.0) for lane in ("baseline", "x")]
    (told,) = lines(Amendment(), plan("x", pairs=1), Amended(plan("x", pairs=1)), runs)
    assert told == (
        "this race is over, with 2 runs: nothing is left to run, and its results are written again. More pairs than 1: "
        "--pairs with their number."
    )

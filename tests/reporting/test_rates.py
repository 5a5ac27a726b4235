"""What the report of a race says of learning rates that were searched before it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from sooner.reporting.asides import asides
from sooner.reporting.checks import Check, checks
from sooner.reporting.headlines import headlines
from sooner.reporting.page.page import render
from sooner.reporting.page.protocol import protocol
from sooner.reporting.results_file import results_json
from sooner.reporting.tables import all_tables
from sooner.reporting.terminal import plain_text
from sooner.results.pooling import join
from sooner.results.records import Lane, Results
from sooner.results.rescoring import rescore
from sooner.results.tuning import Trial, Tuning, luck
from tests.reporting.races import race, run

RATES = (0.025, 0.05, 0.1, 0.2, 0.4)


def tuning(chosen: float | None, *, own: float = 0.1, near: tuple[float, ...] = (), **more: Any) -> Tuning:
    trials = [Trial(rate, 2, 2, 1000 * (1 + abs(rate - 0.1)), 0.9, rate in (chosen, *near)) for rate in RATES]
    fields: dict[str, Any] = {"seeds": 2, "by": "reached", "apart": 0.12, "runs": 10, "seconds": 20.0}
    return Tuning(**{"own": own, "chosen": chosen, "trials": trials, **fields, **more})


def lane(name: str, pace: float, found: Tuning | None, **fields: Any) -> Lane:
    rate = 0.1 if found is None or found.chosen is None else found.chosen
    recipe = {"budget": "9ep", "batch_size": 64, "optimizer": {"name": "sgd", "lr": rate}, "sampling": "reshuffle"}
    runs = [run([0.1, 0.4, 0.9], seed=seed, slow=pace * (1 + 0.01 * seed)) for seed in range(6)]
    role: Any = "baseline" if name == "baseline" else "lane"
    opponents = [] if name == "baseline" else ["baseline"]
    return Lane(name, role, {**recipe, **fields}, runs, opponents=opponents, tuning=found)


def raced(baseline: Tuning | None, other: Tuning | None, **fields: Any) -> Results:
    """The baseline against a lane that is twice as fast and changes these fields."""
    return rescore(race([lane("baseline", 2, baseline), lane("x", 1, other, **fields)]))


def found(results: Results) -> dict[str, Check]:
    return {check.subject: check for check in checks(results)}


EMA = {"averaging": {"name": "ema"}}


def test_rates_that_were_searched_are_told_with_what_it_cost_and_what_it_cannot_tell() -> None:
    results = raced(tuning(0.1, near=(0.05, 0.2), apart=0.3), tuning(0.05), **EMA)
    check = found(results)["Rates tuned"]
    assert check.level == "good"
    assert check.text == (
        "The learning rate of every lane, controls and baseline alike, was searched before the race, on other seeds: 5 "
        "rates with 2 seeds each, 20 runs, 40.0 s, not on the clock. So few trials do not tell rates apart that differ "
        "by less than 30.0% in the examples to the target: of those next to the best, the middle one was taken."
    )
    assert not found(results).keys() & {"Rates", "Rates not tuned", "Rate at the end"}
    (aside,) = [each for each in asides(results) if each.heading.startswith("Learning rates")]
    assert aside.heading == "Learning rates, searched before the race in 20 runs, 40.0 s"
    assert aside.lines == (
        "baseline: 0.1, as it was written; 0.05 to 0.2 could not be told apart",
        "x: 0.05, in place of 0.1",
    )
    assert "  x: 0.05, in place of 0.1\n" in plain_text(results)


def test_a_method_pays_though_its_rate_is_another_as_both_were_searched() -> None:
    results = raced(tuning(0.1), tuning(0.05), **EMA)
    (headline,) = headlines(results)
    assert headline.sentence == (
        "is faster than the baseline. The method itself pays, at the learning rate that was searched for each lane."
    )
    assert "Method not isolated" not in found(results)
    (untuned,) = headlines(raced(None, None, averaging={"name": "ema"}, optimizer={"name": "sgd", "lr": 0.05}))
    assert "itself pays" not in untuned.sentence


def test_nothing_is_said_of_the_method_where_the_baseline_was_best_at_the_end_of_its_rates() -> None:
    results = raced(tuning(0.4), tuning(0.05), **EMA)
    (headline,) = headlines(results)
    assert "pays" not in headline.sentence
    assert found(results)["Method not isolated"].level == "caution"
    edge = found(results)["Rate at the end"]
    assert edge.level == "caution"
    assert edge.text == (
        "baseline (0.4) was best at the highest rate that was tried, and may be better at a higher one: a lead over it "
        "may be less. Race again with more: --tune-rates."
    )
    # At the same rate, tuned or not, they differ in the method alone.
    assert "pays" in headlines(raced(tuning(0.4), tuning(0.4), **EMA))[0].sentence
    # That the lane may be better yet takes nothing from it.
    assert "pays" in headlines(raced(tuning(0.1), tuning(0.025), **EMA))[0].sentence


def test_a_lane_that_is_the_baseline_at_another_rate_is_told_to_be() -> None:
    (headline,) = headlines(raced(tuning(0.1), tuning(0.05, own=0.05)))
    assert headline.sentence.endswith(
        "It is the baseline but for its learning rate, which was searched for both alike."
    )
    (other,) = headlines(raced(tuning(0.1), tuning(0.05), batch_size=128))
    assert other.sentence.endswith("It changes no method; it differs from the baseline in: batch size 64 to 128.")


def test_a_search_under_way_is_told() -> None:
    trials = [Trial(rate, 1, 1, 1.0, 0.9) for rate in RATES]
    results = raced(tuning(None, trials=trials), tuning(None))
    check = found(results)["Rates"]
    assert check.level == "caution"
    assert check.text == "Still being searched, 5 rates with 2 seeds each: 15 trials of 20 ended so far."
    (aside,) = [each for each in asides(results) if each.heading.startswith("Learning rates")]
    assert aside.lines[0] == "baseline: 5 of 10 trials in"


def test_rates_that_were_chosen_by_the_end_are_told() -> None:
    results = raced(tuning(0.1), tuning(0.1, by="metric", apart=0.01), **EMA)
    text = "No trial of x reached the target: its rate was chosen by the accuracy at the end."
    assert found(results)["Rates"].text == text
    assert "0.1, as it was written; by the metric at the end" in plain_text(results)


def test_lanes_of_races_that_were_not_all_tuned_are_told_apart() -> None:
    check = found(raced(tuning(0.1), None, **EMA))["Rates not tuned"]
    assert check.text.startswith("The learning rates of baseline were searched, those of the other lanes were not")


def test_every_rate_that_was_tried_is_in_the_table_and_on_the_page() -> None:
    results = raced(tuning(0.1, near=(0.05,)), tuning(0.05), **EMA)
    table = all_tables(results)["tuning"]
    assert len(table.rows) == 10
    words = [[cell.text for cell in row.cells] for row in table.rows[:3]]
    assert words == [
        ["0.025", "2 of 2", "1075", "90.0%", ""],
        ["0.05", "2 of 2", "1050", "90.0%", "not told apart from the best"],
        ["0.1", "2 of 2", "1000", "90.0%", "yes"],
    ]
    assert table.rows[2].cells[0].note == "as written"
    page = render(results)
    assert "The learning rates that were tried before the race" in page
    assert dict(protocol(results))["Learning rates"].startswith("Searched before the race")
    untuned = raced(None, None, **EMA)
    assert all_tables(untuned)["tuning"].rows == ()
    assert "The learning rates that were tried" not in render(untuned)
    assert "Learning rates" not in dict(protocol(untuned))


def test_the_results_file_has_the_search_as_data_and_in_words_and_is_read_again() -> None:
    results = raced(tuning(0.1), tuning(0.05), **EMA)
    data = json.loads(results_json(results))
    assert data["lanes"][1]["tuning"]["told"] == "0.05, in place of 0.1"
    assert data["lanes"][1]["tuning"]["trials"][0]["rate"] == 0.025
    assert Results.from_dict(data) == results
    later = {**data["lanes"][1]["tuning"], "later": 1}
    assert Results.from_dict({**data, "lanes": [data["lanes"][0], {**data["lanes"][1], "tuning": later}]}) == results
    assert Results.from_json(raced(None, None).to_json()).lanes[0].tuning is None


def test_races_that_go_on_from_each_other_add_up_what_their_searches_cost() -> None:
    first = raced(tuning(0.1), tuning(0.05), **EMA)
    later = [replace(lane, runs=[replace(run, seed=run.seed + 6) for run in lane.runs]) for lane in first.lanes]
    both = join([first, rescore(replace(first, lanes=later, started="2026-11-22T07:30:00+00:00"))], ["a", "b"])
    assert [len(lane.runs) for lane in both.lanes] == [12, 12]
    assert "40 runs, 1 min 20 s" in found(both)["Rates tuned"].text


def test_a_gain_no_larger_than_what_a_luckier_search_may_make_is_not_the_methods() -> None:
    # Twice as fast, where trials tell apart what takes five times as long: the root of that is what luck may make.
    results = raced(tuning(0.1, apart=4.0), tuning(0.05), **EMA)
    (headline,) = headlines(results)
    assert headline.sentence == "is faster than the baseline."
    check = found(results)["Luck of the search"]
    assert check.level == "caution"
    assert check.text.startswith("x against baseline (2.00x): a verdict on these recipes at these rates. But of two ")
    assert "one may come to be up to 2.24x as fast" in check.text
    surer = raced(tuning(0.1, apart=2.9), tuning(0.05), **EMA)
    assert "itself pays" in headlines(surer)[0].sentence
    assert "Luck of the search" not in found(surer)
    # A choice by the metric at the end, or one whose noise is not known, says nothing of times.
    assert luck(tuning(0.1, apart=9.0, by="metric"), tuning(0.1, apart=None), None) == 1.0
    assert luck(tuning(0.1, apart=0.21), tuning(0.1, apart=0.1)) == 1.1
    # A lane that is as much slower is not shown to be worse either.
    slower = rescore(race([lane("baseline", 1, tuning(0.1, apart=4.0)), lane("x", 2, tuning(0.1), **EMA)]))
    assert "x against baseline (0.50x)" in found(slower)["Luck of the search"].text


def test_a_choice_at_random_that_luck_may_make_slower_is_not_told_to_be() -> None:
    searched = tuning(0.1, apart=4.0)
    control = lane("random@x", 2, searched, **{"sampling": "random"})
    own = replace(lane("x", 1, searched, **{"sampling": "infobatch"}), opponents=["baseline", "random@x"])
    results = rescore(race([lane("baseline", 9, searched), own, replace(control, role="control", added_for="x")]))
    assert "The choice of examples pays." not in headlines(results)[0].sentence
    sure = [replace(each, tuning=tuning(0.1)) for each in results.lanes]
    assert "The choice of examples pays." in headlines(replace(results, lanes=sure))[0].sentence
